/**
 * The masker: rewrites a JSON body piece by piece (draft-si-service-mesh-dta-00, "Dynamic
 * Masking"). Whatever the chunks, the output is the same.
 */
import { Scanner, Expect, Token, nextToken, tokenEnd } from '../json/scanner';
import { cardString } from './card-strings';
import { endNumber, readNumber } from './numbers';
import { clearOutput, closeSpan, openSpan, reserveOutput } from './output';
import { enterDocument } from './paths';
import { ruleStrength } from './rules';
import { HELD_MAX, Masker, Mode, clearState, maskerAt, scannerOf } from './state';
import { keepString, readKey, skimString } from './strings';
import { beginToken, readLiteral } from './values';
import { MaskHeader } from '../layout';

export { maskedLen, maskedPtr } from './output';
export { MASKER_BYTES } from './state';

/** What became of a call. */
export const enum MaskStatus {
  Ok = 0,
  /**
   * not a JSON text (RFC 8259), or nested deeper than 512; nothing of this call's output may be
   * used
   */
  Malformed = 1,
  /** no memory for the output; nothing of it may be used */
  NoRoom = 2,
}

/** Input is taken in slices, so that room for the output is checked once for each. */
const SLICE: usize = 16_384;
/** Output for a byte of input: a digit and its comma may become `"***",`. */
const GROWTH: usize = 3;
const RESERVE: usize = <usize>HELD_MAX + 64;

/**
 * Puts a state block (MASKER_BYTES, aligned to 8) before the first byte of a body. `blob` went
 * through `validateMaskBlob` and stays where it is until the body is done.
 */
export function maskerInit(block: usize, blob: usize, clearance: u64): void {
  clearState(block);
  const m = maskerAt(block);
  m.blob = blob;
  m.clearance = clearance;
  m.passing = true;
  m.cardStrength = ruleStrength(blob, load<u32>(blob, MaskHeader.cardRule), clearance);
  if (!enterDocument(m)) m.failed = MaskStatus.Malformed;
}

/**
 * Takes `len` bytes; `isEnd` with the last ones, or alone. The output is in `maskedPtr` and
 * `maskedLen` until the next call of any masker. A call after a failed one fails the same way. An
 * empty body is fine.
 */
export function maskerFeed(block: usize, src: usize, len: usize, isEnd: bool): MaskStatus {
  const m = maskerAt(block);
  clearOutput(len);
  if (m.failed != 0) return <MaskStatus>m.failed;
  const s = scannerOf(m);
  if (len != 0) m.started = true;
  let p = src;
  for (let left = len; left > 0;) {
    const slice = min(left, SLICE);
    if (!reserveOutput(slice * GROWTH + RESERVE)) return fail(m, MaskStatus.NoRoom);
    if (!feedSlice(m, s, p, p + slice)) return fail(m, MaskStatus.Malformed);
    p += slice;
    left -= slice;
  }
  if (!isEnd || !m.started) return MaskStatus.Ok;
  if (!reserveOutput(RESERVE)) return fail(m, MaskStatus.NoRoom);
  return endDocument(m, s) ? MaskStatus.Ok : fail(m, MaskStatus.Malformed);
}

/** Values masked so far; a string with several cards counts once. */
export function maskerCount(block: usize): u32 {
  return maskerAt(block).count;
}

/** Bytes that are held back, at most 2,054. */
export function maskerHeld(block: usize): u32 {
  const m = maskerAt(block);
  return m.heldEnd - m.heldStart + m.charLen;
}

function feedSlice(m: Masker, s: Scanner, start: usize, end: usize): bool {
  let p = start;
  if (m.passing) openSpan(p);
  while (p < end) {
    p = feedToken(m, s, p, end);
    if (p == 0) return false;
  }
  m.passing = closeSpan(end);
  return true;
}

function feedToken(m: Masker, s: Scanner, p: usize, end: usize): usize {
  switch (m.mode) {
    case Mode.Structure: {
      const token = nextToken(s, p, end);
      if (token == Token.None) return end;
      if (token == Token.Malformed) return 0;
      return beginToken(m, s, token, end) ? tokenEnd : 0;
    }
    case Mode.Key:
      return readKey(m, s, p, end);
    case Mode.SkimString:
      return skimString(m, s, p, end);
    case Mode.KeepString:
      return keepString(m, s, p, end);
    case Mode.CardString:
      return cardString(m, s, p, end);
    case Mode.Literal:
      return readLiteral(m, s, p, end);
    default:
      return readNumber(m, s, p, end);
  }
}

/** A number is the only token that ends with the document instead of a byte of its own. */
function endDocument(m: Masker, s: Scanner): bool {
  if (m.mode >= Mode.SkimNumber && m.mode <= Mode.HeldNumber && !endNumber(m, s)) return false;
  return m.mode == Mode.Structure && s.expect == Expect.Nothing;
}

function fail(m: Masker, status: MaskStatus): MaskStatus {
  m.failed = status;
  return status;
}
