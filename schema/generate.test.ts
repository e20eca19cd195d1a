/** The committed generated files are what the generator writes, and the layouts keep their promises. */
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { renderAll } from './generate.ts';
import { placeFields } from './struct.ts';

test.each([...renderAll()])('%s is up to date', (path, text) => {
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('a field that is not aligned is refused', () => {
  const bad = {
    name: 'Bad',
    doc: '',
    fields: [
      ['a', 'u8', ''],
      ['b', 'u32', ''],
    ],
  } as const;
  expect(() => placeFields(bad)).toThrow('Bad.b at 1 is not aligned to 4');
});

test('a struct that does not fill whole words is refused', () => {
  expect(() => placeFields({ name: 'Short', doc: '', fields: [['a', 'u32', '']] })).toThrow(
    'Short has 4 bytes',
  );
});
