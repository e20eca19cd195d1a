/** What happens to a value of JSON when it begins. */
import { LiteralEvent, literalStep, openLiteral } from '../../json/literals';
import { NumberState } from '../../json/numbers';
import {
  Scanner,
  Token,
  atElement,
  insideObject,
  isRootArray,
  openContainer,
  tokenEnd,
  valueDone,
} from '../../json/scanner';
import { MaskHeader } from '../../layout';
import { text } from '../../memory/text';
import { openEmbeddedQuery } from '../embedded';
import { closeSpan, isSpanOpen, openSpan } from '../output';
import { enterElement, needsKey, openLevel } from '../paths';
import { KEY_MAX, Masker, Mode, keyOf } from '../state';
import { TextMode, noteMasked, openText } from '../text';
import { clearWindow } from '../window';
import { emitJsonConstant } from './constants';
import { openProbe } from './embedded-strings';
import { openHeldKey } from './held-keys';
import { openNumber } from './numbers';
import { beginUnruled } from './unruled';

const SMALL_N: u8 = 0x6e;
const QUERY = text('query');

/**
 * Acts on a token of `nextToken`; `end` is the end of the slice. False when the document cannot be
 * read.
 */
export function beginToken(m: Masker, s: Scanner, token: Token, end: usize): bool {
  if (token == Token.Close) return true;
  if (token == Token.Key) {
    m.keyLen = 0;
    m.decodesKey = m.readsQueries || needsKey(m);
    if (m.holdsKeys) return openHeldKey(m, s, tokenEnd);
    m.mode = Mode.Key;
    return true;
  }
  if (atElement(s) && !enterElement(m)) return false;
  switch (token) {
    case Token.Object:
    case Token.Array:
      if (!openContainer(s, token == Token.Object)) return false;
      openLevel(m);
      return true;
    case Token.String:
      return m.readsQueries && isQuery(m, s) ? beginQuery(m) : beginString(m, end);
    case Token.Number:
      s.numberState = NumberState.Start;
      openNumber(m, tokenEnd, end);
      return true;
    default:
      beginLiteral(m, s);
      return true;
  }
}

/** Reads a literal name. 0 when it is malformed. */
export function readLiteral(m: Masker, s: Scanner, start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    const event = literalStep(s, load<u8>(p++));
    if (event == LiteralEvent.Malformed) return 0;
    if (event == LiteralEvent.End) {
      m.mode = Mode.Structure;
      valueDone(s);
      if (!isSpanOpen()) openSpan(p);
      break;
    }
  }
  return p;
}

function beginString(m: Masker, end: usize): bool {
  const strength = m.nextStrength;
  if (strength == 0) {
    if (!m.isInner && mayHoldDocument(m)) {
      if (!openProbe(m, tokenEnd, end)) return false;
      if (m.mode == Mode.ProbeString) return true;
    }
    beginUnruled(m, tokenEnd, end);
    return true;
  }
  if (openText(m, strength) == TextMode.Skip) {
    closeSpan(tokenEnd - 1);
    emitJsonConstant(m, strength);
    m.mode = Mode.SkimString;
    return true;
  }
  // The quotes stay as they are written.
  closeSpan(tokenEnd);
  m.mode = Mode.TextString;
  return true;
}

/** Whether a document in the string could have something to mask. */
function mayHoldDocument(m: Masker): bool {
  return (
    m.nextCount != 0 || m.detectorStrength != 0 || load<u32>(m.blob, MaskHeader.nameCount) != 0
  );
}

/** Whether the string is the document of a GraphQL request, or of one of several. */
function isQuery(m: Masker, s: Scanner): bool {
  if (m.nextStrength != 0 || s.depth == 0 || !insideObject(s)) return false;
  if (s.depth != (isRootArray(s) ? 2 : 1)) return false;
  return QUERY.equals(keyOf(m), min(m.keyLen, KEY_MAX));
}

function beginQuery(m: Masker): bool {
  closeSpan(tokenEnd);
  clearWindow(m);
  m.mode = Mode.EmbeddedString;
  return openEmbeddedQuery(m);
}

/** `null` says nothing and stays; of `true` and `false` nothing may be left. */
function beginLiteral(m: Masker, s: Scanner): void {
  const first = load<u8>(tokenEnd);
  openLiteral(s, first);
  m.mode = Mode.Literal;
  const strength = m.nextStrength;
  if (strength == 0 || first == SMALL_N) return;
  noteMasked(m, strength);
  closeSpan(tokenEnd);
  emitJsonConstant(m, strength);
}
