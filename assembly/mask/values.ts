/** How each value begins: what stays, what goes, and by which operator. */
import { openLiteral, LiteralEvent, literalStep } from '../json/literals';
import { NumberState } from '../json/numbers';
import { Scanner, Token, atElement, openContainer, tokenEnd, valueDone } from '../json/scanner';
import { openCardString } from './card-strings';
import { openCardNumber } from './numbers';
import { openKeep } from './operators/keep-last';
import { emitNull } from './operators/null';
import { emitRedacted } from './operators/redact';
import { closeSpan, emitByte, isSpanOpen, openSpan } from './output';
import { enterElement, needsKey, openLevel } from './paths';
import { STRENGTH_NULL, STRENGTH_REDACT, keptBy } from './rules';
import { Masker, Mode } from './state';
import { CARD_DIGITS_MIN } from '../classify/luhn';

/**
 * Acts on a token of `nextToken`; `end` is the end of the slice. False when the document cannot be
 * read.
 */
export function beginToken(m: Masker, s: Scanner, token: Token, end: usize): bool {
  if (token == Token.Close) return true;
  if (token == Token.Key) {
    m.mode = Mode.Key;
    m.keyLen = 0;
    m.decodesKey = needsKey(m);
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
      beginString(m);
      return true;
    case Token.Number:
      beginNumber(m, s, end);
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

function beginString(m: Masker): void {
  const strength = m.nextStrength;
  if (strength == 0) {
    m.mode = Mode.SkimString;
    if (m.cardStrength == 0) return;
    m.mode = Mode.CardString;
    openCardString(m);
    return;
  }
  m.count++;
  if (strength >= STRENGTH_REDACT) {
    replace(strength, tokenEnd - 1);
    m.mode = Mode.SkimString;
    return;
  }
  closeSpan(tokenEnd);
  openKeep(m, keepOf(m, strength));
  m.mode = Mode.KeepString;
}

function beginNumber(m: Masker, s: Scanner, end: usize): void {
  const strength = m.nextStrength;
  s.numberState = NumberState.Start;
  m.mode = Mode.SkimNumber;
  if (strength == 0) {
    if (m.cardStrength != 0) openCardNumber(m, tokenEnd, end);
    return;
  }
  m.count++;
  if (strength >= STRENGTH_REDACT) {
    replace(strength, tokenEnd);
    return;
  }
  closeSpan(tokenEnd);
  emitByte(0x22 /* " */);
  openKeep(m, keepOf(m, strength));
  m.mode = Mode.KeepNumber;
}

/** KeepLast leaves nothing of `true` and `false`; `null` says nothing and stays. */
function beginLiteral(m: Masker, s: Scanner): void {
  const first = load<u8>(tokenEnd);
  openLiteral(s, first);
  m.mode = Mode.Literal;
  if (m.nextStrength == 0 || first == 0x6e /* n */) return;
  m.count++;
  replace(m.nextStrength, tokenEnd);
}

/** What KeepLast leaves must not be a whole card that the caller may not see. */
function keepOf(m: Masker, strength: u32): u32 {
  const keep = keptBy(strength);
  return m.cardStrength != 0 && keep >= CARD_DIGITS_MIN ? keptBy(m.cardStrength) : keep;
}

function replace(strength: u32, start: usize): void {
  closeSpan(start);
  if (strength == STRENGTH_NULL) emitNull();
  else emitRedacted();
}
