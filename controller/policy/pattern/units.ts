/** What patterns read: one unit for each character, as the filter's detectors see text. */

/** ASCII stands for itself. */
export const ASCII_UNITS = 128;

/** All characters outside of ASCII, but for digits, blanks and hyphens of other scripts, which become those of ASCII. */
export const OTHER_UNIT = 128;

/** Invisible characters, which are ignored inside of a match. */
export const IGNORABLE_UNIT = 1;

/** A set of units, one bit each. */
export type UnitSet = bigint;

/** All units. */
export const anyUnit: UnitSet = (1n << BigInt(OTHER_UNIT + 1)) - 1n;

/** The set of units from one to another. */
export function unitsFrom(first: number, last: number): UnitSet {
  return ((1n << BigInt(last - first + 1)) - 1n) << BigInt(first);
}

/** The set of the characters of an ASCII text. */
export function unitsOf(text: string): UnitSet {
  let set = 0n;
  for (const character of text) set |= 1n << BigInt(character.charCodeAt(0));
  return set;
}

/** Everything that is not in a set. */
export function without(set: UnitSet): UnitSet {
  return anyUnit & ~set;
}

/** True when a set holds a unit. */
export function hasUnit(set: UnitSet, unit: number): boolean {
  return ((set >> BigInt(unit)) & 1n) === 1n;
}

/** `0` to `9`. */
export const digits = unitsFrom(0x30, 0x39);

/** Letters, digits and `_`. */
export const wordUnits = digits | unitsFrom(0x41, 0x5a) | unitsFrom(0x61, 0x7a) | unitsOf('_');

/** White space. */
export const spaces = unitsOf(' \t\n\r\f\v');

/** What `.` stands for: everything but line ends. */
export const noLineEnd = without(unitsOf('\n\r'));
