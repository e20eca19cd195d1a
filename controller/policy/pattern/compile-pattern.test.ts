/** User-defined patterns: what they match, against regular expressions of JavaScript, and what is refused. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { PATTERN_MAX_BYTES } from '../../layout.ts';
import { Problem } from '../problem.ts';
import { compilePattern } from './compile-pattern.ts';

const tableOf = (text: string, isPartOfWord = false): DataView => {
  const compiled = compilePattern(text, isPartOfWord);
  if (compiled instanceof Problem) throw new Error(`${text}: ${compiled.message}`);
  return new DataView(compiled.table.buffer);
};

// Follows a table as assembly/classify/pattern.ts does.
const matches = (table: DataView, text: string): boolean => {
  const [states = 0, classes = 0, start = 0] = [0, 2, 4].map((at) => table.getUint16(at, true));
  let state = start;
  for (const character of text) {
    const unit = Math.min(character.codePointAt(0) ?? 0, 0x80);
    const step = state * classes + table.getUint8(8 + unit);
    state = table.getUint16(264 + step * 2, true);
    if (state === 0) return false;
  }
  const ends = 264 + states * classes * 2;
  return ((table.getUint8(ends + (state >> 3)) >> (state & 7)) & 1) === 1;
};
const flagsOf = (text: string, isPartOfWord = false) =>
  tableOf(text, isPartOfWord).getUint16(6, true);

test.each([
  [String.raw`ORD-\d{8}`, ['ORD-12345678'], ['ORD-1234567', 'ORD-123456789', 'ord-12345678', '']],
  ['a|bc|', undefined, []],
  ['(?:ab)+c?', ['ab', 'abab', 'ababc'], ['aba', 'c', 'abcc']],
  ['[A-F0-9]{2}(:[A-F0-9]{2}){5}', ['AA:BB:CC:00:11:22'], ['AA:BB:CC:00:11', 'GA:BB:CC:00:11:22']],
  [String.raw`[\w.-]+\.[a-z]{2,3}`, ['a-b.c.de'], ['.d', 'a.bcde']],
  [String.raw`\.\*\[\]\(\)\{\}\|\\\/`, ['.*[](){}|\\/'], ['a']],
  ['[]]', undefined, []],
  [String.raw`[\]a-]`, [']', 'a', '-'], ['b']],
  ['[^a]b', ['xb', 'üb', '\u{1f600}b', '\nb'], ['ab', 'b']],
  ['.b', ['xb', 'üb'], ['\nb', '\rb']],
  [String.raw`\D\S\Wx`, ['a-üx'], ['1-üx']],
  [String.raw`\x41\t`, ['A\t'], ['A']],
  ['a{2,}', ['aa', 'aaaaaaa'], ['a']],
  ['a{0}b', ['b'], ['ab']],
])('%s', (pattern, yes, no) => {
  if (yes === undefined) {
    expect(compilePattern(pattern, false)).toBeInstanceOf(Problem);
    return;
  }
  const table = tableOf(pattern);
  expect(yes.filter((text) => !matches(table, text))).toEqual([]);
  expect(no.filter((text) => matches(table, text))).toEqual([]);
});

test('invisible characters inside of a match are ignored, none begins one', () => {
  const table = tableOf(String.raw`a+\d{2}`);
  expect(matches(table, 'a\u0001a1\u0001\u00012\u0001')).toBe(true);
  expect(matches(table, '\u0001a12')).toBe(false);
  expect(matches(table, 'a1\u0001')).toBe(false);
});

test('flags say where a match may begin and end, and whether it needs a digit', () => {
  expect(flagsOf('ab+')).toBe(2);
  expect(flagsOf('ab+', true)).toBe(1);
  expect(flagsOf(String.raw`x\d|y[5-7]`)).toBe(2 | 4);
  expect(flagsOf(String.raw`x\d*`)).toBe(2);
  expect(flagsOf(String.raw`\w{3}`)).toBe(2);
});

test.each([
  ['', 'pattern is empty', 0],
  ['a'.repeat(513), 'pattern is too long', 0],
  ['a*', 'pattern matches the empty text', 0],
  ['(a|)', 'pattern matches the empty text', 0],
  [String.raw`[^\d\D]`, 'pattern matches nothing', 0],
  ['a)b', '`)` without a group', 1],
  ['x(ab', 'group does not end', 1],
  ['x[ab', 'class does not end', 1],
  ['x[]', 'class is empty', 1],
  ['x[z-a]', 'range ends before it begins', 2],
  [String.raw`x[\d-z]`, 'range with a class', 2],
  ['a**', 'two repetitions after each other', 2],
  ['a+?', 'two repetitions after each other', 2],
  ['a{2}{3}', 'two repetitions after each other', 4],
  ['*a', 'nothing before `*` that could be repeated', 0],
  ['a|+', 'nothing before `+` that could be repeated', 2],
  ['a{x}', 'repetition cannot be read', 1],
  ['a{,3}', 'repetition cannot be read', 1],
  ['a{3,2}', 'repetition ends before it begins', 1],
  ['a{257}', 'repetition is too large', 1],
  ['^a', '`^` is not supported', 0],
  ['a$', '`$` is not supported', 1],
  [String.raw`\bx`, '`\\b` is not supported', 0],
  [String.raw`(a)\1`, '`\\1` is not supported', 3],
  [String.raw`\u0041`, '`\\u` is not supported', 0],
  [String.raw`\p{L}`, '`\\p` is not supported', 0],
  [String.raw`\xff`, '`\\x` is not supported', 0],
  ['a\\', '`\\` is not supported', 1],
  ['x(?=a)', 'group `(?=a` is not supported', 1],
  ['x(?<!a)', 'group `(?<!` is not supported', 1],
  ['x(?<n>a)', 'group `(?<n` is not supported', 1],
  ['aü', '`ü` is not ASCII', 1],
  ['a\tb', 'control character in a pattern', 1],
  [`${'('.repeat(33)}a${')'.repeat(33)}`, 'groups are nested too deep', 32],
  ['((((a{256}){256}){256}){256})', 'pattern is too large', 0],
  ['(a|b)*a(a|b){12}', 'pattern is too large', 0],
  [String.raw`\w{200}x{60}`, 'shortest match has 260 characters', 0],
  ['x{255}', undefined, 0],
  ['x{256}', 'shortest match has 256 characters', 0],
  ['(((a?){60}){60})b', 'pattern is too large', 0],
])('%s: %s', (pattern, message, offset) => {
  const compiled = compilePattern(pattern, false);
  if (message === undefined) expect(compiled).not.toBeInstanceOf(Problem);
  else expect(compiled).toMatchObject({ message, offset });
  if (compiled instanceof Problem) expect(compiled.help).not.toBe('');
});

test('a match that may begin anywhere has 64 characters at most', () => {
  expect(compilePattern('a{64}', true)).not.toBeInstanceOf(Problem);
  expect(compilePattern('a{65}', true)).toMatchObject({
    message: 'shortest match has 65 characters',
  });
  expect(compilePattern('a{65}', false)).not.toBeInstanceOf(Problem);
});

const letters = ['a', 'b', '1', '-', '_', ' ', 'ü', 'Z', '\n'];
const atom = fc.constantFrom(
  'a',
  'b',
  '1',
  '-',
  String.raw`\d`,
  String.raw`\w`,
  String.raw`\s`,
  String.raw`\W`,
  '.',
  '[ab]',
  '[^a]',
  '[a-c1]',
  String.raw`[^\d_]`,
);
const { pattern: randomPattern } = fc.letrec<{ pattern: string; sequence: string; part: string }>(
  (tie) => ({
    pattern: fc.oneof(
      { maxDepth: 2 },
      tie('sequence'),
      fc.tuple(tie('sequence'), tie('pattern')).map(([a, b]) => `${a}|${b}`),
    ),
    sequence: fc.array(tie('part'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
    part: fc
      .tuple(
        fc.oneof(
          { maxDepth: 2 },
          atom,
          tie('pattern').map((inner) => `(${inner})`),
        ),
        fc.constantFrom('', '', '', '?', '*', '+', '{2}', '{1,3}', '{2,}'),
      )
      .map(([one, repetition]) => one + repetition),
  }),
);

test('random patterns match what they match in JavaScript', () => {
  let compiledCount = 0;
  const texts = fc.array(
    fc.array(fc.constantFrom(...letters), { maxLength: 7 }).map((all) => all.join('')),
    { minLength: 20, maxLength: 20 },
  );
  fc.assert(
    fc.property(randomPattern, texts, (pattern, all) => {
      const compiled = compilePattern(pattern, false);
      const whole = new RegExp(`^(?:${pattern})$`);
      if (compiled instanceof Problem) {
        if (compiled.message === 'pattern matches the empty text')
          expect(whole.test('')).toBe(true);
        return;
      }
      compiledCount++;
      expect(compiled.table.length).toBeLessThanOrEqual(PATTERN_MAX_BYTES);
      const table = new DataView(compiled.table.buffer);
      for (const text of all)
        expect([text, matches(table, text)]).toEqual([text, whole.test(text)]);
    }),
    { numRuns: Math.min(Number(process.env.FUZZ_RUNS ?? 200), 20_000) },
  );
  expect(compiledCount).toBeGreaterThan(50);
});

test('states are as few as they can be', () => {
  expect(tableOf('(a|b)(a|b)').getUint16(0, true)).toBe(4);
  expect(tableOf('abc|abd|abe').getUint16(0, true)).toBe(5);
});
