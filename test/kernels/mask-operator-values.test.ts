/** Each operator on each kind of value, against the oracle and, where a value can be written down, against that. */
import { describe, expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import type { Profile, RuleSpec } from './mask-blob.ts';
import { maskByOracle } from './mask-oracle.ts';

const kernel = await loadKernel();
const on = (rule: RuleSpec, path = '$'): Profile => ({ paths: [{ path, rule }] });
const month = 0x8000_0001;
const year = 0x8000_0002;
const decade = 0x8000_0003;

const operators: RuleSpec[] = [
  { operator: 'KeepLast', keep: 3 },
  { operator: 'KeepFirst', keep: 3 },
  { operator: 'Truncate', keep: 3 },
  { operator: 'Redact' },
  { operator: 'Null' },
  { operator: 'Drop' },
  { operator: 'Replace', text: 'say "no"\\' },
  { operator: 'Replace', text: '' },
  { operator: 'Replace', text: '\u00e9'.repeat(32) },
  { operator: 'Hash', param: 8 },
  { operator: 'Hash', param: 64 },
  { operator: 'Token' },
  { operator: 'FormatPreserving', param: 10 },
  { operator: 'FormatPreserving', param: 62 },
  { operator: 'DateShift', param: 1 },
  { operator: 'DateShift', param: 3650 },
  { operator: 'Bucket', param: 1 },
  { operator: 'Bucket', param: 1000 },
  { operator: 'Bucket', param: month },
  { operator: 'Bucket', param: year },
  { operator: 'Bucket', param: decade },
];

const values = [
  '""',
  '"a"',
  '"abc"',
  '"abcd"',
  '"a-b c.d"',
  '"4111-1111-1111-1111"',
  '"+49 (30) 123/456-78_9"',
  '"Zq7Xw9Vk3Jp5"',
  '"\\u0061\\u00e9\\n\\"\\\\\\/\\t"',
  '"\u00e9\u20ac\u{1f600}"',
  '"\\ud83d\\ude00\\uD83D\\uDE01x"',
  '"\\ud800\\ud800\\udc00\\udc00"',
  '"\uff11\uff12\uff13\uff14\uff15\uff16\uff17"',
  '"2026-11-27"',
  '"20261127"',
  '"2024-02-29T23:59:60.999999999+14:00"',
  '"2024-02-29 10:00"',
  '"2023-02-29"',
  '"1900-02-29"',
  '"0001-01-01"',
  '"9999-12-31"',
  '"0000-01-01"',
  '"2026-11-27T"',
  '"2026-11-27x"',
  '"2026-11-27 10:00 and 4111111111111111"',
  '"2026-11-27T10:00:00.4111111111111111"',
  '"2026-1-27"',
  '"-37"',
  '"007.50"',
  '"999999999999999"',
  '"9999999999999999"',
  '"1e3"',
  '0',
  '-0',
  '7',
  '-7',
  '1234',
  '-1.5',
  '-1000.0',
  '-1000.001',
  '1234567',
  '-12345678901234567890',
  '1.5e-3',
  '1E+10',
  '20240229',
  '123456.75',
  `${'1'.repeat(56)}`,
  `${'1'.repeat(57)}`,
  `${'1'.repeat(256)}`,
  `${'1'.repeat(257)}`,
  'true',
  'false',
  'null',
  '{}',
  '[]',
  '{"a":"abcd","b":[1,{"c":false}]}',
  '["abcd",["efgh"]]',
  `"${'x'.repeat(1021)}"`,
  `"${'x'.repeat(1024)}"`,
  `"${'x'.repeat(1025)}"`,
  `"${'\u20ac'.repeat(341)}"`,
  `"${'\u20ac'.repeat(342)}"`,
  `"${'\\ud83d\\ude00'.repeat(256)}"`,
  `"${'\\ud83d\\ude00'.repeat(256)}x"`,
  `"${'y'.repeat(3_000)}"`,
];

test.each(operators)('%o', (rule) => {
  for (const value of values) {
    for (const text of [value, `[ ${value} ]`, `{"k": ${value} ,"l":0}`]) {
      for (const profile of [on(rule), on(rule, '$.k'), on(rule, '$[0]')]) {
        const expected = maskByOracle(profile, text);
        JSON.parse(expected);
        expect(kernel.text(profile, text)).toBe(expected);
        const single = [...Buffer.from(text)].map((byte) => Buffer.of(byte));
        if (text.length < 200) {
          expect(kernel.mask(profile, single).output.toString()).toBe(expected);
        }
      }
    }
  }
});

describe('known answers', () => {
  const rows: [RuleSpec, string, string][] = [
    [{ operator: 'KeepFirst', keep: 3 }, '"abc-def"', '"abc-***"'],
    [{ operator: 'KeepFirst', keep: 3 }, '"abc"', '"***"'],
    [{ operator: 'KeepFirst', keep: 2 }, '-12345', '"-12***"'],
    [{ operator: 'KeepFirst', keep: 1 }, '"\\ud83d\\ude00\u00e9"', '"\\ud83d\\ude00*"'],
    [{ operator: 'Truncate', keep: 3 }, '"abc-def"', '"abc"'],
    [{ operator: 'Truncate', keep: 0 }, '"abc"', '""'],
    [{ operator: 'Truncate', keep: 2 }, '"\\ud83d\\ude00\\n!"', '"\\ud83d\\ude00\\n"'],
    [{ operator: 'Truncate', keep: 2 }, '12345', '"12"'],
    [{ operator: 'Bucket', param: 10 }, '37', '30'],
    [{ operator: 'Bucket', param: 10 }, '-1', '-10'],
    [{ operator: 'Bucket', param: 10 }, '-0.5', '-10'],
    [{ operator: 'Bucket', param: 10 }, '-10.0', '-10'],
    [{ operator: 'Bucket', param: 10 }, '"37.9"', '"30"'],
    [{ operator: 'Bucket', param: 10 }, '1e3', '"***"'],
    [{ operator: 'Bucket', param: 10 }, '"x"', '"***"'],
    [{ operator: 'Bucket', param: month }, '"1984-07-09"', '"1984-07"'],
    [{ operator: 'Bucket', param: year }, '"1984-07-09T01:02:03Z"', '"1984"'],
    [{ operator: 'Bucket', param: decade }, '19840709', '"1980"'],
    [{ operator: 'Replace', text: 'a"b\\' }, '[1,"x"]', '["a\\"b\\\\","a\\"b\\\\"]'],
    [{ operator: 'DateShift', param: 5 }, '"soon"', '"***"'],
    [{ operator: 'FormatPreserving', param: 10 }, '"12345"', '"***"'],
    [{ operator: 'FormatPreserving', param: 10 }, '"1234567x"', '"***"'],
    [{ operator: 'Token' }, 'true', '"***"'],
    [{ operator: 'Hash', param: 8 }, 'false', '"***"'],
  ];
  test.each(rows)('%o of %s', (rule, value, expected) => {
    expect(kernel.text(on(rule), value)).toBe(expected);
  });

  test('equal texts are equal behind keyed operators, however they are written', () => {
    for (const operator of ['Hash', 'Token', 'FormatPreserving'] as const) {
      const rule: RuleSpec = { operator, ...(operator === 'Token' ? {} : { param: 62 }) };
      if (operator === 'Hash') rule.param = 64;
      const [plain, escaped, other] = ['secret7', 's\\u0065cr\\u0065t\\u0037', 'secret8'].map(
        (text) => kernel.text(on(rule), `"${text}"`),
      );
      expect(escaped).toBe(plain);
      expect(other).not.toBe(plain);
      expect(plain).not.toContain('secret');
    }
  });

  test('the same number of days for every date', () => {
    const rule: RuleSpec = { operator: 'DateShift', param: 400 };
    const days = ['2024-01-01', '1970-01-01', '2099-12-31'].map((date) => {
      const shifted = kernel.text(on(rule), `"${date}"`).slice(1, -1);
      return (Date.parse(shifted) - Date.parse(date)) / 86_400_000;
    });
    expect(new Set(days).size).toBe(1);
    expect(Math.abs(days[0] ?? 0)).toBeGreaterThan(0);
    expect(Math.abs(days[0] ?? 0)).toBeLessThanOrEqual(400);
  });
});

describe('bands', () => {
  const profile: Profile = {
    paths: [
      { path: '$.a', rule: { operator: 'KeepLast', keep: 2 } },
      { path: '$.a', rule: { operator: 'Hash', param: 8, minBand: 1 } },
      { path: '$.a', rule: { operator: 'Redact', minBand: 2 } },
      { path: '$.a', rule: { operator: 'Drop', minBand: 3 } },
    ],
    card: { operator: 'KeepLast', keep: 4, minBand: 2 },
  };
  test('a higher band puts stronger rules in force', () => {
    const text = '{"a":"abcdef","b":"4111111111111111"}';
    const masked = [0, 1, 2, 3].map((band) =>
      kernel.mask(profile, text, 0n, band).output.toString(),
    );
    expect(masked).toEqual([0, 1, 2, 3].map((band) => maskByOracle(profile, text, { band })));
    expect(masked[0]).toBe('{"a":"****ef","b":"4111111111111111"}');
    expect(masked[1]).toMatch(/^\{"a":"[0-9a-f]{8}","b":"4111111111111111"\}$/);
    expect(masked[2]).toBe('{"a":"***","b":"************1111"}');
    expect(masked[3]).toBe('{"b":"************1111"}');
  });
});

describe('values without end', () => {
  const long = `"${'ab-'.repeat(100_000)}12345"`;
  const streamed: RuleSpec[] = [
    { operator: 'KeepLast', keep: 4 },
    { operator: 'KeepFirst', keep: 4 },
    { operator: 'Truncate', keep: 255 },
    { operator: 'Hash', param: 64 },
    { operator: 'Redact' },
  ];
  test.each(streamed)('%o holds little back', (rule) => {
    const bytes = Buffer.from(long);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, i) =>
      bytes.subarray(i * 1000, (i + 1) * 1000),
    );
    const { output, held } = kernel.mask(on(rule), pieces);
    expect(output.toString() === maskByOracle(on(rule), long)).toBe(true);
    expect(held).toBeLessThan(64);
  });

  test('separators without end are held up to 1,024 characters, 12 KiB as they are written', () => {
    for (const [operator, unit] of [
      ['KeepFirst', '-'],
      ['KeepFirst', '\\u002d'],
      ['KeepLast', '-'],
      ['KeepLast', '\\u002d'],
    ] as const) {
      const rule: RuleSpec = { operator, keep: 16 };
      const text = `"ab${unit.repeat(4000)}c"`;
      const pieces = [...text].map((byte) => Buffer.from(byte));
      const { output, held } = kernel.mask(on(rule), pieces);
      expect(output.toString()).toBe(`"**${unit.repeat(4000)}*"`);
      expect(held).toBeLessThanOrEqual(12_288);
      expect(kernel.text(on(rule), text)).toBe(output.toString());
    }
  });
});
