/** Random JSON texts, profiles and cuts for the fuzz tests of the masker. */
import fc from 'fast-check';

import type { Profile, RuleSpec } from './mask-blob.ts';

/** A card number. */
export const CARD = '4539578763621486';

/** One character of a string as it may be written. */
const unit = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('a', 'B', 'z', '1', '4', '0', '9', ' ', '-', '.', '*', '_'),
  },
  fc.constantFrom(
    '\\n',
    '\\"',
    '\\\\',
    '\\/',
    '\\t',
    '\\u0000',
    '\\u0034',
    '\\uFF11',
    '\\u0020',
    '\\u002d',
    '\\u002A',
    '\\u200b',
  ),
  fc.constantFrom(
    '\u00e9',
    '\u00a0',
    '\u2011',
    '\u20ac',
    '\u{1f600}',
    '\\ud83d\\ude00',
    '\\ud835\\udfd2',
    '\\ud800',
    '\\udc00',
    '\u017f',
    '\uff14',
    '\u0664',
    '\u200d',
    '[',
    '{',
  ),
);
const digitSpellings: ((digit: number) => string)[] = [
  (digit) => `${digit}`,
  (digit) => `${digit}`,
  (digit) => `\\u003${digit}`,
  (digit) => String.fromCodePoint(0xff10 + digit),
  (digit) => `\\u066${digit}`,
  (digit) => `\\uD835\\uDF${(0xce + digit).toString(16)}`,
];
const spelledDigit = (digit: number): fc.Arbitrary<string> =>
  fc.nat(digitSpellings.length - 1).map((how) => digitSpellings[how]?.(digit) ?? '');
const between = fc.constantFrom('', '', '', '', '', ' ', '-', '\\u0020', '\u00a0', '\u200b', '.');
const digits = fc
  .array(fc.tuple(fc.nat(9).chain(spelledDigit), between), { minLength: 8, maxLength: 45 })
  .map((all) => all.flat().join(''));

/** The card, with separators and escapes. */
export const card = fc
  .tuple(...[...CARD].map((digit) => fc.tuple(between, spelledDigit(Number(digit)))))
  .map((all) => all.flat().slice(1).join(''));

const date = fc
  .tuple(
    fc.constantFrom('2026', '1999', '0001', '9999'),
    fc.constantFrom('-', '-', ''),
    fc.constantFrom('02', '12', '13'),
    fc.constantFrom('01', '28', '29', '31'),
    fc.constantFrom('', '', 'T10:11:12Z', ' 10:11', 'T10:11:12.345+01:00', ' x', 'T'),
  )
  .map(([year, hyphen, month, day, time]) => [year, month, day].join(hyphen) + time);

const string = fc
  .oneof(
    { weight: 3, arbitrary: fc.array(unit, { maxLength: 12 }).map((all) => all.join('')) },
    { weight: 1, arbitrary: digits },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom('', 'no ', 'x', '\\n'),
          card,
          fc.constantFrom('', ' y', '.', '\\u00e9'),
        )
        .map((all) => all.join('')),
    },
    { weight: 1, arbitrary: date },
    { weight: 1, arbitrary: fc.nat(60).map((n) => 'plain text in a row '.repeat(4).slice(0, n)) },
  )
  .map((body) => `"${body}"`);

const number = fc.oneof(
  fc.integer().map(String),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => (Object.is(value, -0) ? '0' : String(value))),
  fc.bigInt({ min: 10n ** 10n, max: 10n ** 21n }).map(String),
  fc.constantFrom(CARD, `${CARD}.0`, `${CARD}e0`, '4.539578763621486e15', '-0', '0.0', '1E400'),
  fc.constantFrom('20260228', '-37.5', '123456', `4.539578763621486${'0'.repeat(250)}e15`),
);

const name = fc.constantFrom(
  'a',
  'b',
  'card',
  'c\\u0061rd',
  'Pin',
  '\\u0070IN',
  'P_i-N',
  'ta\u017fk',
  'TAS\\u212a',
  '',
  '\u00e9',
  '\\ud83d\\ude00',
  '\u{1f600}',
  '4',
);
const gap = fc.constantFrom('', '', '', ' ', '\n  ', '\t', '                    ');
const join = ([open, close]: [string, string], g: string, all: readonly string[]): string =>
  `${open}${g}${all.join(`${g},${g}`)}${g}${close}`;

const { document } = fc.letrec<{ document: string }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    string,
    number,
    fc.constantFrom('true', 'false', 'null'),
    fc
      .tuple(gap, fc.array(tie('document'), { maxLength: 5 }))
      .map(([g, all]) => join(['[', ']'], g, all)),
    fc.tuple(gap, fc.array(fc.tuple(name, tie('document')), { maxLength: 6 })).map(([g, all]) =>
      join(
        ['{', '}'],
        g,
        all.map(([k, v]) => `"${k}"${g}:${g}${v}`),
      ),
    ),
  ),
}));

/** A JSON text as the body of a string; `how` decides which characters are escaped. */
export function spellText(text: string, how: number): string {
  return [...text]
    .map((char, i) => {
      const must = char < ' ' || char === '"' || char === '\\';
      const mixed = (how >>> (i % 31)) & 1 & (how >>> ((i * 7) % 29));
      if (must && (mixed === 0 || char < ' ')) return char < ' ' ? hexEscape(char) : `\\${char}`;
      return mixed === 1 ? hexEscape(char) : char;
    })
    .join('');
}

const hexEscape = (char: string): string =>
  [...Array(char.length).keys()]
    .map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`)
    .join('');

/** A JSON text, some of it inside of strings. */
export const value: fc.Arbitrary<string> = fc
  .tuple(document, document, fc.nat(0x7fff_ffff), fc.nat(9))
  .map(([outer, inner, how, shape]) => {
    if (shape > 4) return outer;
    const text = `"${spellText(inner, how)}"`;
    if (shape === 0) return text;
    return shape === 1 ? `[${text},${outer}]` : `{"a":${text},"b":${outer},"card":{"b":${text}}}`;
  });

const operators: fc.Arbitrary<RuleSpec> = fc.oneof(
  fc.record({
    operator: fc.constantFrom('KeepLast', 'KeepLast', 'KeepFirst', 'Truncate'),
    keep: fc.constantFrom(0, 1, 2, 4, 4, 11, 12, 16),
  }),
  fc.record({ operator: fc.constantFrom('Redact', 'Null', 'Drop', 'Token') }),
  fc.record({
    operator: fc.constant('Replace' as const),
    text: fc.constantFrom('', 'gone', '"\\\n', '\u00e9'),
  }),
  fc.record({ operator: fc.constant('Hash' as const), param: fc.constantFrom(8, 16, 64) }),
  fc.record({
    operator: fc.constant('FormatPreserving' as const),
    param: fc.constantFrom(10, 62),
  }),
  fc.record({ operator: fc.constant('DateShift' as const), param: fc.constantFrom(1, 30, 3650) }),
  fc.record({
    operator: fc.constant('Bucket' as const),
    param: fc.constantFrom(1, 10, 1000, 0x8000_0001, 0x8000_0002, 0x8000_0003),
  }),
);
const rule: fc.Arbitrary<RuleSpec> = fc
  .tuple(operators, fc.constantFrom(0n, 0n, 1n, 2n, 3n), fc.constantFrom(0, 0, 0, 1, 2))
  .map(([operator, labels, minBand]) => ({ ...operator, labels, minBand }));
const path = fc
  .array(
    fc.constantFrom('.a', '.b', '.card', '.*', '[*]', '[0]', '[1]', '.**', '.\u{1f600}', '.'),
    { maxLength: 4 },
  )
  .map((steps) => `$${steps.join('')}`);
const named = fc.constantFrom(
  { name: 'card', mode: 'Exact' as const },
  { name: 'pin', mode: 'AnyCase' as const },
  { name: 'pin', mode: 'Words' as const },
  { name: 'task', mode: 'AnyCase' as const },
  { name: 'a', mode: 'Exact' as const },
  { name: '\u00e9', mode: 'AnyCase' as const },
);

/** What is masked: up to three paths, three names, and perhaps cards. */
export const profile: fc.Arbitrary<Profile> = fc
  .tuple(
    fc.array(fc.record({ path, rule }), { maxLength: 3 }),
    fc.array(
      fc.tuple(named, rule).map(([one, r]) => ({ ...one, rule: r })),
      { maxLength: 3 },
    ),
    fc.option(rule, { nil: undefined }),
  )
  .map(([paths, names, cardRule]) => ({ paths, names, ...(cardRule ? { card: cardRule } : {}) }));

/** Where a text is cut. */
export const cuts = fc.array(fc.nat(1000), { maxLength: 6 });

/** A text in pieces. */
export function cut(text: string, at: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const edges = [0, ...at.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
}
