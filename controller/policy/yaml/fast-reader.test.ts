/** The fast reader against the `yaml` library: same values, same places, or it gives the document up. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { readFast } from './fast-reader.ts';
import type { ReadDocument } from './read-document.ts';
import { readSlow } from './slow-reader.ts';
import { Unsure } from './unsure.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 3000);

/** Gives true when the fast reader read the text; throws where it differs from the library. */
function compare(text: string): boolean {
  let fast: ReadDocument | undefined;
  try {
    fast = readFast(text, 0, text.length);
  } catch (error) {
    if (error instanceof Unsure) return false;
    throw error;
  }
  const slow = readSlow(text, 0, text.length);
  expect(slow.problems).toEqual([]);
  const [document] = slow.documents;
  if (fast === undefined || fast.raw === null) {
    expect(document).toBeUndefined();
    return true;
  }
  expect(slow.documents).toHaveLength(1);
  expect(fast.raw).toStrictEqual(document?.raw);
  for (const path of pathsOf(fast.raw, [])) {
    expect({ path, ...fast.find(path) }).toEqual({ path, ...document?.find(path) });
    expect(fast.scalarAt(path)).toEqual(document?.scalarAt(path));
  }
  return true;
}

function* pathsOf(value: unknown, path: PropertyKey[]): Generator<PropertyKey[]> {
  yield path;
  yield [...path, 'absent'];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    yield* pathsOf(child, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

test.each([
  'a: 1\nb: two words\nc:\n  - x\n  - y: 1\n    z: 2\n  -\n    q: r\n',
  'a:\n- b\n- c\nd: e',
  '{ "a": [1, -2.5, true, null, "x\\u0041\\n"], "b": {} }',
  '{"a":"b","c":[{"d":1},{"e":[]}]}',
  "a: 'it''s'\nb: \"q\\\"q\"\n'c d': x\n\"e\": y",
  'a: |\n  one\n   two\n\n  three\nb: >-\n  one\n  two\n\n  three # no comment\nc: |-\n  x\n',
  'a: one\n  two\n\n  three\nb: "one\n  two\n\n  three"\nc: \'x\n  y\'',
  'a: # why\n  # because\n  b: c # d\n# e\nf:\n  - # g\n    h\n',
  'a: [\n  1, # one\n  b,\n]\nc: {\n  d: e,\n  f: [g],\n}\n',
  'a:\nb: ~\nc:\n- \n- d\n',
  '- - a\n  - b\n-   - c\n',
  'a: 09:00-18:00\nb: 10.0.0.1\nc: 2026-12-25\nd: 0af3\ne: a:b\nf: a#b\ng: -x\nh: ?x\ni: :x\n',
  'a: x\r\nb:\r\n  - y\r\n  - |\r\n    one\r\n    two\r\nc: "d\r\n  e"\r\n',
  'when: >-\n  within(request.time, "Mon-Fri 09:00-18:00", "Europe/Paris")\n  && source.cpu < 0.5\n',
  '  a: 1\n  b: 2\n',
  '# only a comment\n',
])('%j is read fast', (text) => {
  expect(compare(text)).toBe(true);
});

test.each([
  'a: &x 1\nb: *x',
  'a: !!str 1',
  '<<: { a: 1 }',
  'a: 1\na: 2',
  'a: 0o17',
  'a: 1_000: 2',
  'a: .inf',
  'a: +1',
  'a: 1e3',
  'a: 007',
  'a:\t1',
  'a: "\\x41"',
  'a: "x\\\n  y"',
  'a: |2\n   x\n',
  'a: |+\n  x\n\n',
  'a: >\n  x\n    y\n  z\n',
  '? a\n: b',
  '[a: b]',
  '{ a, b }',
  'a: b: c',
  'a: - b',
  'a: [b\nc: d',
  'a: "b',
  'a:\n   b: c\n  d: e',
  '1: a',
  'true: a',
  '__proto__: a',
  'text',
  'a: [b]: c',
  'a: [b] c',
  'a:\n  b: [\n    c\n]\n',
  'a:\n  b: [[\n    c\n  ]]\n',
  'a: [b,, c]',
  'a: @x',
  `${'k'.repeat(1025)}: a`,
])('%j is given up', (text) => {
  expect(compare(text)).toBe(false);
});

const scalars = fc.oneof(
  fc.constantFrom(
    ...[
      'x',
      'a b',
      '1',
      '-1.5',
      '0o17',
      '1_000',
      '.inf',
      '-.INF',
      '.nan',
      '2026-12-25',
      '09:00',
      'null',
      '~',
      'True',
    ],
    ...[
      'yes',
      '0x1f',
      '1e3',
      '+5',
      '-0',
      '0.0',
      '00',
      "'q'",
      '"d"',
      "'it''s'",
      '"\\n\\u00e9"',
      '"\\x41"',
      "''",
      '""',
    ],
    ...[
      'a: b',
      'a #b',
      'a#b',
      '- a',
      '-a',
      '&a x',
      '*a',
      '!!str 1',
      '!t 1',
      '<<',
      '[]',
      '{}',
      '[a, b]',
      '{ a: b }',
    ],
    ...[
      '{a: b}',
      '{"a":1}',
      '[a,b]',
      '[a: b]',
      '{a}',
      '[ ]',
      '[1,]',
      '{ a: }',
      '|',
      '>',
      '@',
      '`',
      '%',
      '?',
      ':',
    ],
    ...[
      'one\n    two',
      '"one\n    two"',
      "'one\n\n    two '",
      '|\n    x\n     y\n',
      '>-\n    x\n    y\n\n    z',
    ],
    ...[
      '',
      ' ',
      '\t',
      'x\ty',
      'x ',
      '# c',
      'x # c',
      '[\n    a,\n    b\n  ]',
      '|-\n    x\n\n    y  ',
      '\u00e9',
      '\u2028',
    ],
    ...[
      '\ud83d\ude00',
      '"\\ud83d\\ude00"',
      '"\\/"',
      '1.',
      '.5',
      '1e',
      '0b1',
      '12345678901234567890',
      '1.000000001',
    ],
  ),
  fc.string({ maxLength: 6 }),
);
const keys = fc.constantFrom(
  'a',
  'b',
  'c d',
  '"e"',
  "'f'",
  'x-y',
  '1',
  '<<',
  'null',
  'g',
  'h',
  'i',
);
const lineEnds = fc.constantFrom('\n', '\n', '\n', '\n# c\n', '\n\n', ' # c\n', '\r\n', '\n  \n');
const document = fc
  .array(
    fc.tuple(
      fc.constantFrom('', '', '', '  ', '  ', '    ', '- ', '  - ', '- - ', '    - ', ' '),
      fc.option(keys),
      scalars,
      lineEnds,
    ),
    { maxLength: 8 },
  )
  .map((lines) =>
    lines
      .map(
        ([indent, key, value, end]) => `${indent}${key === null ? '' : `${key}: `}${value}${end}`,
      )
      .join(''),
  );

test('random documents are read as the library reads them, or given up', () => {
  let read = 0;
  fc.assert(
    fc.property(document, (text) => {
      if (compare(text)) read++;
    }),
    { numRuns: runs },
  );
  expect(read).toBeGreaterThan(runs / 100);
});

test('random JSON is read fast', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 2), (value, space) => {
      fc.pre(!/__proto__|-0|[.eE][-+]?\d|\d{9}/.test(JSON.stringify([value])));
      expect(compare(JSON.stringify({ value }, null, space))).toBe(true);
    }),
    { numRuns: runs },
  );
});

test('every cut of a document is read as the library reads it, or given up', () => {
  const text =
    'a: "b"\nc:\n  - { d: [e, \'f\'], g: -1 }\n  - >-\n    h\n    i\n  - |\n    j\nk: l # m\n\n  n\no: {"p":\n  1}\n';
  for (let end = 0; end <= text.length; end++) compare(text.slice(0, end));
  for (let at = 0; at < text.length; at++) {
    for (const insert of [' ', '\n', ':', '-', '#', '"', "'", '[', ',', '\t']) {
      compare(text.slice(0, at) + insert + text.slice(at));
      compare(text.slice(0, at) + insert + text.slice(at + 1));
    }
  }
});
