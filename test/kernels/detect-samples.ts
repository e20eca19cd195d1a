/** Values that detectors find, made anew from check digits, and texts around them. */
import fc from 'fast-check';

import {
  codice,
  digitNumbers,
  dni,
  hetu,
  luhn,
  mod97,
  nir,
  nric,
  resident,
} from './detect-checks.ts';

/** Values of each kind that a run has. */
const POOL = 12;

/** A generator of numbers that is the same in each run (Numerical Recipes, section 7.1). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  pick<T>(all: ArrayLike<T>): T {
    return all[this.below(all.length)] as T;
  }

  text(alphabet: string, length: number): string {
    return Array.from({ length }, () => this.pick(alphabet)).join('');
  }
}

const random = new Random(20_161);
const decimal = '0123456789';
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const base64url = `${letters}${letters.toLowerCase()}${decimal}-_`;
const date = (): string =>
  random.text(decimal, 2) +
  String(random.below(12) + 1).padStart(2, '0') +
  String(random.below(28) + 1).padStart(2, '0');

/** Tries until a value is valid. */
function search(make: () => string, isValid: (text: string) => boolean): string {
  for (;;) {
    const text = make();
    if (isValid(text)) return text;
  }
}

/** `digits` in groups as `lengths` says, with a separator between. */
function group(digits: string, lengths: string, separator: string): string {
  let at = 0;
  return lengths
    .split(',')
    .map((length) => {
      at += Number(length);
      return digits.slice(at - Number(length), at);
    })
    .join(separator);
}

function digitNumber(kind: keyof typeof digitNumbers): string {
  const { groups, isValid } = digitNumbers[kind];
  const lengths = random.pick(groups as readonly string[]);
  const count = lengths.split(',').reduce((sum, length) => sum + Number(length), 0);
  const make = (): string => {
    if (kind === 'FrNir') {
      const rest = random
        .text(decimal, 12)
        .replace(/^(..)../, (_, year) => `${year}${date().slice(2, 4)}`);
      const stem = `1${rest}`;
      return stem + String(97n - (BigInt(stem) % 97n)).padStart(2, '0');
    }
    if (kind === 'BeRijksregister') {
      const stem = date() + random.text(decimal, 3);
      return stem + String(97 - (Number(stem) % 97)).padStart(2, '0');
    }
    if (kind === 'NoFodselsnummer') {
      const [year, month, day] = date().match(/../g) ?? [];
      return `${day}${month}${year}${random.text(decimal, 5)}`;
    }
    if (kind === 'SePersonnummer' && count === 12) return `19${date()}${random.text(decimal, 4)}`;
    const isDated = ['PlPesel', 'SePersonnummer', 'ZaId', 'KrRrn'].includes(kind);
    return isDated ? date() + random.text(decimal, count - 6) : random.text(decimal, count);
  };
  return group(search(make, isValid), lengths, random.pick(['-', ' ', ' ']));
}

function iban(): string {
  const [country, length] = random.pick([
    ['DE', 22],
    ['GB', 22],
    ['NO', 15],
    ['FR', 27],
    ['MT', 31],
  ] as const);
  const body = random.text(decimal + letters, length - 4);
  const all = search(() => country + random.text(decimal, 2) + body, mod97);
  const spelled = random.below(2) ? all : all.replace(/(.{4})(?=.)/g, '$1 ');
  return random.below(3) ? spelled : spelled.toLowerCase();
}

function card(): string {
  const digits = search(() => random.text(decimal, 12 + random.below(8)), luhn);
  return digits.replace(/(.{4})(?=.)/g, `$1${random.pick(['', ' ', '-', '.', '/', '_'])}`);
}

function wordNumber(): string {
  const digit = (n: number): string => random.text(decimal, n);
  const six = date().replace(/(..)(..)(..)/, '$3$2$1');
  return random.pick([
    () => search(() => digit(8) + random.pick(letters), dni),
    () => search(() => random.pick('XYZ') + digit(7) + random.pick(letters), dni),
    () => search(() => random.pick('STFGM') + digit(7) + random.pick(letters), nric),
    () =>
      search(
        () =>
          `${random.text(letters, 6)}${digit(2)}${random.pick('ABCDEHLMPRST')}1${digit(1)}${random.pick(letters)}${digit(3)}${random.pick(letters)}`,
        codice,
      ),
    () => search(() => `11010519${date()}${digit(3)}${random.pick(`${decimal}X`)}`, resident),
    () => search(() => `284122${random.pick('AB')}${digit(6)}${digit(2)}`, nir),
    () =>
      search(() => six + digit(3) + random.pick(`${decimal}ABCDEFHJKLMNPRSTUVWXY`), hetu).replace(
        /^.{6}/,
        (start) => start + random.pick('-+AY'),
      ),
  ])();
}

function token(): string {
  const b64 = (n: number): string => random.text(base64url, n);
  return random.pick([
    () => `eyJ${b64(12 + random.below(9))}.${b64(4 + random.below(30))}.${b64(random.below(30))}`,
    () => `AKIA${random.text(letters + decimal, 16)}`,
    () => `ghp_${random.text(letters + decimal, 36)}`,
    () => `sk-${b64(40)}`,
    () => `SG.${b64(22)}.${b64(43)}`,
    () => `xoxb-${b64(20)}`,
    () => b64(20 + random.below(60)),
    () => `-----BEGIN RSA PRIVATE KEY-----\n${b64(20)}\n-----END RSA PRIVATE KEY-----`,
    () => '-----BEGIN PRIVATE KEY-----MII',
  ])();
}

function contact(): string {
  const digit = (n: number): string => random.text(decimal, n);
  return random.pick([
    () =>
      `${random.text('abcXY.1_', 1 + random.below(70))}@${random.pick(['a.de', 'x-y.example.com', 'b.c1', 'a.xn--p1ai', 'ex\u00e4mple.de'])}`,
    () =>
      `+${random.pick(['1 (555) 123-4567', '49 30 1234567', '44 (0)20 7946 0958', '999 12345678', '123456789'])}`,
    () =>
      `${random.pick(['tel', 'Phone', 'call', 't\u00e9l', 'mobileNumber', 'fax', 'SSN', 'social security', 'phonetic'])}${random.pick([': ', ' ', '=', ' (', ' number is '])}${random.pick([digit(9), digit(10), '555-1234', '2024-01-02', '030/123 45 67', digit(5)])}`,
    () => `${random.below(300)}.${random.below(300)}.${random.below(300)}.${random.below(300)}`,
    () =>
      random.pick([
        '2001:db8::1',
        'fe80::1:2',
        '::1',
        '1:2:3:4:5:6:7:8',
        '::ffff:10.0.0.1',
        '12:30:45',
        'a::b',
        '1::2::3',
        'fe80::',
        '1:2:3:4:5:6:7:8:9',
      ]),
    () =>
      random.pick([
        '00:1A:2b:3c:4d:5e',
        '00-1a-2b-3c-4d-5e',
        '001a.2b3c.4d5e',
        '00:1a:2b:3c:4d:5e:6f',
        'aa:bb:cc:dd:ee:ff',
      ]),
  ])();
}

const repeat = (make: () => string): string[] => Array.from({ length: POOL }, make);

/** Values of all kinds. */
export const samples: readonly string[] = [
  ...repeat(card),
  ...repeat(iban),
  ...repeat(token).flatMap((one) => [one, token()]),
  ...repeat(contact).flatMap((one) => [one, contact(), contact()]),
  ...repeat(wordNumber).flatMap((one) => [one, wordNumber(), wordNumber()]),
  ...(Object.keys(digitNumbers) as (keyof typeof digitNumbers)[]).flatMap((kind) =>
    repeat(() => digitNumber(kind)),
  ),
];

const noise = fc.constantFrom(
  ...[
    'a',
    'x1',
    'the',
    'ip',
    'id',
    'tel',
    'ssn',
    'call',
    '12',
    '7',
    '2024',
    '4111',
    '0',
    'eyJ',
    'sk-',
    'AKIA',
    'DE12',
  ],
  ...[
    ' ',
    '  ',
    '-',
    '.',
    ':',
    '::',
    '/',
    '_',
    '@',
    '+',
    '(',
    ')',
    ',',
    '\n',
    '=',
    "'",
    '\u200b',
    '\u00a0',
    '\u00e9',
  ],
);
const glue = fc.constantFrom(
  '',
  '',
  ' ',
  ' ',
  ' ',
  ', ',
  ':',
  '-',
  '.',
  '@',
  '\u200b',
  'x',
  '1',
  '\u4e2d',
);

/** Fullwidth digits, and characters between that are not there. */
function disguise(text: string, how: number): string {
  if (how === 0)
    return text.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
  if (how === 1) return text.replace(/(.{3})/g, '$1\u200b');
  if (how === 2) return text.replace(/ /g, '\u00a0').replace(/-/g, '\u2011');
  return text.toLowerCase();
}

/** A value, one with a character changed, left out or doubled, or one that is written otherwise. */
const planted = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...samples) },
  fc
    .tuple(fc.constantFrom(...samples), fc.nat(80), fc.constantFrom('', '0', '7', 'a', ' ', '-'))
    .map(
      ([text, at, char]) =>
        text.slice(0, at % text.length) + char + text.slice((at % text.length) + 1),
    ),
  fc.tuple(fc.constantFrom(...samples), fc.nat(3)).map(([text, how]) => disguise(text, how)),
);

/** A text with values in it. */
export const plantedText: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(fc.oneof({ weight: 3, arbitrary: planted }, { weight: 4, arbitrary: noise }), glue),
    {
      minLength: 1,
      maxLength: 9,
    },
  )
  .map((pieces) => pieces.flat().join(''))
  .filter((text) => text.length < 500);
