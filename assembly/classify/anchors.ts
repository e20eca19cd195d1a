/**
 * Values that only a word before them makes visible: numbers behind `tel` or `ssn`, network
 * addresses behind a label and a colon, which would be part of an address otherwise. The word is
 * met first; the value waits until the scan gets to it.
 *
 *   SLOTS  u32[5][2]  start and end of the value that waits, by Slot; start NOWHERE when none does
 */
import { NOTHING, NOWHERE, UNDECIDED } from './answers';
import { CONTEXT_GAP, announcedAt, wordEnd } from './context-words';
import { DetectorSet, isEnabled } from './detector-set';
import { takeFound } from './found';
import { DetectorKind } from '../layout';
import { ipv6At, macAt } from './network';
import { nationalAt } from './phone';
import { plainSsnAt } from './ssn';
import { IGNORABLE, Unit, allOfClass, isAlnum, isDigit, runEnd, unitAt, unitClass } from './units';

const SLOTS: usize = memory.data(64, 8);
/** Most units of a label. */
const LABEL_MAX: u32 = 16;

/** First word on which a value depends, NOWHERE when there is none. */
export let firstAnchor: u32 = NOWHERE;

/** Start of the next value that waits, NOWHERE when there is none. */
export let nextWaiting: u32 = NOWHERE;

/** The digit that was last read a telephone number from, and the number's end. */
let nationalOf: u32 = NOWHERE;
let nationalEnd: u32 = NOTHING;

/** Forgets what is known of a text. */
export function clearAnchors(): void {
  firstAnchor = NOWHERE;
  nextWaiting = NOWHERE;
  nationalOf = NOWHERE;
  for (let kind: u32 = DetectorKind.Phone; kind <= <u32>DetectorKind.Mac; kind++) forget(kind);
}

/**
 * Looks at the word at `pos` as one that announces a number. False when the text ends before that
 * is known.
 */
export function contextAnchorAt(
  set: DetectorSet,
  text: usize,
  pos: u32,
  len: u32,
  isEnd: bool,
): bool {
  if (!isEnabled(set, DetectorKind.Phone) && !isEnabled(set, DetectorKind.Ssn)) return true;
  const kind = announcedAt(text, pos, len);
  return kind == 0 || !isEnabled(set, kind) || announced(kind, text, pos, len, isEnd);
}

/**
 * Looks at the word at `pos` as a label with a colon behind it, that is no part of an address
 * itself. False when the text ends before that is known.
 */
export function labelAnchorAt(
  set: DetectorSet,
  text: usize,
  pos: u32,
  len: u32,
  isEnd: bool,
): bool {
  if (!isEnabled(set, DetectorKind.Ipv6) && !isEnabled(set, DetectorKind.Mac)) return true;
  const most = min(len, pos + LABEL_MAX);
  const colon = runEnd(text, pos, most, Unit.Alnum);
  if (unitAt(text, colon, len) != 0x3a) return true;
  if ((unitClass(unitAt(text, colon + 1, len)) & Unit.Hex) == 0) return true;
  if (colon - pos <= 4 && allOfClass(text, pos, colon, Unit.Hex)) return true;
  return colonAnchor(set, text, pos, colon, len, isEnd);
}

/** A network address behind a colon. False when the text ends before it is known. */
export function colonAnchor(
  set: DetectorSet,
  text: usize,
  anchor: u32,
  colon: u32,
  len: u32,
  isEnd: bool,
): bool {
  const start = colon + 1;
  if (isEnabled(set, DetectorKind.Ipv6)) {
    const end = ipv6At(text, start, len, isEnd);
    if (!wait(DetectorKind.Ipv6, anchor, start, end)) return false;
  }
  if (!isEnabled(set, DetectorKind.Mac)) return true;
  return wait(DetectorKind.Mac, anchor, start, macAt(text, start, len, isEnd));
}

/** Takes what has waited for `pos`. */
export function takeWaiting(set: DetectorSet, pos: u32): void {
  nextWaiting = NOWHERE;
  for (let kind: u32 = DetectorKind.Phone; kind <= <u32>DetectorKind.Mac; kind++) {
    const start = load<u32>(slotOf(kind));
    if (start == pos) {
      takeFound(set, kind, pos, load<u32>(slotOf(kind), 4), true);
      forget(kind);
    } else {
      nextWaiting = min(nextWaiting, start);
    }
  }
}

/** The first digits behind a word are the number it announces. */
function announced(kind: u32, text: usize, pos: u32, len: u32, isEnd: bool): bool {
  const limit = wordEnd + CONTEXT_GAP;
  let p = wordEnd;
  while (p < len && p <= limit && !isDigit(load<u8>(text + <usize>p))) p++;
  if (p > limit) return true;
  if (p == len) return isEnd;
  let before = p - 1;
  while (before > wordEnd && load<u8>(text + <usize>before) == IGNORABLE) before--;
  const unit = load<u8>(text + <usize>before);
  if (before >= wordEnd && isAlnum(unit)) return true;
  if (kind == DetectorKind.Ssn) return wait(kind, pos, p, plainSsnAt(text, p, len, isEnd));
  if (nationalOf != p) {
    nationalOf = p;
    nationalEnd = nationalAt(text, p, len, isEnd);
  }
  // What stands in brackets goes with them.
  return wait(kind, pos, before >= wordEnd && unit == 0x28 ? before : p, nationalEnd);
}

/** Lets a value wait that ends at `end`, if any. False when it is UNDECIDED. */
function wait(kind: u32, anchor: u32, start: u32, end: u32): bool {
  if (end == UNDECIDED) return false;
  if (end == NOTHING) return true;
  store<u32>(slotOf(kind), start);
  store<u32>(slotOf(kind), end, 4);
  firstAnchor = min(firstAnchor, anchor);
  nextWaiting = min(nextWaiting, start);
  return true;
}

// @ts-ignore: decorator
@inline
function slotOf(kind: u32): usize {
  return SLOTS + ((<usize>(kind - DetectorKind.Phone)) << 3);
}

function forget(kind: u32): void {
  store<u32>(slotOf(kind), NOWHERE);
}
