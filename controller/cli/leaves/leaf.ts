/** A single value of a body, for showing and counting: what is masked is decided by the filter alone. */

/** A value with its place. */
export interface Leaf {
  /** Which document, row or line it stands in, from 1; 0 where a body is one. */
  readonly record: number;
  /** Names of members, elements and columns, indexes of array elements. */
  readonly steps: readonly (string | number)[];
  /** Decoded. */
  readonly text: string;
  /** As it is written, quotes included. */
  readonly raw: string;
  readonly isNumber: boolean;
}

/** A body that is not what its type says. `at` counts characters. */
export class UnlistedBody extends Error {
  readonly at: number;

  constructor(at: number) {
    super(`unexpected text at character ${at}`);
    this.at = at;
  }
}
