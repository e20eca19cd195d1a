/**
 * The state block of one body that is being masked.
 *
 *       0  Scanner of the format, see its folder
 *     128  Masker
 *     384  DetectorSet
 *     672  strength of each open container, u16 by depth; 0 is outside the document
 *    1704  end of each container's set in the node stack, u16 by depth
 *    2736  ContainerFlag bits of each open container, u8 by depth
 *    3256  node stack: the active MaskNode indexes of each open container, one container after the
 *          other, and behind them those of the next value; u16, STICKY set for a node that stays
 *          active below
 *   11448  elements seen of each open array, u32 by depth
 *   13504  the member name while one is read; else the decoded text of a value that is taken whole
 *   16832  units of the text window, u8
 *   17856  where the bytes of each unit end, u16
 *   19904  bytes of the units as they are written
 *   32192  what a format other than JSON keeps
 *   32704  end
 */
import { DETECTOR_SET_BYTES, DetectorSet } from '../classify/detector-set';
import { DEPTH_MAX, SCANNER_BYTES, Scanner } from '../json/scanner';

/** Bytes of a state block: with that of an embedded document 64 KiB at most. */
export const MASKER_BYTES: usize = 32_704;

/**
 * Most bytes of a decoded member name that are compared: three times the longest configured one,
 * for `foldName`.
 */
export const KEY_MAX: u32 = 3_328;

/** Units of the text window. */
export const UNITS_MAX: u32 = 1_024;

/** Bytes of the text window. */
export const RAW_MAX: u32 = 12_288;

/** Entries of the node stack; a document that needs more is too tangled to be read. */
export const NODES_MAX: u32 = 4_096;

/** Bytes for a format of its own. */
export const FORMAT_BYTES: usize = 512;

/** Marks a node that was entered by `**`. */
export const STICKY: u16 = 0x8000;

const FIELDS: usize = SCANNER_BYTES;
const DETECTORS: usize = 384;
const STRENGTHS: usize = 672;
const SET_ENDS: usize = 1_704;
const FLAGS: usize = 2_736;
const NODES: usize = 3_256;
const ELEMENTS: usize = 11_448;
const KEY: usize = 13_504;
const UNITS: usize = 16_832;
const RAW_ENDS: usize = 17_856;
const RAW: usize = 19_904;
const FORMAT: usize = 32_192;

/** What is known of an open container. */
export const enum ContainerFlag {
  /** Its active nodes have nothing but edges to named members: other names lead nowhere. */
  MembersOnly = 1,
  /** A member of it went out. */
  HasMember = 2,
  /** An active node goes on to elements. */
  ElementsToo = 4,
}

/** What the bytes of a JSON document are at the moment. */
export const enum Mode {
  /** between tokens */
  Structure = 0,
  /** a member name */
  Key = 1,
  /** a string that stays or goes as a whole */
  SkimString = 2,
  /** a string that goes through the text window */
  TextString = 3,
  /** a string of which it is not known yet whether it holds a document */
  ProbeString = 4,
  /** a string that holds a document */
  EmbeddedString = 5,
  /** a number that stays or goes as a whole */
  SkimNumber = 6,
  /** a number that is held until it is whole */
  HeldNumber = 7,
  /** a literal name that stays or goes */
  Literal = 8,
  /** a member name that is held, because its member may have to go */
  HeldKey = 9,
}

/** Fields of the state block. */
// @ts-ignore: decorator
@unmanaged
export class Masker {
  clearance: u64;
  /** labels of what was found, masked or not */
  found: u64;
  blob: usize;
  /** state block of the document inside the string that is being read, or 0 */
  inner: usize;
  /** Band of the decision */
  band: u32;
  /** values masked */
  count: u32;
  /** a MaskStatus that every later call answers */
  failed: u32;
  mode: i32;
  /** BodyFormat */
  format: u32;
  /** nodes of the next value */
  nextCount: u32;
  /** strength of the rules on the next value */
  nextStrength: u32;
  /** bytes of the decoded member name, above KEY_MAX when it was too long */
  keyLen: u32;
  /** greatest strength of a detector, 0 when none is in force */
  detectorStrength: u32;
  /** TextMode of the value that goes through the text window */
  textMode: i32;
  /** strength of the rule on that value */
  textStrength: u32;
  /** units in the window */
  unitCount: u32;
  /** units in front of the window that went out already and are only context */
  unitsDone: u32;
  /** bytes in the window; behind the last unit those of a character that is not whole yet */
  rawLen: u32;
  /** bytes of the decoded text of a value that is taken whole */
  decodedLen: u32;
  /** letters and digits seen of the value */
  seen: u32;
  /** a match that is longer than the window: kind of its growth, and where it stands */
  grows: u32;
  growState: u32;
  /** depth of the container whose member is dropped, while the output is muted */
  dropDepth: u32;
  /** Escape of the format */
  escape: u32;
  /** Charset of the body */
  charset: u32;
  /** a byte of the document was seen */
  started: bool;
  /** the last byte of the slice before was passed on as it is */
  passing: bool;
  /** the member name is needed decoded */
  decodesKey: bool;
  /** the string was counted as masked */
  counted: bool;
  /** the document lies in a string of another one */
  isInner: bool;
  /** a rule of the blob drops members, or the output has to be held for another reason */
  holdsKeys: bool;
  /** what cannot be read goes out as it came */
  salvages: bool;
  /** nothing goes out: the value is a dropped member */
  isMuted: bool;
  /** the inner state block has what is the same for every document in a string */
  preparedInner: bool;
  /** what the masker writes is as long as what it stands for */
  keepsLength: bool;
  /** strings of JSON named `query` are GraphQL documents */
  readsQueries: bool;
  /** the document is a GraphQL one */
  isQuery: bool;
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

/** The detectors in force. */
// @ts-ignore: decorator
@inline
export function detectorsOf(m: Masker): DetectorSet {
  return changetype<DetectorSet>(changetype<usize>(m) - FIELDS + DETECTORS);
}

/** Address of the strength (u16) of the open container at `depth`. */
// @ts-ignore: decorator
@inline
export function strengthAt(m: Masker, depth: u32): usize {
  return changetype<usize>(m) - FIELDS + STRENGTHS + ((<usize>depth) << 1);
}

/** Address of the set end (u16) of the open container at `depth`. */
// @ts-ignore: decorator
@inline
export function setEndAt(m: Masker, depth: u32): usize {
  return changetype<usize>(m) - FIELDS + SET_ENDS + ((<usize>depth) << 1);
}

/** Address of the ContainerFlag bits (u8) of the open container at `depth`. */
// @ts-ignore: decorator
@inline
export function flagsAt(m: Masker, depth: u32): usize {
  return changetype<usize>(m) - FIELDS + FLAGS + <usize>depth;
}

/** Address of entry `index` of the node stack. */
// @ts-ignore: decorator
@inline
export function nodeAt(m: Masker, index: u32): usize {
  return changetype<usize>(m) - FIELDS + NODES + ((<usize>index) << 1);
}

/** Address of the number of elements (u32) seen of the open array at `depth`. */
// @ts-ignore: decorator
@inline
export function elementsAt(m: Masker, depth: u32): usize {
  return changetype<usize>(m) - FIELDS + ELEMENTS + ((<usize>depth) << 2);
}

/** The member name, or the decoded text of a value. */
// @ts-ignore: decorator
@inline
export function keyOf(m: Masker): usize {
  return changetype<usize>(m) - FIELDS + KEY;
}

/** Units of the text window. */
// @ts-ignore: decorator
@inline
export function unitsOf(m: Masker): usize {
  return changetype<usize>(m) - FIELDS + UNITS;
}

/** Ends (u16) of the bytes of each unit. */
// @ts-ignore: decorator
@inline
export function rawEndsOf(m: Masker): usize {
  return changetype<usize>(m) - FIELDS + RAW_ENDS;
}

/** Bytes of the units. */
// @ts-ignore: decorator
@inline
export function rawOf(m: Masker): usize {
  return changetype<usize>(m) - FIELDS + RAW;
}

/** FORMAT_BYTES for a format of its own, zero at the start. */
// @ts-ignore: decorator
@inline
export function formatOf(m: Masker): usize {
  return changetype<usize>(m) - FIELDS + FORMAT;
}

/** Puts a block into the state before the first byte. */
export function clearState(block: usize): void {
  memory.fill(block, 0, DETECTORS + DETECTOR_SET_BYTES);
  store<u16>(block + STRENGTHS, 0);
  store<u16>(block + SET_ENDS, 0);
  store<u8>(block + FLAGS, 0);
}

/** Zeroes the part of the format. */
export function clearFormat(m: Masker): void {
  memory.fill(formatOf(m), 0, FORMAT_BYTES);
}

// INVARIANT: the regions follow one another as drawn above.
assert(FIELDS + offsetof<Masker>() <= DETECTORS);
assert(DETECTORS + DETECTOR_SET_BYTES <= STRENGTHS);
assert(STRENGTHS + 2 * (DEPTH_MAX + 1) <= SET_ENDS && SET_ENDS + 2 * (DEPTH_MAX + 1) <= FLAGS);
assert(FLAGS + (DEPTH_MAX + 1) <= NODES && NODES + 2 * NODES_MAX <= ELEMENTS);
assert(ELEMENTS + 4 * (DEPTH_MAX + 1) <= KEY && KEY + KEY_MAX <= UNITS);
assert(UNITS + UNITS_MAX <= RAW_ENDS && RAW_ENDS + 2 * UNITS_MAX <= RAW);
assert(RAW + RAW_MAX <= FORMAT && FORMAT + FORMAT_BYTES <= MASKER_BYTES);
