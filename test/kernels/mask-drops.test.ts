/** Members that are dropped: commas, white space and names go with them, and everything else stays as it is. */
import { describe, expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import { buildMaskBlob, type Profile } from './mask-blob.ts';
import { maskByOracle } from './mask-oracle.ts';

const kernel = await loadKernel();
const drop = (...paths: string[]): Profile => ({
  paths: paths.map((path) => ({ path, rule: { operator: 'Drop' } })),
});

describe('members', () => {
  const rows: [string, string, string][] = [
    ['$.a', '{"a":1,"b":2,"c":3}', '{"b":2,"c":3}'],
    ['$.b', '{"a":1,"b":2,"c":3}', '{"a":1,"c":3}'],
    ['$.c', '{"a":1,"b":2,"c":3}', '{"a":1,"b":2}'],
    ['$.a', '{"a":1}', '{}'],
    ['$.*', '{"a":1,"b":2}', '{}'],
    ['$.a', '{"a":1,"a":2,"b":3,"a":4}', '{"b":3}'],
    ['$.a', ' { "a" : 1 , "b" : 2 } ', ' {   "b" : 2 } '],
    ['$.b', '{ "a" : 1 ,\n "b" : 2\n}', '{ "a" : 1 \n}'],
    ['$.b', '{"a":{"b":1},"b":{"a":[1,{"b":2}],"x":"}"}}', '{"a":{"b":1}}'],
    ['$.**.b', '{"a":{"b":1,"c":{"b":2}},"b":[{"b":3}],"d":[{"b":4}]}', '{"a":{"c":{}},"d":[{}]}'],
    ['$.a', '{"a":null,"b":null}', '{"b":null}'],
    ['$.a', '{"\\u0061":"x","b":"y"}', '{"b":"y"}'],
    ['$[1]', '[1,2,3]', '[1,null,3]'],
    ['$[*]', '["a",{"b":1},[2],true,null]', '[null,{},[null],null,null]'],
    ['$', '7', 'null'],
    ['$', '"x"', 'null'],
    ['$', '{"a":[1]}', '{}'],
    ['$.p.a', '{"p":"{\\"a\\":1,\\"b\\":2}","a":3}', '{"p":"{\\"b\\":2}","a":3}'],
    ['$.p.b', '{"p":"{\\"a\\":1\\u002c \\u0022b\\u0022:[\\"x\\"]}"}', '{"p":"{\\"a\\":1}"}'],
    ['$.p.a', '{"p":"{\\"a\\":1\\u002c\\u0020\\"b\\":2}"}', '{"p":"{\\u0020\\"b\\":2}"}'],
  ];
  test.each(rows)('%s of %s', (path, text, expected) => {
    expect(kernel.text(drop(path), text)).toBe(expected);
    expect(maskByOracle(drop(path), text)).toBe(expected);
  });

  test('a dropped member counts once, with all that is in it', () => {
    expect(kernel.mask(drop('$.a'), '{"a":[1,{"b":2}],"c":3}').count).toBe(1);
    expect(kernel.mask(drop('$.a'), '{"a":1,"a":{"x":"y"}}').count).toBe(2);
  });

  test('what is under another rule goes with it, and a stronger detector changes nothing', () => {
    const profile: Profile = {
      ...drop('$.a'),
      names: [{ name: 'b', rule: { operator: 'Hash', param: 16 } }],
      card: { operator: 'Drop' },
    };
    expect(kernel.text(profile, '{"a":{"b":"4111111111111111"},"c":"4111111111111111"}')).toBe(
      '{"c":"***"}',
    );
  });

  test('a rule that drops is in force like any other', () => {
    const profile: Profile = { paths: [{ path: '$.a', rule: { operator: 'Drop', labels: 1n } }] };
    const text = '{ "a" : 1 , "b" : [ 2 ] , "c" : "x" }';
    expect(kernel.text(profile, text, 1n)).toBe(text);
    expect(kernel.text(profile, text, 2n)).toBe('{   "b" : [ 2 ] , "c" : "x" }');
  });
});

describe('gaps and names without end', () => {
  const gap = ' '.repeat(10_000);
  const texts = [
    `{${gap}"a"${gap}:${gap}1${gap},"b"${gap}:${gap}2${gap}}${gap}`,
    `${gap}[${gap}{"b":1${gap}}${gap},${gap}2${gap}]`,
  ];
  test.each(texts)('white space that belongs to no name stays: %#', (text) => {
    for (const profile of [drop('$.x'), drop('$.a')]) {
      expect(kernel.text(profile, text)).toBe(maskByOracle(profile, text));
    }
  });

  test('behind a comma 4 KiB stay, and the comma always does', () => {
    for (const count of [4_000, 4_095, 4_096, 5_000, 20_000]) {
      const text = `{"a":1,${' '.repeat(count)}"b":2,"c":3}`;
      for (const pieces of [[Buffer.from(text)], [...text].map((byte) => Buffer.from(byte))]) {
        const { output, held } = kernel.mask(drop('$.c'), pieces);
        const kept = Math.min(count, 4_095);
        expect(output.toString()).toBe(`{"a":1,${' '.repeat(kept)}"b":2}`);
        expect(held).toBeLessThanOrEqual(12_288);
      }
      expect(JSON.parse(kernel.text(drop('$.b'), text))).toEqual({ a: 1, c: 3 });
      expect(JSON.parse(kernel.text(drop('$.a'), text))).toEqual({ b: 2, c: 3 });
    }
  });

  test('the longest name that a rule may have is dropped, however it is written', () => {
    const name = 'k'.repeat(1_024);
    for (const written of [name, '\\u006b'.repeat(1_024), '\\u006B'.repeat(1_024)]) {
      expect(kernel.text(drop(`$.${name}`), `{"a":1, "${written}":{"b":2}, "c":3}`)).toBe(
        '{"a":1, "c":3}',
      );
    }
  });

  test('of a member whose name is too long to be held the value is null', () => {
    const name = 'n'.repeat(20_000);
    expect(kernel.text(drop('$.*'), `{"a":1,"${name}":"secret","b":2}`)).toBe(`{"${name}":null}`);
    expect(kernel.text(drop('$.b'), `{"a":1,"${name}":"x","b":2}`)).toBe(`{"a":1,"${name}":"x"}`);
  });

  test('a dropped value of any size, in whatever pieces, with nothing held', () => {
    const value = `[${'{"x":"yyyyyyyyyyyy","z":[1,2,3]},'.repeat(20_000)}0]`;
    const text = `{"b":1,"a":${value},"c":2}`;
    const bytes = Buffer.from(text);
    for (const size of [1_000_000, 16_384, 999]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      const masked = kernel.mask(buildMaskBlob(drop('$.a')), pieces);
      expect(masked.output.toString()).toBe('{"b":1,"c":2}');
      expect(masked.held).toBeLessThan(64);
    }
  });
});
