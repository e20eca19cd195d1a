/** One mistake in a policy file, with its place and how to mend it. */

/** `line` and `column` count from 1, columns in UTF-16 units. */
export interface PolicyError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly help: string;
}

/** Order in which errors are shown: by file, line, column, then message. */
export function compareErrors(a: PolicyError, b: PolicyError): number {
  return comparePlaces(a, b) || compareText(a.message, b.message);
}

/** Order by file, line and column. */
export function comparePlaces(a: Place, b: Place): number {
  return compareText(a.file, b.file) || a.line - b.line || a.column - b.column;
}

type Place = Pick<PolicyError, 'file' | 'line' | 'column'>;

/** Order by UTF-16 units, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
