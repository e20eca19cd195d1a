/** The keys that masking operators use, as the controller hands them to the compiler of policies. */

/** Keys of one generation, derived from a mesh's masking secret by `controller/privacy/derive-mask-keys.ts`. */
export interface MaskKeys {
  /** Names the generation in every token: 1 to 65535. */
  readonly keyId: number;
  /** 32 bytes: HMAC-SHA-256 of the operator `hash`. */
  readonly hash: Uint8Array;
  /** 32 bytes: AES-SIV of the operator `token` (RFC 5297: 16 for the tag, then 16 for the text). */
  readonly siv: Uint8Array;
  /** 16 bytes: FF1 of the operator `fpe`. */
  readonly fpe: Uint8Array;
  /** 8 bytes: what dates are shifted by. */
  readonly dateShift: Uint8Array;
}
