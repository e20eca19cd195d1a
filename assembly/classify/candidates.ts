/** Everything that may begin at one position: which detectors look, and what they found. */
import { cardDigits } from './card-digits';
import { DetectorSet } from './detector-set';
import { clearEmail, emailAt, emailEvent } from './email';
import { NOTHING, NOWHERE, UNDECIDED, takeFound } from './found';
import { ibanAt } from './iban';
import { DetectorKind } from './kinds';
import { clearRun, endOfDigits, groupEnds, openRun } from './number-run';
import { Unit, isLetter, unitClass } from './units';

/** Nothing is decided with fewer units before the end of a window: no prefix or word is longer. */
const MARGIN: u32 = 24;

/** The next position that has to be looked at although nothing seems to begin there. */
export let nextEvent: u32 = NOWHERE;

/** First word on which something later depends, NOWHERE when there is none. */
export let firstAnchor: u32 = NOWHERE;

/** Forgets what is known of a text. */
export function clearAnchors(): void {
  clearEmail();
  clearRun();
  nextEvent = NOWHERE;
  firstAnchor = NOWHERE;
}

/** Takes what begins at `pos`. False when the text ends before that is known. */
export function beginAt(
  set: DetectorSet,
  text: usize,
  from: u32,
  pos: u32,
  len: u32,
  isEnd: bool,
): bool {
  if (!isEnd && len - pos < MARGIN) return false;
  const before = pos > 0 ? unitClass(load<u8>(text + <usize>(pos - 1))) : 0;
  const bits = unitClass(load<u8>(text + <usize>pos));
  const fresh = bits & ~before & set.triggers;
  if ((fresh & Unit.Digit) != 0 && !digitsAt(set, text, pos, len, isEnd)) return false;
  if ((fresh & Unit.Alnum) != 0 && !wordAt(set, text, pos, len, isEnd)) return false;
  if ((set.triggers & Unit.Lead) == 0) return true;
  // Behind a match a local part may begin that has lost its beginning to it.
  const isMail = (fresh & Unit.Lead) != 0 || pos == from || pos == emailEvent;
  return !isMail || (bits & Unit.Local) == 0 || mailAt(set, text, pos, len, isEnd);
}

function digitsAt(set: DetectorSet, text: usize, pos: u32, len: u32, isEnd: bool): bool {
  if (!openRun(text, pos, len, isEnd)) return false;
  const digits = cardDigits(groupEnds());
  if (digits != 0) takeFound(set, DetectorKind.Card, pos, endOfDigits(digits), false);
  return true;
}

function wordAt(set: DetectorSet, text: usize, pos: u32, len: u32, isEnd: bool): bool {
  if (!isLetter(load<u8>(text + <usize>pos))) return true;
  return takeAnswer(set, DetectorKind.Iban, pos, ibanAt(text, pos, len, isEnd));
}

function mailAt(set: DetectorSet, text: usize, pos: u32, len: u32, isEnd: bool): bool {
  const end = emailAt(text, pos, len, isEnd);
  nextEvent = emailEvent;
  return takeAnswer(set, DetectorKind.Email, pos, end);
}

/** Takes a find that ends at `end`. False when it is UNDECIDED. */
function takeAnswer(set: DetectorSet, kind: u32, pos: u32, end: u32): bool {
  if (end == UNDECIDED) return false;
  if (end != NOTHING) takeFound(set, kind, pos, end, false);
  return true;
}
