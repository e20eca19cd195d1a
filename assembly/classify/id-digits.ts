/**
 * National numbers that begin with a digit: which of them the groups of digits at a position could
 * be. Groups have to be whole, and no letter may touch them; which separators stand between does
 * not matter.
 */
import { NOTHING, UNDECIDED } from './answers';
import { DetectorSet, isEnabled } from './detector-set';
import { takeAnswer, takeFound } from './found';
import { corsicanAt, dniAt, fourDigitsAt, hetuTailAt, residentAt } from './id-words';
import { DetectorKind } from '../layout';
import {
  isAadhaar,
  isBsn,
  isCpf,
  isFodselsnummer,
  isKimlik,
  isNhs,
  isNir,
  isPersonnummer,
  isPesel,
  isRijksregister,
  isRrn,
  isSin,
  isSsn,
  isSteuerId,
  isTfn,
  isZaId,
  numberOf,
} from './national-sums';
import { endOfDigits, runDigit, weakEnds } from './number-run';
import { isAlnum, unitAt } from './units';

/** Numbers of digits that occur. */
const LENGTHS: u32 = (1 << 9) | (1 << 10) | (1 << 11) | (1 << 12) | (1 << 13) | (1 << 15);

/** Groups, as bits of the digits that a separator stands before. */
const GROUPS_3_5: u32 = (1 << 3) | (1 << 5);
const GROUPS_3_6: u32 = (1 << 3) | (1 << 6);
const GROUPS_4_6: u32 = (1 << 4) | (1 << 6);
const GROUPS_4_8: u32 = (1 << 4) | (1 << 8);
const GROUPS_6: u32 = 1 << 6;
const GROUPS_8: u32 = 1 << 8;
const GROUPS_9: u32 = 1 << 9;
const GROUPS_13: u32 = 1 << 13;
const GROUPS_3_6_9: u32 = GROUPS_3_6 | GROUPS_9;
const GROUPS_2_5_8: u32 = (1 << 2) | (1 << 5) | (1 << 8);
const GROUPS_6_9: u32 = GROUPS_6 | GROUPS_9;
const GROUPS_6_10: u32 = GROUPS_6 | (1 << 10);
const GROUPS_2_4_6_9: u32 = (1 << 2) | (1 << 4) | GROUPS_6_9;
const GROUPS_NIR: u32 = (1 << 1) | (1 << 3) | (1 << 5) | (1 << 7) | (1 << 10);
const GROUPS_6_14: u32 = GROUPS_6 | (1 << 14);

/** Most separators of a number. */
const GROUPS_MAX: u32 = 6;

/** Values of the digits. */
const DIGITS: usize = memory.data(32, 8);

/**
 * Takes the numbers that begin at `pos`, whose groups end at `ends`. False when the text ends
 * before that is known.
 */
export function idDigitsAt(
  set: DetectorSet,
  text: usize,
  pos: u32,
  len: u32,
  isEnd: bool,
  ends: u32,
): bool {
  for (let rest = ends & LENGTHS; rest != 0; rest &= rest - 1) {
    const count = ctz(rest);
    const groups = ends & ((1 << count) - 1);
    if (popcnt(groups) > GROUPS_MAX) continue;
    const end = endOfDigits(count);
    if (!isAlnum(unitAt(text, end, len))) takeCount(set, pos, end, count, groups);
  }
  return lettersAt(set, text, pos, len, isEnd, ends);
}

function takeCount(set: DetectorSet, pos: u32, end: u32, count: u32, groups: u32): void {
  takeDigits(count);
  switch (count) {
    case 9:
      takeNine(set, pos, end, groups);
      break;
    case 10:
      if (groups == 0 || groups == GROUPS_6) {
        takeIf(set, DetectorKind.SePersonnummer, pos, end, isPersonnummer(DIGITS, 10));
      }
      if (groups == 0 || groups == GROUPS_3_6) {
        takeIf(set, DetectorKind.GbNhs, pos, end, isNhs(DIGITS));
      }
      break;
    case 11:
      takeEleven(set, pos, end, groups);
      break;
    case 12:
      if (groups == 0 || groups == GROUPS_8) {
        takeIf(set, DetectorKind.SePersonnummer, pos, end, isPersonnummer(DIGITS, 12));
      }
      if (groups == 0 || groups == GROUPS_4_8) {
        takeIf(set, DetectorKind.InAadhaar, pos, end, isAadhaar(DIGITS));
      }
      break;
    case 13:
      if (groups == 0 || groups == GROUPS_6_10) {
        takeIf(set, DetectorKind.ZaId, pos, end, isZaId(DIGITS));
      }
      if (groups == 0 || groups == GROUPS_6) {
        takeIf(set, DetectorKind.KrRrn, pos, end, isRrn(DIGITS));
      }
      break;
    case 15:
      if (groups == 0 || groups == GROUPS_13 || (groups & ~GROUPS_13) == GROUPS_NIR) {
        takeIf(set, DetectorKind.FrNir, pos, end, isNir(DIGITS, 0));
      }
  }
}

function takeNine(set: DetectorSet, pos: u32, end: u32, groups: u32): void {
  if (groups == GROUPS_3_5 && (weakEnds() & 0x1ff) == 0) {
    takeIf(set, DetectorKind.Ssn, pos, end, isSsn(DIGITS));
  }
  if (groups == 0 || groups == GROUPS_3_6) {
    takeIf(set, DetectorKind.AuTfn, pos, end, isTfn(DIGITS));
    takeIf(set, DetectorKind.CaSin, pos, end, isSin(DIGITS));
  }
  if (groups == 0 || groups == GROUPS_3_6 || groups == GROUPS_4_6) {
    takeIf(set, DetectorKind.NlBsn, pos, end, isBsn(DIGITS));
  }
}

function takeEleven(set: DetectorSet, pos: u32, end: u32, groups: u32): void {
  if (groups == 0 || groups == GROUPS_3_6_9 || groups == GROUPS_9) {
    takeIf(set, DetectorKind.BrCpf, pos, end, isCpf(DIGITS));
  }
  if (groups == 0) {
    takeIf(set, DetectorKind.PlPesel, pos, end, isPesel(DIGITS));
    takeIf(set, DetectorKind.TrKimlik, pos, end, isKimlik(DIGITS));
  }
  if (groups == 0 || groups == GROUPS_2_5_8) {
    takeIf(set, DetectorKind.DeSteuerId, pos, end, isSteuerId(DIGITS));
  }
  if (groups == 0 || groups == GROUPS_2_4_6_9 || groups == GROUPS_6_9) {
    takeIf(set, DetectorKind.BeRijksregister, pos, end, isRijksregister(DIGITS));
  }
  if (groups == 0 || groups == GROUPS_6) {
    takeIf(set, DetectorKind.NoFodselsnummer, pos, end, isFodselsnummer(DIGITS));
  }
}

/** Numbers that have a letter or a plus sign behind their first digits. */
function lettersAt(
  set: DetectorSet,
  text: usize,
  pos: u32,
  len: u32,
  isEnd: bool,
  ends: u32,
): bool {
  if (isEnabled(set, DetectorKind.EsDni) && hasGroups(ends, 8, GROUPS_2_5_8)) {
    const end = dniAt(text, pos, len, isEnd);
    if (!takeAnswer(set, DetectorKind.EsDni, pos, end)) return false;
  }
  if (isEnabled(set, DetectorKind.CnResident) && hasResidentGroups(ends)) {
    const end = residentAt(text, pos, len, isEnd);
    if (!takeAnswer(set, DetectorKind.CnResident, pos, end)) return false;
  }
  if (isEnabled(set, DetectorKind.FrNir) && hasGroups(ends, 6, GROUPS_NIR)) {
    const end = corsicanAt(text, pos, len, isEnd);
    if (!takeAnswer(set, DetectorKind.FrNir, pos, end)) return false;
  }
  if (isEnabled(set, DetectorKind.FiHetu) && hasGroups(ends, 6, 0)) {
    takeDigits(6);
    const date = <u32>numberOf(DIGITS, 0, 6);
    const end = hetuTailAt(text, endOfDigits(6), len, isEnd, date);
    if (!takeAnswer(set, DetectorKind.FiHetu, pos, end)) return false;
  }
  if (!isEnabled(set, DetectorKind.SePersonnummer)) return true;
  if (hasGroups(ends, 6, 0)) return plusAt(set, text, pos, len, isEnd, 6);
  return !hasGroups(ends, 8, 0) || plusAt(set, text, pos, len, isEnd, 8);
}

/** Personnummer of somebody who is a hundred years old: a plus sign stands before the last four digits. */
function plusAt(set: DetectorSet, text: usize, pos: u32, len: u32, isEnd: bool, count: u32): bool {
  const sign = endOfDigits(count);
  if (unitAt(text, sign, len) != 0x2b) return true;
  takeDigits(count);
  const end = fourDigitsAt(text, sign + 1, len, isEnd, DIGITS + <usize>count);
  if (end == UNDECIDED) return false;
  if (end != NOTHING) {
    takeIf(set, DetectorKind.SePersonnummer, pos, end, isPersonnummer(DIGITS, count + 4));
  }
  return true;
}

/** Whether a group ends behind `count` digits, and before them at most where `allowed` says. */
// @ts-ignore: decorator
@inline
function hasGroups(ends: u32, count: u32, allowed: u32): bool {
  return ((ends >> count) & 1) != 0 && (ends & ((1 << count) - 1) & ~allowed) == 0;
}

// @ts-ignore: decorator
@inline
function hasResidentGroups(ends: u32): bool {
  return hasGroups(ends, 17, GROUPS_6_14) || hasGroups(ends, 18, GROUPS_6_14);
}

function takeDigits(count: u32): void {
  for (let i: u32 = 0; i < count; i++) store<u8>(DIGITS + <usize>i, <u8>runDigit(i));
}

// @ts-ignore: decorator
@inline
function takeIf(set: DetectorSet, kind: u32, pos: u32, end: u32, isRight: bool): void {
  if (isRight && isEnabled(set, kind)) takeFound(set, kind, pos, end, false);
}
