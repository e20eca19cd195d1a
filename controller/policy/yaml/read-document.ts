/** What both readers make of a document. */
import type { WrittenScalar } from '../scalar-offset.ts';
import type { Found } from './places.ts';

/** A document without mistakes of its syntax; offsets count UTF-16 units of the file. */
export interface ReadDocument {
  /** Plain values. */
  readonly raw: unknown;
  /** The value at a path of keys, or the last one on the way that is there. */
  readonly find: (path: readonly PropertyKey[]) => Found;
  /** The string at a path as it is written, or undefined when another value is there. */
  readonly scalarAt: (path: readonly PropertyKey[]) => WrittenScalar | undefined;
}
