/**
 * Card numbers in running text: whole neighbouring groups of digits, 12 to 19 of them with a right
 * check digit, whatever other groups stand beside them. Spaces and hyphens may stand between any
 * groups; dots, slashes and underscores, which amounts, addresses and dates have too, only where
 * the groups are those of cards: four digits, then four to six each.
 */
import { CARD_DIGITS_MIN } from './luhn';
import { luhnLengths, weakEnds } from './number-run';

/**
 * The digits of the longest card that begins with the run's first digit, 0 when none does; `ends`
 * are its group ends.
 */
export function cardDigits(ends: u32): u32 {
  let rest = (ends >> CARD_DIGITS_MIN) & luhnLengths();
  while (rest != 0) {
    const digits = CARD_DIGITS_MIN + 31 - <u32>clz(rest);
    const inside = (1 << digits) - 1;
    if ((weakEnds() & inside) == 0 || isCardShape(ends & inside, digits)) return digits;
    rest &= ~(1 << (digits - CARD_DIGITS_MIN));
  }
  return 0;
}

/** Whether groups have the lengths that cards are printed with; the last one may be shorter. */
function isCardShape(ends: u32, digits: u32): bool {
  let start: u32 = 0;
  for (let rest = ends; rest != 0; rest &= rest - 1) {
    const end = ctz(rest);
    if (start == 0 ? end != 4 : end - start < 4 || end - start > 6) return false;
    start = end;
  }
  return digits - start <= 6;
}
