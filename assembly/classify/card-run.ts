/**
 * Card numbers in running text: groups of ASCII digits with one separator between them.
 *
 * A card is any sequence of whole neighbouring groups with 12 to 19 digits and a right check digit,
 * so that digits that happen to stand before it ("order 12 4111 1111 1111 1111") do not hide it. A
 * group of more than 19 digits is an identifier and never part of a card.
 *
 * The characters of a run are u32 entries in a ring:
 *
 *   bits 0-3   digit, or 15 for a separator
 *   bits 4-7   bytes of the character as it is written (6 for an escape)
 *   bit  8     the character is part of a card and not among the digits that stay
 */
import { CARD_DIGITS_MAX, CARD_DIGITS_MIN, luhnTerm } from './luhn';

/** Entries of the ring, a power of two: more than 20 digits and as many separators. */
export const CARD_RING: u32 = 64;

/** Digit field of a separator. */
export const SEPARATOR: u32 = 15;

/** Set on characters that have to be masked. */
export const COVERED: u32 = 0x100;

/** Address of entry `index`; indexes only rise. */
// @ts-ignore: decorator
@inline
export function cardEntry(ring: usize, index: u32): usize {
  return ring + ((<usize>(index & (CARD_RING - 1))) << 2);
}

/**
 * Covers every card that ends with entry `tail - 1`, a digit, but for its last `keep` digits (all
 * of it when it has no more than `keep`). Looks at 19 digits at most. False when there is none.
 */
export function coverCards(ring: usize, head: u32, tail: u32, keep: u32): bool {
  let digits: u32 = 0;
  let sum: u32 = 0;
  let found = false;
  for (let i = tail; i != head;) {
    const digit = load<u32>(cardEntry(ring, --i)) & 15;
    if (digit == SEPARATOR) continue;
    if (digits == CARD_DIGITS_MAX) break;
    sum += luhnTerm(digit, digits++);
    if (digits < CARD_DIGITS_MIN || sum % 10 != 0) continue;
    if (i != head && (load<u32>(cardEntry(ring, i - 1)) & 15) != SEPARATOR) continue;
    cover(ring, i, digits > keep ? digits - keep : digits);
    found = true;
  }
  return found;
}

/**
 * Whether a code point may stand between two groups: a space, a hyphen, or one of their typographic
 * forms.
 */
export function isCardSeparator(codePoint: u32): bool {
  if (codePoint < 0x80) return codePoint == 0x20 || codePoint == 0x2d;
  return (
    codePoint == 0xa0 ||
    (codePoint >= 0x2000 && codePoint <= 0x200a) ||
    (codePoint >= 0x2010 && codePoint <= 0x2015) ||
    codePoint == 0x202f ||
    codePoint == 0x2212
  );
}

function cover(ring: usize, start: u32, count: u32): void {
  for (let i = start; count > 0; i++) {
    const entry = cardEntry(ring, i);
    if ((load<u32>(entry) & 15) == SEPARATOR) continue;
    store<u32>(entry, load<u32>(entry) | COVERED);
    count--;
  }
}
