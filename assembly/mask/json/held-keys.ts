/**
 * Member names of JSON under a profile that drops members: a comma inside an object, the white space behind it and the name
 * are held in the text window until it is known whether the member stays.
 */
import { CharEvent, stringStep } from '../../json/strings';
import { skipWhitespace } from '../../json/plain';
import {
  Expect,
  Scanner,
  Token,
  insideObject,
  keyDone,
  nextToken,
  tokenEnd,
} from '../../json/scanner';
import { MaskOperator } from '../../layout';
import { closeSpan, emitRaw, openSpan } from '../output';
import { enterMember } from '../paths';
import { operatorOf } from '../rules';
import { ContainerFlag, Masker, Mode, RAW_MAX, flagsAt, rawOf, scannerOf } from '../state';
import { noteMasked } from '../text';
import { appendInput, clearWindow, pushUnit, rawStartOf } from '../window';
import { appendCodePoint } from './strings';

const COMMA: u8 = 0x2c;
/** Most bytes of a comma and the white space behind it; white space beyond is left out. */
const GAP_MAX: u32 = 4_096;
/** Room for one more character of a name. */
const SLACK: u32 = 96;

/**
 * Holds what stands between two members of an object. Where it stopped, in front of a token that is no comma; 0 when the text
 * is malformed.
 */
export function holdGap(m: Masker, s: Scanner, start: usize, end: usize): usize {
  if (s.expect == Expect.Key) return holdSpace(m, start, end);
  if (s.expect != Expect.CommaOrClose || !insideObject(s)) return start;
  const p = skipWhitespace(start, end);
  if (p == end || load<u8>(p) != COMMA) return p;
  closeSpan(p);
  clearWindow(m);
  if (!appendInput(m, p, 1)) return 0;
  pushUnit(m, COMMA);
  // A comma is the only token that leads from here to a name: the scanner says so too.
  if (nextToken(s, p, p + 1) != Token.None) return 0;
  return holdSpace(m, tokenEnd, end);
}

/** Starts a name whose opening quote is right before `p`. */
export function openHeldKey(m: Masker, s: Scanner, p: usize): bool {
  m.mode = Mode.HeldKey;
  closeSpan(p - 1);
  // The first member has nothing in front of it that would have to go with it.
  if (s.expect != Expect.Key) clearWindow(m);
  return appendInput(m, p - 1, 1);
}

/** Reads a name that is held. 0 when it is malformed. */
export function readHeldKey(m: Masker, s: Scanner, start: usize, end: usize): usize {
  for (let p = start; p < end;) {
    const event = stringStep(s, load<u8>(p));
    if (event == CharEvent.Malformed || !appendInput(m, p, 1)) return 0;
    p++;
    if (event == CharEvent.More) continue;
    if (event == CharEvent.Char && m.decodesKey) appendCodePoint(m, s.codePoint, s.joined);
    if (event == CharEvent.End) return endHeldKey(m, s, p) ? p : 0;
    if (RAW_MAX - m.rawLen < SLACK) {
      giveUpHolding(m, p);
      return p;
    }
  }
  return end;
}

function holdSpace(m: Masker, start: usize, end: usize): usize {
  const next = skipWhitespace(start, end);
  for (let p = start; p < next && m.rawLen < GAP_MAX; p++) {
    if (!appendInput(m, p, 1)) return 0;
  }
  return next;
}

/** A name that is too long to be held goes out; should its member have to be dropped, the value becomes null. */
function giveUpHolding(m: Masker, p: usize): void {
  emitMember(m);
  m.mode = Mode.Key;
  openSpan(p);
}

function endHeldKey(m: Masker, s: Scanner, p: usize): bool {
  keyDone(s);
  m.mode = Mode.Structure;
  if (!enterMember(m)) return false;
  const strength = m.nextStrength;
  if (m.isMuted || strength == 0 || operatorOf(m.blob, strength) != MaskOperator.Drop) {
    emitMember(m);
    openSpan(p);
    return true;
  }
  noteMasked(m, strength);
  clearWindow(m);
  m.dropDepth = s.depth;
  m.isMuted = true;
  return true;
}

/** Emits what is held, without its comma when no member went out before. */
function emitMember(m: Masker): void {
  const flags = flagsAt(m, scannerOf(m).depth);
  const isFirst = (load<u8>(flags) & ContainerFlag.HasMember) == 0;
  store<u8>(flags, load<u8>(flags) | ContainerFlag.HasMember);
  // The comma is the only unit, when there is one.
  const from = isFirst ? rawStartOf(m, m.unitCount) : 0;
  emitRaw(rawOf(m) + from, <usize>(m.rawLen - from));
  clearWindow(m);
}
