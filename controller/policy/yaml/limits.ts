/** What is read at most, so that no file takes all memory or time: each ends in an error with its place. */
import { OverLimit } from './unsure.ts';

/** Bytes of one file as UTF-8. */
export const FILE_BYTES_MAX = 32 * 1024 * 1024;

/** Bytes of all files of a set as UTF-8. */
export const SET_BYTES_MAX = 64 * 1024 * 1024;

/** Lists and maps inside each other. */
export const DEPTH_MAX = 64;

/** Values of one document: some 100 bytes each while it is read. */
export const VALUES_MAX = 8_000_000;

/** How often aliases may be resolved in a document, by the count of the `yaml` library. */
export const ALIASES_MAX = 100;

/** Marks of structure (brackets, quotes, colons, line ends ...) that the `yaml` library reads in a set: some 6 us and 1 KiB each. */
export const SLOW_MARKS_MAX = 1_000_000;

/** The list or map at `offset` stands too deep. */
export function tooDeep(offset: number): OverLimit {
  return new OverLimit(
    `values are nested more than ${DEPTH_MAX} deep`,
    'nest values less deep',
    offset,
  );
}

/** The document has too many values; `offset` is where that shows. */
export function tooManyValues(offset: number): OverLimit {
  return new OverLimit(
    `document has more than ${VALUES_MAX} values`,
    'split it into several documents',
    offset,
  );
}
