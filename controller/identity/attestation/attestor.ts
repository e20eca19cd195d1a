/** What every attestor is: evidence in, selectors out (draft-si-service-mesh-dta-00, "Identity Provider"). */
import type { AttestationMethod } from '../model.ts';
import type { Challenge } from './challenges.ts';

/** What a workload shows, by name; the attestor of its method knows the names. */
export type Evidence = Readonly<Record<string, string>>;

/** An agent that speaks for a workload: it has shown its own certificate in TLS. */
export interface VouchingAgent {
  /** UUID of its instance. */
  readonly instance: string;
  readonly environment: string;
  readonly service: string;
}

/** What is known of the request beside the evidence. */
export interface AttestationContext {
  readonly nowMs: number;
  /** SHA-256, hexadecimal, of the signing request's text: evidence may be bound to it. */
  readonly csrSha256: string;
  /** Address that the request came from; absent: not over a network. */
  readonly address?: string | undefined;
  /** Absent: no valid certificate was shown. */
  readonly agent?: VouchingAgent | undefined;
}

/** What evidence has proved. */
export interface Attested {
  /** `<method>:<key>:<value>`, to be matched by registrations. */
  readonly selectors: readonly string[];
  /** The same for the same workload whenever it comes back: who was revoked cannot join anew with it. */
  readonly evidence: string;
  /** A token is bound to a registration, and used up. */
  readonly token?: { readonly id: string; readonly registrationId: string };
}

/** Verifies one kind of evidence. */
export interface Attestor {
  readonly method: AttestationMethod;
  /** Fails with `denied` (`denied.ts`) unless everything about the evidence is in order. */
  attest(evidence: Evidence, context: AttestationContext): Promise<Attested>;
  /** Gives a nonce that the evidence has to be made with; absent: it needs none. */
  challenge?(): Challenge;
}
