/**
 * Masks JSON texts piece by piece (draft-si-service-mesh-dta-00, "Dynamic Masking"). Whatever the pieces, the output is the
 * same, and bytes that are not masked stay as they are.
 */
import { MaskFlag, MaskHeader } from '../../layout';
import { Expect, Scanner, Token, clearScanner, nextToken, tokenEnd } from '../../json/scanner';
import { closeSpan, cutOutput, lacksRoom, maskedLen, openSpan, reserveOutput } from '../output';
import { useDocumentMasker } from '../embedded';
import { enterDocument } from '../paths';
import { Masker, Mode, scannerOf } from '../state';
import { clearWindow } from '../window';
import { probeString, readEmbedded } from './embedded-strings';
import { holdGap, readHeldKey } from './held-keys';
import { endNumber, readNumber } from './numbers';
import { readPlainTokens } from './plain-tokens';
import { readKey, readTextString, skimString } from './strings';
import { beginToken, readLiteral } from './values';

/** Input is taken in slices, so that room for the output is checked once for each. */
const SLICE: usize = 16_384;
/** Output for a byte of input that is passed or becomes `***` or null. What operators write is reserved where they do. */
const GROWTH: usize = 6;
const RESERVE: usize = 32_768;

/** Puts a state before a document. False when its paths are too tangled to be followed. */
export function openDocument(m: Masker): bool {
  const s = scannerOf(m);
  clearScanner(s);
  m.mode = Mode.Structure;
  m.passing = true;
  m.dropDepth = 0;
  m.isMuted = false;
  clearWindow(m);
  m.holdsKeys = (load<u32>(m.blob, MaskHeader.flags) & MaskFlag.HasDrops) != 0;
  return enterDocument(m);
}

/** Takes bytes of the document. False when it is malformed, too deep, or there is no room. */
export function feedDocument(m: Masker, src: usize, len: usize): bool {
  const s = scannerOf(m);
  let p = src;
  for (let left = len; left > 0;) {
    const slice = min(left, SLICE);
    if (!reserveOutput(slice * GROWTH + RESERVE)) return false;
    if (!feedSlice(m, s, p, p + slice)) return false;
    p += slice;
    left -= slice;
  }
  return true;
}

/** Ends the document. False when it is not whole. A number is the only token that ends without a byte of its own. */
export function closeDocument(m: Masker): bool {
  const s = scannerOf(m);
  if (!reserveOutput(RESERVE)) return false;
  const isNumber = m.mode == Mode.SkimNumber || m.mode == Mode.HeldNumber;
  if (isNumber && !endNumber(m, s)) return false;
  if (m.mode != Mode.Structure || s.expect != Expect.Nothing) return false;
  return !lacksRoom;
}

/** Whether the document is whole, and nothing but white space may follow. */
export function isWholeDocument(m: Masker): bool {
  return m.mode == Mode.Structure && scannerOf(m).expect == Expect.Nothing;
}

function feedSlice(m: Masker, s: Scanner, start: usize, end: usize): bool {
  let mutedFrom = maskedLen;
  let p = start;
  if (m.passing) openSpan(p);
  while (p < end) {
    const wasMuted = m.isMuted;
    p = feedToken(m, s, p, end);
    if (p == 0) return false;
    if (!m.isMuted) continue;
    if (!wasMuted) mutedFrom = maskedLen;
    if (isDroppedDone(m, s)) {
      m.isMuted = false;
      cutOutput(mutedFrom);
      openSpan(p);
    }
  }
  m.passing = closeSpan(end);
  if (m.isMuted) {
    cutOutput(mutedFrom);
    m.passing = false;
  }
  return !lacksRoom;
}

/** Whether the member that is dropped has its whole value. */
function isDroppedDone(m: Masker, s: Scanner): bool {
  return m.mode == Mode.Structure && s.expect == Expect.CommaOrClose && s.depth == m.dropDepth;
}

function feedToken(m: Masker, s: Scanner, p: usize, end: usize): usize {
  switch (m.mode) {
    case Mode.Structure:
      return feedStructure(m, s, p, end);
    case Mode.Key:
      return readKey(m, s, p, end);
    case Mode.HeldKey:
      return readHeldKey(m, s, p, end);
    case Mode.SkimString:
      return skimString(m, s, p, end);
    case Mode.TextString:
      return readTextString(m, s, p, end);
    case Mode.ProbeString:
      return probeString(m, s, p, end);
    case Mode.EmbeddedString:
      return readEmbedded(m, s, p, end);
    case Mode.Literal:
      return readLiteral(m, s, p, end);
    default:
      return readNumber(m, s, p, end);
  }
}

function feedStructure(m: Masker, s: Scanner, start: usize, end: usize): usize {
  if (m.holdsKeys) return feedHolding(m, s, start, end);
  const p = m.readsQueries ? start : readPlainTokens(m, s, start, end);
  if (p == 0 || p == end) return p;
  const token = nextToken(s, p, end);
  if (token == Token.None) return end;
  if (token == Token.Malformed) return 0;
  return beginToken(m, s, token, end) ? tokenEnd : 0;
}

/** As `feedStructure`, with what stands between two members held until it is known whether the second one stays. */
function feedHolding(m: Masker, s: Scanner, start: usize, end: usize): usize {
  // What is dropped goes by tokens, so that its end is seen.
  const isHeld = m.readsQueries || m.isMuted;
  const from = isHeld ? start : readPlainTokens(m, s, start, end);
  if (from == 0 || from == end) return from;
  const p = holdGap(m, s, from, end);
  if (p == 0 || p == end) return p;
  const token = nextToken(s, p, end);
  if (token == Token.None) return end;
  if (token == Token.Malformed) return 0;
  return beginToken(m, s, token, end) ? tokenEnd : 0;
}

useDocumentMasker(openDocument, feedDocument, closeDocument);
