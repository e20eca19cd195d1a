/** What an explanation of a PEM text is made of. */
import type { X509Certificate } from 'node:crypto';

/** One line: what, and its value. */
export type Fact = readonly [what: string, value: string];

/** What one block is. */
export interface Explanation {
  readonly kind: 'certificate' | 'signing request' | 'revocation list';
  readonly facts: readonly Fact[];
  /** Why policy, or the authority, could not use it; empty: it could. Undefined: nothing to say about that. */
  readonly against: readonly string[] | undefined;
}

/** What is known of the mesh. */
export interface InspectOptions {
  readonly nowMs: number;
  readonly trustDomain: string | undefined;
  /** Roots of the mesh; undefined: not known. */
  readonly rootPem: string | undefined;
}

/** The options, with what the text itself brings. */
export interface Surroundings extends InspectOptions {
  readonly roots: readonly X509Certificate[];
  /** All certificates of the text. */
  readonly certificates: readonly X509Certificate[];
}
