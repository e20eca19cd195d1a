/**
 * Member names of JSON under a profile that drops members: a name, and the comma before it, are held in the text window
 * until it is known whether the member stays.
 */
import { CharEvent, stringStep } from '../../json/strings';
import { Scanner, keyDone } from '../../json/scanner';
import { MaskOperator } from '../../layout';
import { emitRaw, openSpan } from '../output';
import { enterMember } from '../paths';
import { operatorOf } from '../rules';
import { ContainerFlag, Masker, Mode, flagsAt, rawOf, scannerOf } from '../state';
import { noteMasked } from '../text';
import {
  appendInput,
  clearWindow,
  emitUnits,
  isFull,
  pushUnit,
  rawStartOf,
  unitAt,
} from '../window';
import { appendCodePoint } from './strings';

const COMMA: u8 = 0x2c;

/** Holds white space, comma or colon between two tokens. White space that finds no room is left out. Always true. */
export function holdGap(m: Masker, from: usize, to: usize): bool {
  for (let p = from; p < to; p++) {
    if (!isFull(m) && appendInput(m, p, 1)) pushUnit(m, load<u8>(p));
  }
  return true;
}

/** Emits what is held between two tokens, of which the second stays. */
export function letGapGo(m: Masker): void {
  emitUnits(m, 0, m.unitCount);
  clearWindow(m);
}

/** Starts a name whose opening quote is right before `p`. */
export function openHeldKey(m: Masker, p: usize): bool {
  m.mode = Mode.HeldKey;
  // Names are longer than what stands before them may be: `seen` is where they begin.
  m.seen = m.unitCount;
  if (!appendInput(m, p - 1, 1)) return false;
  if (isFull(m)) return giveUpHolding(m, p);
  pushUnit(m, load<u8>(p - 1));
  return true;
}

/** Reads a name that is held. 0 when it is malformed. */
export function readHeldKey(m: Masker, s: Scanner, start: usize, end: usize): usize {
  for (let p = start; p < end;) {
    const byte = load<u8>(p);
    const event = stringStep(s, byte);
    if (event == CharEvent.Malformed || !appendInput(m, p, 1)) return 0;
    p++;
    if (event == CharEvent.More) continue;
    if (event == CharEvent.Char && m.decodesKey) appendCodePoint(m, s.codePoint, s.joined);
    if (event == CharEvent.End) {
      pushUnit(m, byte);
      return endHeldKey(m, s, p) ? p : 0;
    }
    // A unit is left for the closing quote.
    pushUnit(m, 0);
    if (isNearlyFull(m)) {
      giveUpHolding(m, p);
      return p;
    }
  }
  return end;
}

function isNearlyFull(m: Masker): bool {
  return isFull(m) || m.unitCount >= 1_000;
}

/** A name that is too long to be held goes out; should its member have to be dropped, the value becomes null. */
function giveUpHolding(m: Masker, p: usize): bool {
  emitMember(m);
  m.mode = Mode.Key;
  openSpan(p);
  return true;
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

/** Emits what is held before the name, without its comma when no member went out before, and the name. */
function emitMember(m: Masker): void {
  const flags = flagsAt(m, scannerOf(m).depth);
  const isFirst = (load<u8>(flags) & ContainerFlag.HasMember) == 0;
  store<u8>(flags, load<u8>(flags) | ContainerFlag.HasMember);
  for (let i: u32 = 0; i < m.seen; i++) {
    if (!isFirst || unitAt(m, i) != COMMA) emitUnits(m, i, i + 1);
  }
  const name = rawStartOf(m, m.seen);
  emitRaw(rawOf(m) + name, <usize>(m.rawLen - name));
  clearWindow(m);
}
