/** A call that some proxy decided on, as far as policies speak of calls. */

/** `path` as it was recorded, without query. */
export interface ObservedCall {
  readonly decisionId: string;
  /** Unix milliseconds. */
  readonly timeMs: number;
  readonly source: {
    readonly environment: string;
    readonly team: string;
    readonly service: string;
    readonly instance: string;
  };
  readonly destination: { readonly environment: string; readonly service: string };
  readonly method: string;
  readonly path: string;
  /** `policy/rule` that decided; empty when none did. */
  readonly rule: string;
}
