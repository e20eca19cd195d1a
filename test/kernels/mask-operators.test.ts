/** What each operator makes of each kind of value. */
import { describe, expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import type { Profile, RuleSpec } from './mask-blob.ts';

const kernel = await loadKernel();
const keep = (count: number, labels?: bigint): RuleSpec =>
  labels === undefined
    ? { operator: 'KeepLast', keep: count }
    : { operator: 'KeepLast', keep: count, labels };
const redact: RuleSpec = { operator: 'Redact' };
const nothing: RuleSpec = { operator: 'Null' };
const document = (rule: RuleSpec): Profile => ({ paths: [{ path: '$', rule }] });

describe('KeepLast', () => {
  const rows: [number, string, string][] = [
    [4, '"4111-1111-1111-1234"', '"****-****-****-1234"'],
    [4, '"****-****-****-1234"', '"****-****-****-1234"'],
    [4, '"abcd"', '"****"'],
    [4, '"a-b.c d"', '"*-*.* *"'],
    [4, '"abcde"', '"*bcde"'],
    [0, '"abc, 12"', '"***, **"'],
    [16, '"0123456789abcdefg"', '"*123456789abcdefg"'],
    [1, '""', '""'],
    [2, '"--"', '"--"'],
    [2, '"***"', '"***"'],
    [2, '"--a--b--c--"', '"--*--b--c--"'],
    [2, '"gr\u00fc\u00dfe"', '"***\u00dfe"'],
    [1, '"\u{1f600}\u{1f601}"', '"*\u{1f601}"'],
    [1, '"\\ud83d\\ude00\\uD83D\\uDE01"', '"*\\uD83D\\uDE01"'],
    [0, '"\\ud83d\\ude00x"', '"**"'],
    [2, '"\\ud800\\ud800\\udc00z"', '"*\\ud800\\udc00z"'],
    [1, '"\\u0041\\u0042\\u0043"', '"**\\u0043"'],
    [1, '"a\\n\\u0020\\"b\\/"', '"*\\n\\u0020\\"b\\/"'],
    [4, '4111111111111234', '"************1234"'],
    [4, '-12345', '"-*2345"'],
    [2, '123.45', '"***.45"'],
    [2, '-1.5E+3', '"-*.*E+3"'],
    [4, '12', '"**"'],
    [4, '0', '"*"'],
    [4, 'true', '"***"'],
    [4, 'false', '"***"'],
    [4, 'null', 'null'],
  ];
  test.each(rows)('keep %i of %s', (count, value, expected) => {
    const masked = kernel.mask(document(keep(count)), value);
    expect(masked.output.toString()).toBe(expected);
    expect(masked.count).toBe(value === 'null' ? 0 : 1);
    expect(kernel.text(document(keep(count)), expected)).toBe(expected);
  });

  test('a high surrogate at the end of a string has no part in the next one', () => {
    const text = '["\\ud83d","\\ude00x","\\ud83d","\\ude00"]';
    expect(kernel.text(document(keep(0)), text)).toBe('["*","**","*","*"]');
    expect(kernel.text(document(keep(1)), text)).toBe('["*","*x","*","*"]');
  });

  test('text of any length passes with little held back', () => {
    const chunks = Array.from({ length: 200 }, () => Buffer.from('secret-'.repeat(1000)));
    const pieces = [Buffer.from('["'), ...chunks, Buffer.from('1234"]')];
    const { output, held } = kernel.mask(document(keep(4)), pieces);
    expect(output.toString()).toBe(`["${'******-'.repeat(200_000)}1234"]`);
    expect(held).toBeLessThan(20);
  });

  test('no more than 2 KiB are held, and what had to go early is masked', () => {
    const value = `"ab${'-'.repeat(5000)}c"`;
    const pieces = [...value].map((byte) => Buffer.from(byte));
    const { output, held } = kernel.mask(document(keep(2)), pieces);
    expect(output.toString()).toBe(`"**${'-'.repeat(5000)}c"`);
    expect(held).toBeLessThanOrEqual(2054);
  });
});

describe('Redact and Null', () => {
  const values = ['"x"', '""', '"\\u0022"', '0', '-1.5e9', 'true', 'false', `"${'x'.repeat(100)}"`];
  test.each(values)('%s', (value) => {
    expect(kernel.text(document(redact), value)).toBe('"***"');
    expect(kernel.text(document(nothing), ` ${value}\n`)).toBe(' null\n');
    expect(kernel.text(document(redact), `[${value}, ${value}]`)).toBe('["***", "***"]');
  });

  test('null stays null', () => {
    expect(kernel.mask(document(redact), 'null')).toMatchObject({ count: 0 });
    expect(kernel.text(document(redact), '[null]')).toBe('[null]');
  });
});

describe('containers', () => {
  test('everything inside is masked, member names stay', () => {
    const text = '{"a" : {"b": [1, "two", {"c": false}, null, {}, []]}, "d": 7}';
    const profile: Profile = { paths: [{ path: '$.a', rule: redact }] };
    expect(kernel.text(profile, text)).toBe(
      '{"a" : {"b": ["***", "***", {"c": "***"}, null, {}, []]}, "d": 7}',
    );
    expect(kernel.mask(profile, text).count).toBe(3);
  });
});

describe('which rule', () => {
  const two = (first: RuleSpec, second: RuleSpec): Profile => ({
    paths: [
      { path: '$.a', rule: first },
      { path: '$.*', rule: second },
    ],
  });
  const strongest: [RuleSpec, RuleSpec, string][] = [
    [keep(4), keep(2), '"****56"'],
    [keep(2), keep(4), '"****56"'],
    [keep(0), redact, '"***"'],
    [redact, nothing, 'null'],
    [nothing, keep(1), 'null'],
  ];
  test.each(strongest)('%o and %o', (first, second, expected) => {
    expect(kernel.text(two(first, second), '{"a":"123456"}')).toBe(`{"a":${expected}}`);
  });

  test('the stronger rule holds inside the weaker one, and the other way round', () => {
    const inner: Profile = {
      paths: [
        { path: '$.a', rule: keep(2) },
        { path: '$.a.b', rule: nothing },
      ],
    };
    expect(kernel.text(inner, '{"a":{"b":"123","c":"123"}}')).toBe('{"a":{"b":null,"c":"*23"}}');
    const outer: Profile = {
      paths: [
        { path: '$.a', rule: nothing },
        { path: '$.a.b', rule: keep(2) },
      ],
    };
    expect(kernel.text(outer, '{"a":{"b":"123","c":"123"}}')).toBe('{"a":{"b":null,"c":null}}');
  });

  test('a rule is in force while one of its labels is missing', () => {
    const rule = (labels: bigint): Profile => document({ operator: 'Redact', labels });
    expect(kernel.text(rule(0b11n), '"x"', 0b01n)).toBe('"***"');
    expect(kernel.text(rule(0b11n), '"x"', 0b111n)).toBe('"x"');
    expect(kernel.text(rule(1n << 63n), '"x"', ~(1n << 63n))).toBe('"***"');
    expect(kernel.text(rule(1n << 63n), '"x"', 1n << 63n)).toBe('"x"');
    expect(kernel.text(rule(0n), '"x"', (1n << 64n) - 1n)).toBe('"***"');
  });
});
