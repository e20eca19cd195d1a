/** The terms of the naive interpreter: documents as they are written, and what is known about one request. */

/** A document as it is written. */
export type RawDocument = Readonly<Record<string, unknown>>;

/** Whose certificate it is. */
export interface OracleIdentity {
  readonly trustDomain: string;
  readonly environment: string;
  readonly team: string;
  readonly service: string;
  readonly instance: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Three values: true, false, and undefined for unknown. */
export type Truth = boolean | undefined;

/** What is known about a request. `path` is normalised and has no query; `band` is 0 to 3. */
export interface OracleRequest {
  readonly set: readonly RawDocument[];
  /** `mesh` is our own trust domain: a caller of another one is a stranger. */
  readonly target: {
    readonly mesh: string;
    readonly environment: string;
    readonly service: string;
  };
  readonly identity: OracleIdentity;
  readonly method: string;
  readonly path: string;
  /** What follows the question mark, as it comes; empty without one. */
  readonly query: string;
  /** The authority as it comes; empty: there is none. */
  readonly host: string;
  /** Header lines as they come, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeMs: number;
  /** By the names that conditions use; severities as numbers; an absent one is unknown. */
  readonly signals: Readonly<Record<string, number>>;
  readonly band: number;
  /** Told of every form of the language that is evaluated, so that tests can see which ones came up. */
  readonly trace?: (form: string, truth: Truth) => void;
}

/** A part of a document that is a mapping; an absent one is empty. */
export function mapOf(value: unknown): RawDocument {
  return (value ?? {}) as RawDocument;
}

/** A list, or the one thing that stands for a list of itself; an absent one is empty. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
