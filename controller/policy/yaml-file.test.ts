/** Files of several documents: both readers together say what the library says of the whole file; and what is not read. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { LineIndex } from './yaml/line-index.ts';
import { readSlow } from './yaml/slow-reader.ts';
import { readPolicyFile } from './yaml-file.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 2000);

const readFile = (text: string, marks = 1_000_000) => {
  const read = [...readPolicyFile({ name: 'f', text }, { marks })];
  return {
    documents: read.flatMap((item) => (Array.isArray(item) ? [] : [item])),
    errors: read.flatMap((item) => (Array.isArray(item) ? item : [])),
  };
};
const shown = (text: string, marks?: number) =>
  readFile(text, marks).errors.map((e) => `${e.line}:${e.column} ${e.message}`);

const part = fc.constantFrom(
  ...[
    'a: 1\n',
    'a: [b',
    '- a\n',
    'a: &x 1\nb: *x\n',
    '"a\n',
    "'",
    '|\n  x\n',
    '# c\n',
    '\n',
    'a: !t x\n',
    '...\n',
  ],
  ...[
    '%YAML 1.2\n',
    'a: 1\na: 2\n',
    'x',
    '{ a: 1 }\n',
    'a: "\n',
    'b"\n',
    ']\n',
    '\ufeff',
    '\r\n',
    ' ',
    'null\n',
    '\t\n',
  ],
);
const mark = fc.constantFrom(
  '---\n',
  '---\n',
  '--- # c\n',
  '--- ',
  '---\r\n',
  '---',
  '--- |\n',
  '',
);

test('random files give the documents, values and mistakes of the library', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(mark, part), { maxLength: 6 }), (parts) => {
      const text = parts.flat().join('');
      const { documents, errors } = readFile(text);
      const whole = readSlow(text, 0, text.length);
      const lines = new LineIndex(text);
      const problems = whole.problems.map(({ offset, message, help }) => ({
        file: 'f',
        ...lines.placeOf(offset),
        message,
        help,
      }));
      expect(errors).toEqual(problems);
      // A mistake between documents makes the library drop the one before it.
      if (errors.length > 0) return;
      expect(documents.map(({ raw }) => raw)).toEqual(whole.documents.map(({ raw }) => raw));
      documents.forEach((document, i) => {
        const offset = whole.documents[i]?.find([]).value ?? 0;
        expect(document.originOf([])).toEqual({ file: 'f', ...lines.placeOf(offset) });
      });
    }),
    { numRuns: runs },
  );
});

test('a document with aliases is read by the library, those around it are not', () => {
  const text = 'a: 1\n---\nb: &x [1]\nc: *x\n---\nd: 2\n';
  const { documents } = readFile(text);
  expect(documents.map(({ raw }) => raw)).toEqual([{ a: 1 }, { b: [1], c: [1] }, { d: 2 }]);
  expect(documents[1]?.originOf(['c', 0])).toEqual({ file: 'f', line: 3, column: 8 });
  expect(documents[2]?.originOf(['d'])).toEqual({ file: 'f', line: 6, column: 4 });
});

test('what the library would need too long for ends at the place that needs it', () => {
  const text = `a: 1\n---\nb: [${'1,'.repeat(50)}]\nc: &x 1\n`;
  expect(shown(text, 50)).toEqual([
    '4:4 not valid YAML, or a form of it that is read in small sets only: `&`',
  ]);
  expect(shown(text, 200)).toEqual([]);
});

const nested = (depth: number) => `a: ${'['.repeat(depth)}${']'.repeat(depth)}`;

test.each([
  ['lists', nested(63), []],
  ['lists', nested(64), ['1:67 values are nested more than 64 deep']],
  [
    'lists that are not closed',
    `a: ${'['.repeat(100_000)}`,
    ['1:67 values are nested more than 64 deep'],
  ],
  [
    'lists beside an anchor',
    `b: &x 1\n${nested(64)}`,
    ['2:67 values are nested more than 64 deep'],
  ],
  [
    'many lists beside an anchor',
    `b: &x 1\n${nested(50_000)}`,
    ['2:67 values are nested more than 64 deep'],
  ],
])('nesting of %s', (_, text, errors) => {
  expect(shown(text)).toEqual(errors);
});

test('a file has 32 MiB', () => {
  expect(shown(`a: 1 #${'x'.repeat(32 * 1024 * 1024 - 6)}`)).toEqual([]);
  expect(shown(`a: 1 #${'x'.repeat(32 * 1024 * 1024 - 5)}`)).toEqual([
    '1:1 file has 33554433 bytes, at most 33554432 are read',
  ]);
});

test.each([
  ['keys', `${Array.from({ length: 20_000 }, (_, i) => `k${i}: &a${i} 1`).join('\n')}\n`, 0],
  ['mistakes on one line', `a: [${','.repeat(20_000)}]`, 20_000],
])('many %s take the library no square of their number', (_, text, atLeast) => {
  expect(readFile(text).errors.length).toBeGreaterThanOrEqual(atLeast);
});
