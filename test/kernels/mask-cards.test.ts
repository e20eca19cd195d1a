/** Card numbers by value: in strings, however they are written, and as JSON numbers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import type { Profile, RuleSpec } from './mask-blob.ts';

const kernel = await loadKernel();
const card = (rule: Partial<RuleSpec> = {}): Profile => ({
  card: { operator: 'KeepLast', keep: 4, ...rule },
});

interface LuhnCase {
  mod: string;
  number: string;
  valid: boolean;
}
const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../shared/cases/luhn-iban.json'), 'utf8'),
) as LuhnCase[];
const decimal = vectors.filter(({ mod, number }) => mod === 'stdnum.luhn' && /^\d+$/.test(number));

test('12 to 19 digits, as text and as a number', () => {
  for (let length = 10; length <= 22; length++) {
    const stem = '5172839465061728394506'.slice(0, length - 1);
    const number =
      [...'0123456789'].map((digit) => stem + digit).find((one) => kernel.check('luhn', one)) ?? '';
    const masked = length < 12 || length > 19 ? number : '*'.repeat(length - 4) + number.slice(-4);
    expect(kernel.text(card(), `["${number}"]`)).toBe(`["${masked}"]`);
    const expected = masked === number ? number : `"${masked}"`;
    for (const before of ['', '-', '1,']) {
      const shown = expected.replace(/^"/, before === '-' ? '"-' : '"');
      const after = before === '-' ? (shown === number ? `-${number}` : shown) : before + shown;
      expect(kernel.text(card(), `[${before}${number}]`)).toBe(`[${after}]`);
    }
  }
});

test('the vectors of python-stdnum', () => {
  expect(decimal.length).toBeGreaterThan(1);
  for (const { number, valid } of decimal) expect(kernel.check('luhn', number)).toBe(valid);
  expect(kernel.check('luhn', '')).toBe(false);
});

describe('strings', () => {
  const rows: [string, string][] = [
    ['4111111111111111', '************1111'],
    ['4111-1111-1111-1111', '****-****-****-1111'],
    ['4111 1111 1111 1111', '**** **** **** 1111'],
    ['3782 822463 10005', '**** ****** *0005'],
    ['30569309025904', '**********5904'],
    ['6304000000000000', '************0000'],
    ['pay 4111111111111111 now', 'pay ************1111 now'],
    ['x4111111111111111y', 'x************1111y'],
    ['order 12 4111 1111 1111 1111', 'order 12 **** **** **** 1111'],
    ['4111 1111 1111 1111 12/27', '**** **** **** 1111 12/27'],
    ['4111111111111111,5500005555555559', '************1111,************5559'],
    ['4111111111111111 5500005555555559', '************1111 ************5559'],
    ['4111\u00a01111\u20111111\u20131111', '****\u00a0****\u2011****\u20131111'],
    ['\\u0034111111111111111', '************1111'],
    ['4\\u0031\\u0031\\u0031-1111-1111-11\\u0031\\u0031', '****-****-****-11\\u0031\\u0031'],
    ['4111\\u00201111\\u002d1111\\u00a01111', '****\\u0020****\\u002d****\\u00a01111'],
    ['\\n4111111111111111\\t', '\\n************1111\\t'],
    ['4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', '* * * * * * * * * * * * 1 1 1 1'],
    ['4111.1111.1111.1111', '****.****.****.1111'],
    ['4111/1111/1111/1111', '****/****/****/1111'],
    ['4111_1111_1111_1111', '****_****_****_1111'],
    ['\uff14\uff11\uff11\uff11111111111111', '************1111'],
    ['\\uFF14\\uff11\uff11\uff1111111111\\uff11111', '************\\uff11111'],
    [
      '\u0664\u0661\u0661\u0661 1111 1111 \u0661\u0661\u0661\u0661',
      '**** **** **** \u0661\u0661\u0661\u0661',
    ],
    ['\u{1d7d2}\\ud835\\udfcf\\uD835\\uDFCF1111111111111', '************1111'],
    ['4111\u200b1111\u00ad1111\\ufeff1111', '****\u200b****\u00ad****\\ufeff1111'],
  ];
  test.each(rows)('%s', (value, expected) => {
    const masked = kernel.mask(card(), `"${value}"`);
    expect(masked.output.toString()).toBe(`"${expected}"`);
    expect(masked.count).toBe(1);
    expect(kernel.text(card(), `"${expected}"`)).toBe(`"${expected}"`);
  });

  const others: [string, string][] = [
    ['a wrong check digit', '4111111111111112'],
    ['too short', '41111111113'],
    ['too long to be a card', '41111111111111111111'],
    ['a card at the start of an identifier', '411111111111111100000'],
    ['two separators', '4111  1111 1111 1111'],
    ['a letter inside', '4111 1111a1111 1111'],
    ['dots between groups that no card has', '41.111111.111111.11'],
    ['slashes between groups that no card has', '411/11111/1111/1111'],
    ['four invisible characters in a row', '4111\u200b\u200b\u200b\u200b111111111111'],
    ['a digit of no decimal system', '\u2463111111111111111'],
    ['a backslash before u0034', '\\\\u0034111111111111111'],
  ];
  test.each(others)('%s is no card', (_name, value) => {
    const masked = kernel.mask(card(), `["${value}"]`);
    expect(masked.output.toString()).toBe(`["${value}"]`);
    expect(masked.count).toBe(0);
  });

  test('a string counts once, whatever it holds', () => {
    const text = '["4111111111111111","4111111111111111 x 4111111111111111",4111111111111111,"x"]';
    expect(kernel.mask(card(), text).count).toBe(3);
  });

  test('an identifier breaks a run but not what follows', () => {
    const text = '"4111 1111 1111 1111 41111111111111111111 4111111111111111"';
    expect(kernel.text(card(), text)).toBe(
      '"**** **** **** 1111 41111111111111111111 ************1111"',
    );
  });

  test('names of members stay', () => {
    expect(kernel.text(card(), '{"4111111111111111":"4111111111111111"}')).toBe(
      '{"4111111111111111":"************1111"}',
    );
  });

  test('keep, Redact and Null', () => {
    const text = '["4111-1111-1111-1111",4111111111111111]';
    expect(kernel.text(card({ keep: 6 }), text)).toBe('["****-****-**11-1111","**********111111"]');
    expect(kernel.text(card({ keep: 16 }), text)).toBe(
      '["****-****-****-****","****************"]',
    );
    expect(kernel.text(card({ operator: 'Redact' }), text)).toBe('["***","***"]');
    // In a string there is nothing that could be null or dropped.
    for (const operator of ['Null', 'Drop'] as const) {
      expect(kernel.text(card({ operator }), text)).toBe('["***",null]');
      expect(
        kernel.text(card({ operator }), '{"a":"4111111111111111 x","b":4111111111111111}'),
      ).toBe('{"a":"*** x","b":null}');
    }
  });

  test('not in force for a caller with the label', () => {
    const text = '["4111111111111111",4111111111111111]';
    expect(kernel.text(card({ labels: 2n }), text, 2n)).toBe(text);
    expect(kernel.text(card({ labels: 2n }), text, 1n)).toBe(
      '["************1111","************1111"]',
    );
  });

  test('of the rule on a value and what is found in it the strongest is for the whole value', () => {
    const paths = (rule: RuleSpec, found: Partial<RuleSpec> = {}): Profile => ({
      ...card(found),
      paths: [{ path: '$.a', rule }],
    });
    const last = (keep: number): RuleSpec => ({ operator: 'KeepLast', keep });
    const text = '{"a":"x 4111111111111111","b":1}';
    expect(kernel.text(paths(last(2)), text)).toBe('{"a":"* **************11","b":1}');
    expect(kernel.text(paths(last(6)), text)).toBe('{"a":"* ************1111","b":1}');
    expect(kernel.text(paths(last(16)), '{"a":"x 4111111111111112"}')).toBe(
      '{"a":"* 4111111111111112"}',
    );
    expect(kernel.text(paths(last(6), { operator: 'Redact' }), text)).toBe('{"a":"***","b":1}');
    expect(kernel.text(paths(last(6), { operator: 'Null' }), '{"a":4111111111111111}')).toBe(
      '{"a":null}',
    );
    expect(kernel.text(paths({ operator: 'Redact' }, { operator: 'Null' }), text)).toBe(
      '{"a":"***","b":1}',
    );
  });

  test('a longer value that may hold something stronger is redacted', () => {
    const rules: Profile = {
      ...card(),
      paths: [{ path: '$', rule: { operator: 'KeepLast', keep: 6 } }],
    };
    expect(kernel.text(rules, `"${'a'.repeat(1024)}"`)).toBe(`"${'*'.repeat(1018)}aaaaaa"`);
    expect(kernel.text(rules, `"${'a'.repeat(1025)}"`)).toBe('"***"');
    expect(kernel.text(rules, `"${'\\u00e9'.repeat(512)}"`)).toBe(
      `"${'*'.repeat(506)}${'\\u00e9'.repeat(6)}"`,
    );
    expect(kernel.text(rules, `"${'\\u00e9'.repeat(513)}"`)).toBe('"***"');
    expect(kernel.text(rules, `"${'\\ud83d\\ude00'.repeat(257)}"`)).toBe('"***"');
  });

  test('little is held back', () => {
    const value = `"${'1 2 3 4 5 6 7 8 9 0 '.repeat(500)}${'\\u0031'.repeat(500)}"`;
    const pieces = [...value].map((byte) => Buffer.from(byte));
    expect(kernel.mask(card(), pieces).held).toBeLessThan(1024);
  });
});

describe('numbers', () => {
  const cards: [string, string][] = [
    ['4111111111111111', '************1111'],
    ['-4111111111111111', '-************1111'],
    ['4111111111111111.0', '*************111.0'],
    ['4111111111111111.25', '**************11.25'],
    ['4111111111111111e0', '**************11e0'],
    ['4.111111111111111e15', '*.**************1e15'],
    ['4.111111111111111E+15', '*.**************1E+15'],
    ['0.4111111111111111e16', '*.***************1e16'],
    ['411111111111111100e-2', '****************00e-2'],
    ['4111111111111111000e-3', '*****************00e-3'],
    ['6304e12', '***4e12'],
  ];
  test.each(cards)('%s', (text, expected) => {
    expect(kernel.check('cardNumber', text)).toBe(true);
    for (const [before, after] of [
      ['', ''],
      ['[', ']'],
      ['[', ' ,1]'],
      ['{"a":', '}'],
    ]) {
      expect(kernel.text(card(), before + text + after)).toBe(`${before}"${expected}"${after}`);
    }
  });

  const others = [
    '0',
    '12345',
    '4111111111111112',
    '41111111111111111111',
    '0.4111111111111111',
    '4.111111111111111',
    '4111111111111112.0',
    '1e15',
    '1e400',
    '1e-400',
    '0e15',
    '-122.41941550000001',
  ];
  test.each(others)('%s is no card', (text) => {
    expect(kernel.check('cardNumber', text)).toBe(false);
    expect(kernel.mask(card(), `[${text}]`)).toMatchObject({ status: 'ok', count: 0 });
    expect(kernel.text(card(), `[${text}]`)).toBe(`[${text}]`);
  });

  test('a number of more than 256 bytes could be a card, whatever it begins with', () => {
    const zeros = '0'.repeat(1000);
    const long = [
      `4111111111111111.${zeros}`,
      `41111111111111111111${zeros}`,
      `4.111111111111111${zeros}e15`,
      `0.${zeros}4111111111111111e1016`,
      `${'1'.repeat(257)}`,
    ];
    for (const text of long) {
      for (const document of [text, `[${text}]`, `{"a":${text} }`]) {
        expect(kernel.mask(card(), document)).toMatchObject({ status: 'ok', count: 1 });
        expect(kernel.text(card(), document)).toBe(document.replace(text, '"***"'));
        expect(kernel.text({}, document)).toBe(document);
      }
      expect(kernel.text(card({ operator: 'Null' }), `[${text}]`)).toBe('[null]');
      expect(kernel.text(card({ operator: 'Replace', text: 'x' }), `[${text}]`)).toBe('["x"]');
    }
    const most = '1'.repeat(256);
    expect(kernel.text(card(), `[${most}]`)).toBe(`[${most}]`);
    const shortest = `4111111111111111.${'0'.repeat(239)}`;
    expect(kernel.text(card(), shortest)).toBe(`"${'*'.repeat(16)}.${'*'.repeat(235)}0000"`);
  });
});
