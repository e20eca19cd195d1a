/** Card numbers as the oracle finds them: every sequence of whole groups is tried, and JSON numbers are computed exactly. */

/** What was found in a text, by index of its units. */
export interface Found {
  start: number;
  end: number;
  strength: number;
}

const INVISIBLE = 0x81;

interface Digit {
  value: string;
  at: number;
  /** separator that stands before it, or '' */
  gap: string;
}

/** The cards in the bytes of `normalByte`, as unions of those that overlap. */
export function findCards(bytes: readonly number[], strength: number): Found[] {
  // What nobody sees, as a letter that a pattern may have.
  const text = String.fromCharCode(...bytes.map((byte) => (byte === 0x01 ? INVISIBLE : byte)));
  const all: Found[] = [];
  for (const match of text.matchAll(/(?<![0-9])[0-9]/g)) {
    const start = match.index;
    const digits = readRun(text, start);
    const cards = candidates(digits).filter((count) => isCard(digitsOf(digits, count)));
    const longest = Math.max(0, ...cards);
    if (longest === 0) continue;
    const end = (digits[longest - 1]?.at ?? 0) + 1;
    const last = all.at(-1);
    if (last && start < last.end) last.end = Math.max(last.end, end);
    else all.push({ start, end, strength });
  }
  return all;
}

/** Whether digits are 12 to 19 and end in their Luhn digit. */
export function isCard(digits: string): boolean {
  if (digits.length < 12 || digits.length > 19) return false;
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const term = Number(digit) * (i % 2 === 0 ? 1 : 2);
    return total + (term > 9 ? term - 9 : term);
  }, 0);
  return sum % 10 === 0;
}

/** Whether a JSON number is a card: its integer digits as written, or the integer part of its value. */
export function isCardNumber(text: string): boolean {
  const [, integer = '', fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  if (isCard(integer)) return true;
  const shift = Number(exponent) - fraction.length;
  if (Math.abs(shift) > 1000) return false;
  const mantissa = BigInt(integer + fraction);
  const value = shift >= 0 ? mantissa * 10n ** BigInt(shift) : mantissa / 10n ** BigInt(-shift);
  return isCard(String(value));
}

const digitsOf = (digits: readonly Digit[], count: number): string =>
  digits
    .slice(0, count)
    .map(({ value }) => value)
    .join('');

/** The digits from `start` on with at most one separator and three invisible characters between two. */
function readRun(text: string, start: number): Digit[] {
  const digits: Digit[] = [{ value: text[start] ?? '', at: start, gap: '' }];
  const next = /([ \-./_\u0081]*)([0-9])/y;
  for (let at = start + 1; ; ) {
    next.lastIndex = at;
    const [whole, between = '', value] = next.exec(text) ?? [];
    const gap = between.replaceAll('\u0081', '');
    if (whole === undefined || value === undefined) break;
    if (gap.length > 1 || between.length - gap.length > 3) break;
    at += whole.length;
    digits.push({ value, at: at - 1, gap });
  }
  return digits;
}

/** How many first digits are whole groups of a shape that a card may have. */
function candidates(digits: readonly Digit[]): number[] {
  const ends = digits.flatMap(({ gap }, i) => (i > 0 && gap !== '' ? [i] : []));
  return [...ends, digits.length].filter((count) => {
    const inside = ends.filter((end) => end < count);
    const isWeak = inside.some((end) => /[./_]/.test(digits[end]?.gap ?? ''));
    if (!isWeak) return true;
    const lengths = [...inside, count].map((end, i) => end - (inside[i - 1] ?? 0));
    return lengths.every((length, i) =>
      i === 0 ? length === 4 : length <= 6 && (length >= 4 || i === lengths.length - 1),
    );
  });
}
