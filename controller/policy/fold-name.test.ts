/** Names as the filter compares them, and the filter of names. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { NAME_FILTER_BYTES, NameMode } from '../layout.ts';
import { foldName, joinWords, nameFilterOf, nameForMode } from './fold-name.ts';

test('case is folded in ASCII, and where a character folds to an ASCII letter', () => {
  expect(foldName('Ta\u017fk_ID')).toBe('task_id');
  expect(foldName('TAS\u212a')).toBe('task');
  expect(foldName('GRÖSSE ß İ')).toBe('grÖsse ß İ');
});

test('words are joined without what separates them', () => {
  expect(joinWords('card_Number')).toBe('cardnumber');
  expect(joinWords('Card-Number .x')).toBe('cardnumberx');
  expect(joinWords('_-. ')).toBe('');
  expect(nameForMode('A_b', NameMode.Exact)).toBe('A_b');
  expect(nameForMode('A_b', NameMode.AnyCase)).toBe('a_b');
  expect(nameForMode('A_b', NameMode.Words)).toBe('ab');
});

const bitsOf = (filter: Uint8Array) =>
  [...filter]
    .flatMap((byte, i) =>
      Array.from({ length: 8 }, (_, bit) => ((byte >> bit) & 1 ? i * 8 + bit : -1)),
    )
    .filter((bit) => bit >= 0);

test('a name sets the bit of its first and last letter', () => {
  expect(nameFilterOf([])).toHaveLength(NAME_FILTER_BYTES);
  expect(bitsOf(nameFilterOf([]))).toEqual([]);
  expect(bitsOf(nameFilterOf(['card_number', 'Iban', '_Cloud r_']))).toEqual([
    (3 << 5) | 18,
    (9 << 5) | 14,
  ]);
});

test.each(['größe'.slice(2), 'ñ', '', '_', 'ab\u{1f600}'])('%j sets all bits', (name) => {
  expect(bitsOf(nameFilterOf(['a', name]))).toHaveLength(NAME_FILTER_BYTES * 8);
});

test('every spelling of a name has the bit of the name', () => {
  const spelling = fc.tuple(
    fc.stringMatching(/^[a-z][a-z0-9ü]{0,8}[a-z]$/),
    fc.array(fc.nat(2), { minLength: 12, maxLength: 12 }),
    fc.array(fc.constantFrom('', '_', '-', '.', ' '), { minLength: 12, maxLength: 12 }),
  );
  fc.assert(
    fc.property(spelling, ([name, cases, separators]) => {
      const written = [...name]
        .map((letter, i) => {
          const other = { s: '\u017f', k: '\u212a' }[letter] ?? letter;
          return `${separators[i]}${[letter, letter.toUpperCase(), other][cases[i] ?? 0]}`;
        })
        .join('');
      const [bit] = bitsOf(nameFilterOf([written]));
      expect(bitsOf(nameFilterOf([name]))).toContain(bit);
    }),
  );
});
