/**
 * Which detectors are in force, and how strong what each finds is masked.
 *
 *       0  u64      enabled: bit of each DetectorKind
 *       8  usize    address from which the offsets of the pattern tables count, 0 when there are none
 *      12  u32      triggers: `Unit` classes at the start of which a detector has to look, derived
 *      16  u32[8]   offset of the table of Pattern0 to Pattern7, plus one; 0 when it has none
 *      48  u16[64]  strength by kind
 *     176  u8[32]   bit of each unit with which an enabled pattern may begin, derived
 *     208  u32      needs: what a text must have to hold anything, derived
 *     216  end
 */
import { DetectorKind } from '../layout';
import { kindBit } from './kinds';
import { PatternFlag, patternBegins, patternFlags, validatePattern } from './pattern';
import { Unit } from './units';

/** Bytes of a set. */
export const DETECTOR_SET_BYTES: usize = 216;

const PATTERN_OFFSETS: usize = 16;
const STRENGTHS: usize = 48;
const PATTERN_STARTS: usize = 176;
const NEEDS: usize = 208;

/** National numbers that begin with a digit, at least in one of their forms. */
export const ID_DIGIT_KINDS: u64 =
  kindBit(DetectorKind.Ssn) |
  kindBit(DetectorKind.BrCpf) |
  kindBit(DetectorKind.CnResident) |
  kindBit(DetectorKind.EsDni) |
  kindBit(DetectorKind.FrNir) |
  kindBit(DetectorKind.PlPesel) |
  kindBit(DetectorKind.NlBsn) |
  kindBit(DetectorKind.SePersonnummer) |
  kindBit(DetectorKind.FiHetu) |
  kindBit(DetectorKind.InAadhaar) |
  kindBit(DetectorKind.TrKimlik) |
  kindBit(DetectorKind.ZaId) |
  kindBit(DetectorKind.KrRrn) |
  kindBit(DetectorKind.DeSteuerId) |
  kindBit(DetectorKind.BeRijksregister) |
  kindBit(DetectorKind.GbNhs) |
  kindBit(DetectorKind.AuTfn) |
  kindBit(DetectorKind.CaSin) |
  kindBit(DetectorKind.NoFodselsnummer);

/** Kinds that are read from groups of digits. */
export const RUN_KINDS: u64 = ID_DIGIT_KINDS | kindBit(DetectorKind.Card);

/** Kinds that begin with a digit that no digit stands before. */
export const DIGIT_KINDS: u64 = RUN_KINDS | kindBit(DetectorKind.Ipv4);

/** Kinds that begin with a letter or digit that none stands before. */
export const WORD_KINDS: u64 =
  kindBit(DetectorKind.Iban) |
  kindBit(DetectorKind.Phone) |
  kindBit(DetectorKind.Ssn) |
  kindBit(DetectorKind.Ipv6) |
  kindBit(DetectorKind.Mac) |
  kindBit(DetectorKind.Jwt) |
  kindBit(DetectorKind.ApiKey) |
  kindBit(DetectorKind.EsDni) |
  kindBit(DetectorKind.ItCodiceFiscale) |
  kindBit(DetectorKind.SgNric);

/** Kinds that begin with + - or a colon. */
export const SIGN_KINDS: u64 =
  kindBit(DetectorKind.Phone) |
  kindBit(DetectorKind.PrivateKey) |
  kindBit(DetectorKind.Ipv6) |
  kindBit(DetectorKind.Mac);

/** Patterns of the user. */
export const PATTERN_KINDS: u64 = u64(0xff) << u64(DetectorKind.Pattern0);

/** What a text must have so that something may be in it. */
export const enum Need {
  Digit = 1,
  At = 2,
  Colon = 4,
  /** twenty neighbouring characters of keys and tokens */
  Run = 8,
  /** five neighbouring hyphens */
  Dashes = 16,
  /** anything may be a match */
  Nothing = 32,
}

/** Fields of a set; plain memory, valid after `clearDetectors`. */
// @ts-ignore: decorator
@unmanaged
export class DetectorSet {
  enabled: u64;
  patterns: usize;
  triggers: u32;

  /** `Need` bits: a text with none of these holds nothing. */
  get needs(): u32 {
    return load<u32>(changetype<usize>(this), NEEDS);
  }
}

/** Makes a set in which no detector is in force. */
export function clearDetectors(set: DetectorSet): void {
  memory.fill(changetype<usize>(set), 0, DETECTOR_SET_BYTES);
}

/**
 * Puts a detector in force; of several calls for a kind the greatest strength (below 65,536) counts.
 * Strength 0 and numbers that are no kind are ignored. A pattern needs its table first (`placePattern`).
 */
export function enableDetector(set: DetectorSet, kind: u32, strength: u32): void {
  if (!isKind(kind) || strength == 0) return;
  const slot = changetype<usize>(set) + STRENGTHS + ((<usize>kind) << 1);
  const bit = kindBit(kind);
  if ((PATTERN_KINDS & bit) != 0 && patternTable(set, kind - DetectorKind.Pattern0) == 0) return;
  store<u16>(slot, <u16>max(<u32>load<u16>(slot), min(strength, 0xffff)));
  set.enabled |= bit;
  if ((DIGIT_KINDS & bit) != 0) set.triggers |= Unit.Digit;
  if ((WORD_KINDS & bit) != 0) set.triggers |= Unit.Alnum;
  if ((SIGN_KINDS & bit) != 0) set.triggers |= Unit.Sign;
  if (kind == DetectorKind.Email) set.triggers |= Unit.Lead;
  if (kind == DetectorKind.Secret) set.triggers |= Unit.Token;
  const needs = changetype<usize>(set) + NEEDS;
  store<u32>(needs, load<u32>(needs) | needOf(set, kind));
  if ((PATTERN_KINDS & bit) != 0) addPatternStarts(set, kind - DetectorKind.Pattern0);
}

/** Strength of a kind, 0 when it is not in force. */
export function strengthOf(set: DetectorSet, kind: u32): u32 {
  return <u32>load<u16>(changetype<usize>(set) + STRENGTHS + ((<usize>(kind & 63)) << 1));
}

// @ts-ignore: decorator
@inline
export function isEnabled(set: DetectorSet, kind: u32): bool {
  return (set.enabled & kindBit(kind)) != 0;
}

/**
 * Gives pattern 0 to 7 its table, at an offset behind `set.patterns`. False, and no table, when it
 * is not valid (`validatePattern`) within the `room` bytes that it has.
 */
export function placePattern(set: DetectorSet, index: u32, offset: u32, room: u32): bool {
  if (index > 7 || set.patterns == 0 || !validatePattern(set.patterns + <usize>offset, room)) {
    return false;
  }
  usePattern(set, index, offset);
  return true;
}

/** As `placePattern`, for a table that is known to be valid and an index of 0 to 7. */
export function usePattern(set: DetectorSet, index: u32, offset: u32): void {
  store<u32>(changetype<usize>(set) + PATTERN_OFFSETS + ((<usize>index) << 2), offset + 1);
}

/** Whether a pattern in force may begin with a unit. */
// @ts-ignore: decorator
@inline
export function beginsPattern(set: DetectorSet, unit: u8): bool {
  const bits = <u32>load<u8>(changetype<usize>(set) + PATTERN_STARTS + <usize>(unit >> 3));
  return ((bits >> (unit & 7)) & 1) != 0;
}

/** Address of the table of pattern 0 to 7, 0 when it has none. */
export function patternTable(set: DetectorSet, index: u32): usize {
  const offset = load<u32>(changetype<usize>(set) + PATTERN_OFFSETS + ((<usize>index) << 2));
  return offset == 0 ? 0 : set.patterns + <usize>(offset - 1);
}

function addPatternStarts(set: DetectorSet, index: u32): void {
  const table = patternTable(set, index);
  for (let unit: u32 = 0; unit < 256; unit++) {
    const at = changetype<usize>(set) + PATTERN_STARTS + <usize>(unit >> 3);
    if (patternBegins(table, unit)) store<u8>(at, load<u8>(at) | (<u8>(u32(1) << (unit & 7))));
  }
}

function needOf(set: DetectorSet, kind: u32): u32 {
  switch (kind) {
    case DetectorKind.Email:
      return Need.At;
    case DetectorKind.Ipv6:
      return Need.Colon;
    case DetectorKind.Jwt:
    case DetectorKind.ApiKey:
    case DetectorKind.Secret:
      return Need.Run;
    case DetectorKind.PrivateKey:
      return Need.Dashes;
    default:
      break;
  }
  if (kind < <u32>DetectorKind.Pattern0) return Need.Digit;
  const flags = patternFlags(patternTable(set, kind - DetectorKind.Pattern0));
  return (flags & PatternFlag.NeedsDigit) != 0 ? Need.Digit : Need.Nothing;
}

function isKind(kind: u32): bool {
  return (kind >= 1 && kind <= 12) || (kind >= 16 && kind <= 35) || (kind >= 56 && kind <= 63);
}
