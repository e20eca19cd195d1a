/**
 * The state block of one body that is being masked.
 *
 *       0  Scanner
 *     128  Masker
 *     256  strength of each open container, u8 by depth; 0 is outside the document
 *     776  end of each container's set in the node stack, u16 by depth
 *    1808  node stack: the active MaskNode indexes of each open container, one container after the
 *          other, and behind them those of the next value; u16, STICKY set for a node that stays
 *          active below
 *   18224  ring of the card run, or the kept characters of a KeepLast value
 *   18480  the member name while one is read; else bytes that are held back
 *   21808  end
 */
import { MASK_NODES_ACTIVE_MAX } from '../layout';
import { DEPTH_MAX, SCANNER_BYTES, Scanner } from '../json/scanner';

/** Bytes of a state block. */
export const MASKER_BYTES: usize = 21_808;

/**
 * Most bytes of a decoded member name that are compared: three times the longest configured one,
 * for `foldName`.
 */
export const KEY_MAX: u32 = 3_328;

/** Most bytes that a KeepLast value or a card run holds back, a power of two. */
export const HELD_MAX: u32 = 2_048;

/** Marks a node that was entered by `**`. */
export const STICKY: u16 = 0x8000;

const FIELDS: usize = SCANNER_BYTES;
const STRENGTHS: usize = 256;
const SET_ENDS: usize = 776;
const NODES: usize = 1_808;
const RING: usize = 18_224;
const HELD: usize = 18_480;

/** What the bytes of the document are at the moment. */
export const enum Mode {
  /** between tokens */
  Structure = 0,
  /** a member name */
  Key = 1,
  /** a string that stays or goes as a whole */
  SkimString = 2,
  /** a string under KeepLast */
  KeepString = 3,
  /** a string in which card numbers are looked for */
  CardString = 4,
  /** a number that stays or goes as a whole */
  SkimNumber = 5,
  /** a number under KeepLast */
  KeepNumber = 6,
  /** a number that may turn out to be a card */
  HeldNumber = 7,
  /** a literal name that stays or goes */
  Literal = 8,
}

/** Fields of the state block. */
// @ts-ignore: decorator
@unmanaged
export class Masker {
  clearance: u64;
  /** bytes of the character that is being read, as written, while `charLen` is not 0 */
  char: u64;
  blob: usize;
  count: u32;
  /** strength of the card rule, 0 when it is not in force */
  cardStrength: u32;
  /** nodes of the next value */
  nextCount: u32;
  /** strength of the rules on the next value */
  nextStrength: u32;
  /** bytes of the decoded member name, above KEY_MAX when it was too long */
  keyLen: u32;
  /** where the held bytes begin and end; both only rise, in a ring of HELD_MAX bytes */
  heldStart: u32;
  heldEnd: u32;
  /** where the entries in the ring begin and end; both only rise */
  ringStart: u32;
  ringEnd: u32;
  /** KeepLast: letters and digits seen; card run: digits held */
  seen: u32;
  /** digits of the last group of the card run */
  groupLen: u32;
  /** KeepLast: characters that stay */
  keep: u32;
  /** a MaskStatus that every later call answers */
  failed: u32;
  mode: i32;
  charLen: u8;
  /** a byte of the document was seen */
  started: bool;
  /** the last byte of the slice before was passed on as it is */
  passing: bool;
  /** the member name is needed decoded */
  decodesKey: bool;
  /** the string was counted as masked */
  counted: bool;
}

/** Fields of a state block. */
// @ts-ignore: decorator
@inline
export function maskerAt(block: usize): Masker {
  return changetype<Masker>(block + FIELDS);
}

/** The scanner in front of the fields. */
// @ts-ignore: decorator
@inline
export function scannerOf(m: Masker): Scanner {
  return changetype<Scanner>(changetype<usize>(m) - FIELDS);
}

/** Address of the strength (u8) of the open container at `depth`. */
// @ts-ignore: decorator
@inline
export function strengthAt(m: Masker, depth: u32): usize {
  return changetype<usize>(m) - FIELDS + STRENGTHS + depth;
}

/** Address of the set end (u16) of the open container at `depth`. */
// @ts-ignore: decorator
@inline
export function setEndAt(m: Masker, depth: u32): usize {
  return changetype<usize>(m) - FIELDS + SET_ENDS + ((<usize>depth) << 1);
}

/** Address of entry `index` of the node stack. */
// @ts-ignore: decorator
@inline
export function nodeAt(m: Masker, index: u32): usize {
  return changetype<usize>(m) - FIELDS + NODES + ((<usize>index) << 1);
}

/** The ring of u32 entries. */
// @ts-ignore: decorator
@inline
export function ringOf(m: Masker): usize {
  return changetype<usize>(m) - FIELDS + RING;
}

/** The member name, or the held bytes. */
// @ts-ignore: decorator
@inline
export function heldOf(m: Masker): usize {
  return changetype<usize>(m) - FIELDS + HELD;
}

/** Puts a block into the state before the first byte. */
export function clearState(block: usize): void {
  memory.fill(block, 0, SET_ENDS + 2);
}

// INVARIANT: the regions follow one another as drawn above.
assert(offsetof<Masker>() <= STRENGTHS - FIELDS);
assert(STRENGTHS + DEPTH_MAX + 1 <= SET_ENDS && SET_ENDS + 2 * (DEPTH_MAX + 1) <= NODES);
assert(NODES + 2 * ((DEPTH_MAX + 1) * MASK_NODES_ACTIVE_MAX) <= RING);
assert(HELD + KEY_MAX <= MASKER_BYTES);
