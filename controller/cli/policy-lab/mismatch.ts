/** Something that came otherwise than a case expects. */
export interface Mismatch {
  /** As in `expect`. */
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}
