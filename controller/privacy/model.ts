/** What the privacy domain stores and answers: generations of masking keys, and who asked for which clear values. */

/** A generation of masking keys as the store knows it: enough to see that the right secret is there, not the secret. */
export interface MaskingKeyRecord {
  /** 1 to 65535, rising. */
  readonly keyId: number;
  /** SHA-256 of the secret, lower-case hexadecimal. */
  readonly secretSha256: string;
  /** Unix milliseconds. */
  readonly madeAtMs: number;
  readonly actor: string;
  readonly reason: string;
}

/** A generation as operators see it. */
export interface MaskingKeyView {
  readonly keyId: number;
  readonly madeAtMs: number;
  readonly actor: string;
  readonly reason: string;
  /** New tokens are made with it. */
  readonly isActive: boolean;
}

/** How a masked value was made, so how it is undone. */
export const maskedKinds = ['token', 'digits', 'characters', 'number', 'date'] as const;
export type MaskedKind = (typeof maskedKinds)[number];

/** A masked value that somebody asks about. */
export interface MaskedValue {
  readonly kind: MaskedKind;
  readonly text: string;
  /** Of the keys that masked it; a token says it itself. */
  readonly keyId?: number | undefined;
  /** Of a date: the greatest shift that the policy allows, in days. */
  readonly maxShiftDays?: number | undefined;
}

/** What became of a masked value. */
export const revealResults = [
  'revealed',
  'notCleared',
  'noReason',
  'malformed',
  'unknownKey',
  'notOurs',
] as const;
export type RevealResult = (typeof revealResults)[number];

/** Evidence of one value of one request; never the clear value. */
export interface RevealRecord {
  readonly atMs: number;
  /** Whose token the request came with. */
  readonly actor: string;
  /** Name in the clearance; undefined without a valid one. */
  readonly cleared: string | undefined;
  readonly kind: MaskedKind;
  /** Undefined where the value names none. */
  readonly keyId: number | undefined;
  /** SHA-256 of the masked value as it was given, lower-case hexadecimal. */
  readonly valueSha256: string;
  readonly reason: string;
  readonly result: RevealResult;
}

/** Evidence with its place in the log: rising in the order of arrival. */
export interface StoredReveal extends RevealRecord {
  readonly id: number;
}

/** Which evidence to read. */
export interface RevealQuery {
  readonly limit: number;
  /** Only what came after this one, the oldest first; without it the newest. */
  readonly afterId?: number | undefined;
}

/** Where it is kept. Each method is one transaction, durable when its promise resolves. */
export interface PrivacyStore {
  maskingKeys(): Promise<MaskingKeyRecord[]>;
  /** Fails when the key id is taken. */
  addMaskingKey(record: MaskingKeyRecord): Promise<void>;
  /** All or none. */
  addReveals(records: readonly RevealRecord[]): Promise<void>;
  /** In the order of arrival. */
  reveals(query: RevealQuery): Promise<StoredReveal[]>;
}
