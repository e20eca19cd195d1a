/** Characters as the oracle sees them: how each is written, what it says, and what detectors read in it. */

/** One character of a text. */
export interface Unit {
  /** as it stands in the body */
  readonly raw: string;
  /** one code point, or half a surrogate pair */
  readonly char: string;
}

const isNd = (codePoint: number): boolean => /^\p{Nd}$/u.test(String.fromCodePoint(codePoint));
const within = (codePoint: number, ranges: readonly [number, number][]): boolean =>
  ranges.some(([first, last]) => codePoint >= first && codePoint <= last);

const spaces: [number, number][] = [
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
];
const hyphens: [number, number][] = [
  [0x2010, 0x2015],
  [0x2212, 0x2212],
  [0xfe58, 0xfe58],
  [0xfe63, 0xfe63],
];
const invisible: [number, number][] = [
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x2069],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
];
const smallForms: Record<number, string> = {
  65106: '.',
  65109: ':',
  65122: '+',
  65131: '@',
};

/** The byte that detectors read for a character: 0x01 for an invisible one, 0x80 for what is no form of ASCII. */
export function normalByte(char: string): number {
  const codePoint = char.codePointAt(0) ?? 0;
  if (codePoint < 0x80) return codePoint;
  if (within(codePoint, spaces)) return 0x20;
  if (within(codePoint, hyphens)) return 0x2d;
  if (within(codePoint, invisible)) return 0x01;
  if (codePoint >= 0xff01 && codePoint <= 0xff5e) return codePoint - 0xfee0;
  const small = smallForms[codePoint];
  if (small !== undefined) return small.charCodeAt(0);
  if (!isNd(codePoint)) return 0x80;
  // Decimal digits come in tens that may follow one another.
  let first = codePoint;
  while (isNd(first - 1)) first--;
  return 0x30 + ((codePoint - first) % 10);
}

/** UTF-8 of a text, half a surrogate pair as three bytes. */
export function utf8Of(chars: readonly string[]): Buffer {
  return Buffer.concat(
    chars.map((char) => {
      const codePoint = char.codePointAt(0) ?? 0;
      if (codePoint < 0xd800 || codePoint > 0xdfff) return Buffer.from(char);
      return Buffer.from([0xed, 0x80 | ((codePoint >> 6) & 0x3f), 0x80 | (codePoint & 0x3f)]);
    }),
  );
}

/** A text as the body of a JSON string, with no more escapes than have to be. */
export function jsonText(text: string): string {
  return Array.from(text, (char) => {
    if (char < ' ') return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
    return char === '"' || char === '\\' ? `\\${char}` : char;
  }).join('');
}
