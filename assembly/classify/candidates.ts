/** Everything that may begin at one position: which detectors look, and what they found. */
import { NOTHING, UNDECIDED } from './answers';
import {
  clearAnchors,
  colonAnchor,
  contextAnchorAt,
  labelAnchorAt,
  nextWaiting,
  takeWaiting,
} from './anchors';
import { apiKeyAt, isKeyOpen } from './api-keys';
import { cardDigits } from './card-digits';
import {
  DetectorSet,
  ID_DIGIT_KINDS,
  PATTERN_KINDS,
  RUN_KINDS,
  beginsPattern,
  isEnabled,
  patternTable,
} from './detector-set';
import { LOCAL_MAX, clearEmail, emailAt } from './email';
import { takeAnswer, takeFound, takeGrowing } from './found';
import { Growth } from './grow';
import { ibanAt } from './iban';
import { idDigitsAt } from './id-digits';
import { codiceAt, nieAt, nricAt } from './id-words';
import { clearJwt, isJwtOpen, jwtAt } from './jwt';
import { DetectorKind } from '../layout';
import { ipv4At, ipv6At, macAt } from './network';
import { clearRun, endOfDigits, groupEnds, openRun } from './number-run';
import { patternAt } from './pattern';
import { pemAt } from './pem';
import { internationalAt } from './phone';
import { isSecretOpen, secretAt } from './secret';
import { clearTokenRuns } from './token-run';
import {
  CONTEXT_SPAN,
  LABEL_SPAN,
  digitsAhead,
  hasAtAhead,
  hasColonWithin,
  hasDigitWithin,
  hasRunAt,
} from './unit-masks';
import { Unit, allOfClass, isLetter, unitAt, unitClass } from './units';

/** Units within which a word has a digit if it is an IBAN, NIE, NRIC or codice fiscale. */
const PREFIX_SPAN: u32 = 16;
/** Digits that every number in groups begins with. */
const RUN_DIGITS_MIN: u32 = 6;
/** Units of a group of an address and the colon behind it. */
const GROUP_SPAN: u32 = 5;
/** Units of an EUI-48. */
const MAC_SPAN: u32 = 17;

/** Forgets what is known of a text. */
export function clearCandidates(): void {
  clearAnchors();
  clearEmail();
  clearJwt();
  clearRun();
  clearTokenRuns();
}

/**
 * Takes what begins at `pos`. False when the text ends before that is known. INVARIANT: the masks
 * are around `pos`, and the text goes on for 64 units or ends.
 */
export function beginAt(
  set: DetectorSet,
  text: usize,
  from: u32,
  pos: u32,
  len: u32,
  isEnd: bool,
): bool {
  const before = pos > 0 ? unitClass(load<u8>(text + <usize>(pos - 1))) : 0;
  const bits = unitClass(load<u8>(text + <usize>pos));
  const fresh = bits & ~before & set.triggers;
  if (pos == nextWaiting) takeWaiting(set, pos);
  if ((fresh & Unit.Digit) != 0 && !digitsAt(set, text, pos, len, isEnd, before)) return false;
  if ((fresh & Unit.Alnum) != 0 && !wordAt(set, text, pos, len, isEnd)) return false;
  if ((bits & set.triggers & Unit.Sign) != 0 && !signAt(set, text, pos, len, isEnd)) return false;
  if ((fresh & Unit.Token) != 0 && hasRunAt(pos) && !tokenAt(set, text, pos, len, isEnd)) {
    return false;
  }
  if ((set.triggers & Unit.Lead) != 0 && (bits & Unit.Local) != 0 && hasAtAhead(pos)) {
    if (!mailAt(set, text, from, pos, len, isEnd, before)) return false;
  }
  return (set.enabled & PATTERN_KINDS) == 0 || patternsAt(set, text, pos, len, isEnd);
}

function digitsAt(
  set: DetectorSet,
  text: usize,
  pos: u32,
  len: u32,
  isEnd: bool,
  before: u32,
): bool {
  const isWord = (before & Unit.Alnum) == 0;
  if (isWord && isEnabled(set, DetectorKind.Ipv4)) {
    takeAnswer(set, DetectorKind.Ipv4, pos, ipv4At(text, pos, len));
  }
  if ((set.enabled & RUN_KINDS) == 0 || digitsAhead(pos) < RUN_DIGITS_MIN) return true;
  if (!openRun(text, pos, len, isEnd)) return false;
  const ends = groupEnds();
  if (isEnabled(set, DetectorKind.Card)) {
    const digits = cardDigits(ends);
    if (digits != 0) takeFound(set, DetectorKind.Card, pos, endOfDigits(digits), false);
  }
  if (!isWord || (set.enabled & ID_DIGIT_KINDS) == 0) return true;
  return idDigitsAt(set, text, pos, len, isEnd, ends);
}

function wordAt(set: DetectorSet, text: usize, pos: u32, len: u32, isEnd: bool): bool {
  const unit = load<u8>(text + <usize>pos);
  if (hasColonWithin(pos, LABEL_SPAN) && !labelAnchorAt(set, text, pos, len, isEnd)) return false;
  if ((unitClass(unit) & Unit.Hex) != 0 && !hexAt(set, text, pos, len, isEnd)) return false;
  if (!isLetter(unit)) return true;
  if (hasRunAt(pos) && !keyAt(set, text, pos, len, isEnd)) return false;
  if (!hasDigitWithin(pos, CONTEXT_SPAN)) return true;
  if (!contextAnchorAt(set, text, pos, len, isEnd)) return false;
  if (!hasDigitWithin(pos, PREFIX_SPAN)) return true;
  if (isEnabled(set, DetectorKind.ItCodiceFiscale) && hasDigitWithin(pos, PREFIX_SPAN, 6)) {
    const end = codiceAt(text, pos, len, isEnd);
    if (!takeAnswer(set, DetectorKind.ItCodiceFiscale, pos, end)) return false;
  }
  if (isEnabled(set, DetectorKind.Iban)) {
    if (!takeAnswer(set, DetectorKind.Iban, pos, ibanAt(text, pos, len, isEnd))) return false;
  }
  if (isEnabled(set, DetectorKind.EsDni)) {
    if (!takeAnswer(set, DetectorKind.EsDni, pos, nieAt(text, pos, len, isEnd))) return false;
  }
  if (!isEnabled(set, DetectorKind.SgNric)) return true;
  return takeAnswer(set, DetectorKind.SgNric, pos, nricAt(text, pos, len, isEnd));
}

/** Network addresses; one that stands behind its own separator is the middle of something longer. */
function hexAt(set: DetectorSet, text: usize, pos: u32, len: u32, isEnd: bool): bool {
  const before = pos > 0 ? load<u8>(text + <usize>(pos - 1)) : 0;
  if (before == 0x3a) return true;
  if (isEnabled(set, DetectorKind.Ipv6) && hasColonWithin(pos, GROUP_SPAN)) {
    if (!takeAnswer(set, DetectorKind.Ipv6, pos, ipv6At(text, pos, len, isEnd))) return false;
  }
  if (!isEnabled(set, DetectorKind.Mac) || before == 0x2d || before == 0x2e) return true;
  if (!hasDigitWithin(pos, MAC_SPAN)) return true;
  return takeAnswer(set, DetectorKind.Mac, pos, macAt(text, pos, len, isEnd));
}

function keyAt(set: DetectorSet, text: usize, pos: u32, len: u32, isEnd: bool): bool {
  if (isEnabled(set, DetectorKind.Jwt)) {
    const end = jwtAt(text, pos, len, isEnd);
    if (!takeOpen(set, DetectorKind.Jwt, pos, end, isJwtOpen ? Growth.Jwt : 0)) return false;
  }
  if (!isEnabled(set, DetectorKind.ApiKey)) return true;
  const end = apiKeyAt(text, pos, len, isEnd);
  return takeOpen(set, DetectorKind.ApiKey, pos, end, isKeyOpen ? Growth.Key : 0);
}

function signAt(set: DetectorSet, text: usize, pos: u32, len: u32, isEnd: bool): bool {
  const unit = load<u8>(text + <usize>pos);
  if (unit == 0x2b /* + */) {
    if (!isEnabled(set, DetectorKind.Phone)) return true;
    return takeAnswer(set, DetectorKind.Phone, pos, internationalAt(text, pos, len, isEnd));
  }
  if (unit == 0x2d /* - */) {
    if (!isEnabled(set, DetectorKind.PrivateKey)) return true;
    return takeOpen(set, DetectorKind.PrivateKey, pos, pemAt(text, pos, len, isEnd), Growth.Pem);
  }
  const before = pos > 0 ? load<u8>(text + <usize>(pos - 1)) : 0;
  if (before == 0x3a || (unitClass(before) & Unit.Alnum) != 0) return true;
  const next = unitAt(text, pos + 1, len);
  if ((unitClass(next) & Unit.Hex) != 0) return colonAnchor(set, text, pos, pos, len, isEnd);
  if (next != 0x3a || !isEnabled(set, DetectorKind.Ipv6)) return true;
  return takeAnswer(set, DetectorKind.Ipv6, pos, ipv6At(text, pos, len, isEnd));
}

function tokenAt(set: DetectorSet, text: usize, pos: u32, len: u32, isEnd: bool): bool {
  const end = secretAt(text, pos, len, isEnd);
  return takeOpen(set, DetectorKind.Secret, pos, end, isSecretOpen ? Growth.Token : 0);
}

/**
 * A local part begins where a run does, at its last 64 units, or where a match before has taken its
 * beginning.
 */
function mailAt(
  set: DetectorSet,
  text: usize,
  from: u32,
  pos: u32,
  len: u32,
  isEnd: bool,
  before: u32,
): bool {
  const isLead = (unitClass(load<u8>(text + <usize>pos)) & Unit.Lead) != 0;
  const isInside = (before & Unit.Lead) != 0;
  const isLast =
    unitAt(text, pos + LOCAL_MAX, len) == 0x40 &&
    allOfClass(text, pos, pos + LOCAL_MAX, Unit.Local);
  if (isInside ? pos != from && !isLast : !isLead && !isLast) return true;
  return takeAnswer(set, DetectorKind.Email, pos, emailAt(text, pos, len, isEnd));
}

/** Takes the matches of patterns that begin at `pos`. False when the text ends before that is known. */
export function patternsAt(set: DetectorSet, text: usize, pos: u32, len: u32, isEnd: bool): bool {
  if (!beginsPattern(set, load<u8>(text + <usize>pos))) return true;
  for (let kind: u32 = DetectorKind.Pattern0; kind <= <u32>DetectorKind.Pattern7; kind++) {
    if (!isEnabled(set, kind)) continue;
    const table = patternTable(set, kind - DetectorKind.Pattern0);
    if (!takeAnswer(set, kind, pos, patternAt(table, text, pos, len, isEnd))) return false;
  }
  return true;
}

/** As `takeAnswer`, for a find that may go on. */
function takeOpen(set: DetectorSet, kind: u32, pos: u32, end: u32, growth: u32): bool {
  if (end == UNDECIDED) return false;
  if (end == NOTHING) return true;
  if (growth != 0) takeGrowing(set, kind, pos, end, growth);
  else takeFound(set, kind, pos, end, false);
  return true;
}
