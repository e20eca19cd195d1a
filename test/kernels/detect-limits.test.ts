/** What detectors do at their limits: long matches, growth, windows, the fast refusal, numbers, patterns, the normal form. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  allKinds,
  detectorKinds,
  type Found,
  type KindName,
  kindNames,
  loadDetectKernel,
} from './detect-kernel.ts';
import { findByOracle } from './detect-oracle.ts';
import { buildPattern } from './detect-pattern.ts';
import { plantedText, Random } from './detect-samples.ts';
import { valid } from './detect-values.ts';

const numRuns = Math.ceil(Number(process.env.FUZZ_RUNS ?? 20_000) / 10);
const kernel = await loadDetectKernel();
const strengths = Object.fromEntries(allKinds.map((name) => [name, 1]));
const all = kernel.set(strengths);

/** Which units are covered. */
function cover(found: readonly Found[], length: number): string {
  const covered = new Array<string>(length).fill('.');
  for (const { start, end } of found) covered.fill('#', start, end);
  return covered.join('');
}

function scanned(text: string): Found[] {
  const units = kernel.units(text);
  const found = kernel.scan(all, units);
  const random = new Random(text.length);
  for (const steps of [() => 1, () => 1 + random.below(900)]) {
    expect(kernel.scanWindows(all, units, steps)).toEqual(found);
  }
  return found;
}

describe('normal form', () => {
  test('decimal digits of Unicode', () => {
    for (let code = 0x80; code <= 0x10ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const unit = kernel.exports.unit(code);
      const char = String.fromCodePoint(code);
      if (/\p{Nd}/u.test(char)) {
        // Each run of digits begins with its zero, at a place that only Unicode's own table knows.
        expect([char, unit]).toEqual([char, 0x30 + digitValue(code)]);
      } else if (unit >= 0x30 && unit <= 0x39) {
        throw new Error(`U+${code.toString(16)} is no digit`);
      }
    }
  });

  test('ASCII stays', () => {
    for (let code = 0; code < 0x80; code++) expect(kernel.exports.unit(code)).toBe(code);
  });

  test('forms of ASCII, spaces, hyphens, what is not there, all else', () => {
    for (let code = 0xff01; code <= 0xff5e; code++) {
      expect(kernel.exports.unit(code)).toBe(code - 0xfee0);
    }
    const rows: [string, string][] = [
      ['\u00a0\u2000\u200a\u202f\u205f\u3000\u1680', ' '],
      ['\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d', '-'],
      ['\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f\u202e\u180e', '\x01'],
      ['\u00e9\u4e2d\u{1f600}\u2028\u00b2\u2460\u2016\u200a\u0131'.replace('\u200a', ''), '\x80'],
    ];
    for (const [chars, unit] of rows) {
      for (const char of chars) {
        expect([char, kernel.exports.unit(char.codePointAt(0) ?? 0)]).toEqual([
          char,
          unit.charCodeAt(0),
        ]);
      }
    }
  });
});

/** Value of a decimal digit: how many digits stand before it in its run of ten. */
function digitValue(code: number): number {
  let value = 0;
  const isDigit = (at: number): boolean => /\p{Nd}/u.test(String.fromCodePoint(at));
  while (isDigit(code - value - 1)) value++;
  return value % 10;
}

describe('long matches', () => {
  test('overlapping values of any length are covered to the end', () => {
    const chains = [
      '0 '.repeat(3000),
      '4111 1111 1111 1111 '.repeat(200),
      `${'ab@cd.ef'.repeat(300)}@gh.de`,
      `${'a@b.de@'.repeat(500)}x`,
      '123-45-6789 '.repeat(300),
    ];
    for (const text of chains) {
      const units = kernel.units(text);
      const expected = cover(findByOracle(strengths, units), text.length);
      expect(cover(scanned(text), text.length)).toBe(expected);
      expect(scanned(text).every(({ start, end }) => end - start <= 1024)).toBe(true);
    }
  });

  test('what has no upper length grows to its end', () => {
    const noise = new Random(5).text('ABCDEFGHxyzuvwrst0123456789_-', 30_000);
    const rows: [KindName, string, string][] = [
      ['Jwt', `eyJ${noise}.${noise}.${noise}`, ' x'],
      ['Jwt', `eyJhbGciOiJIUzI1NiJ9.${noise}.${noise}`, ','],
      ['ApiKey', `glpat-${noise}`, '.x'],
      ['Secret', noise, '.'],
      [
        'PrivateKey',
        `-----BEGIN RSA PRIVATE KEY-----${noise}-----BEGIN-----EN D-----END RSA PRIVATE KEY-----`,
        '-',
      ],
    ];
    for (const [kind, value, after] of rows) {
      const set = kernel.set({ [kind]: 1 });
      const text = `a ${value}${after}`;
      const found = kernel.scan(set, kernel.units(text));
      expect([kind, found]).toEqual([
        kind,
        [
          {
            start: 2,
            end: 2 + value.length,
            strength: 1,
            kinds: 1n << BigInt(detectorKinds[kind]),
          },
        ],
      ]);
      expect(kernel.scanWindows(set, kernel.units(text), () => 700)).toEqual(found);
    }
  });

  test('a private key without an end goes to the end of the text', () => {
    const text = `-----BEGIN PRIVATE KEY-----\n${'MIIE----END--'.repeat(2000)}`;
    expect(scanned(text).at(-1)?.end).toBe(text.length);
  });

  test('long texts of values as the oracle covers them', () => {
    fc.assert(
      fc.property(fc.array(plantedText, { minLength: 3, maxLength: 12 }), (texts) => {
        const text = texts.join(' \n ');
        const units = kernel.units(text);
        expect(cover(kernel.scan(all, units), units.length)).toBe(
          cover(findByOracle(strengths, units), units.length),
        );
      }),
      { numRuns: Math.ceil(numRuns / 4) },
    );
  });
});

test('values are found wherever they stand in blocks of 64 units', () => {
  const rows: [KindName, string, number][] = [
    ...(Object.entries(valid) as [KindName, string[]][]).flatMap(([kind, values]) =>
      values.map((value): [KindName, string, number] => [kind, value, 0]),
    ),
    ['Email', `${'l'.repeat(63)}@a.de`, 0],
    ['Email', `${'.'.repeat(70)}${'l'.repeat(63)}@a.de`, 69],
    ['Email', `${'l'.repeat(200)}@a.de`, 136],
    ['Phone', `telephone${'.'.repeat(24)}5551234567`, 33],
    ['Phone', `cellphone${'.'.repeat(23)}(555) 1234567`, 32],
    ['Ssn', `social${' '.repeat(24)}123456789`, 30],
    ['Ipv6', 'abcdefghijklmnop:fe80::1', 17],
    ['Mac', 'abcdefghijklmnop:aa:bb:cc:dd:ee:f1', 17],
    ['Ipv6', '[]:fe80::1', 3],
  ];
  for (const [kind, value, skipped] of rows) {
    const set = kernel.set({ [kind]: 1 });
    for (let at = 0; at <= 65; at++) {
      const units = kernel.units(`${' '.repeat(at)}${value} `);
      const expected = { start: at + skipped, end: units.length - 1, strength: 1 };
      expect([kind, value, kernel.scan(set, units)]).toMatchObject([kind, value, [expected]]);
    }
    kernel.exports.give(set);
  }
});

describe('the fast refusal', () => {
  test('never of a text in which something is', () => {
    const ascii = plantedText.map((text) => text.replace(/[^ -~\n]/g, 'x'));
    fc.assert(
      fc.property(ascii, fc.subarray(allKinds, { minLength: 1, maxLength: 3 }), (text, kinds) => {
        const set = kernel.set(Object.fromEntries(kinds.map((name) => [name, 1])));
        const found = kernel.scan(set, kernel.units(text));
        const passes = kernel.mayMatch(set, text);
        kernel.exports.give(set);
        if (found.length > 0) expect(passes).toBe(true);
      }),
      { numRuns: numRuns * 4 },
    );
  });

  test('of text that has nothing, wherever it ends', () => {
    const prose =
      'It is a truth universally acknowledged, that a single man - in want of a wife. '.repeat(4);
    for (let length = 0; length < prose.length; length++) {
      expect(kernel.mayMatch(all, prose.slice(0, length))).toBe(false);
    }
    expect(kernel.mayMatch(kernel.set({}), '4111111111111111 a@b.de')).toBe(false);
    expect(kernel.mayMatch(kernel.set({ Card: 1 }), 'bob@example.com fe::a')).toBe(false);
    expect(kernel.mayMatch(kernel.set({ Email: 1 }), '4111111111111111 fe80::1')).toBe(false);
  });

  test('by every position of what is needed', () => {
    const needs: [KindName, string][] = [
      ['Card', '7'],
      ['Email', '@'],
      ['Ipv6', ':'],
      ['Jwt', 'aB_-./+=aBaBaBaBaBaB'],
      ['PrivateKey', '-----'],
    ];
    for (const [kind, need] of needs) {
      const set = kernel.set({ [kind]: 1 });
      for (let at = 0; at < 70; at++) {
        const text = `${' '.repeat(at)}${need}${' '.repeat(70 - at)}`;
        expect([kind, at, kernel.mayMatch(set, text)]).toEqual([kind, at, true]);
        expect(kernel.mayMatch(set, text.replace(need.slice(0, 1), ' '))).toBe(false);
      }
    }
  });
});

test('numbers', () => {
  const rows: [string, string[]][] = [
    ['4111111111111111', ['Card']],
    ['4.111111111111111e15', ['Card']],
    ['6304e12', ['Card']],
    ['52998224725', ['BrCpf']],
    ['-52998224725', ['BrCpf']],
    ['52998224725.000', ['BrCpf']],
    ['52998224725.5', []],
    ['52998224725e0', []],
    ['0.52998224725', []],
    ['9434765919', ['GbNhs']],
    ['123456789', []],
    ['14155552671', []],
    ['0', []],
    ['-', []],
    ['12345678', []],
  ];
  for (const [text, kinds] of rows) {
    const { strength, kinds: found } = kernel.number(all, text);
    expect([text, kindNames(found), strength]).toEqual([text, kinds, kinds.length > 0 ? 1 : 0]);
  }
  expect(kernel.number(kernel.set({ Email: 1 }), '4111111111111111').strength).toBe(0);
});

describe('patterns', () => {
  const digits = '0123456789';
  const staff = buildPattern([['E'], ['M'], ['P'], ['-'], [digits, '+'], ['/'], ['abc', '+']], {
    needsDigit: true,
  });

  function findWith(table: Uint8Array, text: string): string[] {
    const set = kernel.exports.openSet();
    expect(kernel.pattern(set, 3, table, 5)).toBe(true);
    const found = kernel.scan(set, kernel.units(text));
    expect(kernel.scanWindows(set, kernel.units(text), () => 1)).toEqual(found);
    expect(found.every(({ kinds, strength }) => kinds === 1n << 59n && strength === 5)).toBe(true);
    return found.map(({ start, end }) => text.slice(start, end));
  }

  test('the longest match, at the beginning of a word', () => {
    expect(findWith(staff, 'EMP-12/abcabx, xEMP-1/a, (EMP-7/c) EMP-/a EMP-3')).toEqual([
      'EMP-12/abcab',
      'EMP-7/c',
    ]);
  });

  test('inside of words, and up to the end of one', () => {
    expect(findWith(buildPattern([['A'], [digits, '+']], { anyStart: true }), 'xA12A3')).toEqual([
      'A12',
      'A3',
    ]);
    expect(findWith(buildPattern([['A'], [digits, '+']], { wordEnd: true }), 'A12x A3 A4')).toEqual(
      ['A3', 'A4'],
    );
  });

  test('at most 255 units, or 64 inside of words', () => {
    const long = `A${'1'.repeat(400)}`;
    expect(findWith(buildPattern([['A'], [digits, '+']]), long)).toEqual([long.slice(0, 255)]);
    expect(findWith(buildPattern([['A'], [digits, '+']], { anyStart: true }), long)).toEqual([
      long.slice(0, 64),
    ]);
  });

  test('the fast refusal, and numbers', () => {
    const set = kernel.exports.openSet();
    kernel.pattern(set, 0, staff, 5);
    expect(kernel.mayMatch(set, 'nothing here')).toBe(false);
    expect(kernel.mayMatch(set, 'EMP-1/a')).toBe(true);
    kernel.pattern(set, 1, buildPattern([['4'], ['2', '+']]), 7);
    expect(kernel.mayMatch(set, 'x')).toBe(true);
    expect(kernel.number(set, '422')).toEqual({ strength: 7, kinds: 1n << 57n });
    expect(kernel.number(set, '1e422').strength).toBe(0);
  });

  test('tables that are not sound are refused', () => {
    const set = kernel.exports.openSet();
    const broken: [string, (table: Buffer) => Uint8Array][] = [
      ['short', (table) => table.subarray(0, table.length - 1)],
      ['long', (table) => Buffer.concat([table, Buffer.of(0)])],
      ['header only', (table) => table.subarray(0, 264)],
      ['empty', () => Buffer.alloc(0)],
      ['no classes', (table) => table.fill(0, 2, 4)],
      ['start is dead', (table) => table.fill(0, 4, 6)],
      ['start is no state', (table) => table.fill(9, 4, 5)],
      ['unknown flag', (table) => table.fill(8, 6, 7)],
      ['class that is not there', (table) => table.fill(129, 8 + 65, 8 + 66)],
      [
        'state that is not there',
        (table) => table.fill(9, 264 + 2 * 129 + 130, 264 + 2 * 129 + 131),
      ],
      ['one state too many', (table) => table.fill(4, 264 + 2 * 129 + 130, 264 + 2 * 129 + 131)],
      ['dead state that lives', (table) => table.fill(1, 264, 265)],
      ['start accepts', (table) => table.fill(0xff, table.length - 1)],
      [
        'a digit is not needed',
        (table) => table.fill(5, 6, 7) && Buffer.from(buildPattern([['A']], { needsDigit: true })),
      ],
    ];
    for (const [why, change] of broken) {
      const table = change(Buffer.from(buildPattern([['A'], [digits, '+']])));
      expect([why, kernel.pattern(set, 0, table, 5)]).toEqual([why, false]);
    }
    expect(kernel.scan(set, kernel.units('A1 A2'))).toEqual([]);
    expect(kernel.pattern(set, 8, staff, 5)).toBe(false);
  });
});
