import fc from 'fast-check';
import { expect, test } from 'vitest';

import { HostKind, TextOp } from '../../layout.ts';
import { parsePathTemplate } from '../path-template.ts';
import { Problem } from '../problem.ts';
import { Effort, GaveUp } from './effort.ts';
import { authority, type Grammar, headerLine, identitySegment, uuid } from './grammars.ts';
import { normalisedPath } from './path-grammar.ts';
import { type TextClass, textClasses } from './text-classes.ts';
import { TextMachine } from './text-machine.ts';
import { shapeOfHost, shapeOfPath, shapeOfPattern, type TextShape } from './text-shape.ts';

const LENGTH = 6;

function classesOf(shapes: readonly TextShape[], grammar: Grammar): TextClass[] {
  return textClasses(new TextMachine(shapes), grammar, new Effort(1e9));
}

/** Every text of an alphabet that the grammar accepts, up to LENGTH characters. */
function* shortTexts(alphabet: string, grammar: Grammar): Generator<string> {
  let row: [string, number][] = [['', grammar.start]];
  for (let length = 0; length <= LENGTH; length++) {
    for (const [text, state] of row) if (grammar.accepts(state)) yield text;
    row = row.flatMap(([text, state]) =>
      [...alphabet].flatMap((char): [string, number][] => {
        const next = grammar.step(state, char);
        return next < 0 ? [] : [[text + char, next]];
      }),
    );
  }
}

/** The classes of short texts, by a matcher of their own. */
function bruteForce(
  alphabet: string,
  grammar: Grammar,
  matchers: readonly ((text: string) => boolean)[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const text of shortTexts(alphabet, grammar)) {
    const key = matchers.flatMap((matches, i) => (matches(text) ? [i] : [])).join(' ');
    if (!found.has(key)) found.set(key, text);
  }
  return found;
}

function compare(classes: readonly TextClass[], wanted: ReadonlyMap<string, string>): void {
  const short = classes.filter(({ witness }) => witness.length <= LENGTH);
  const found = new Map(short.map(({ shapes, witness }) => [shapes.join(' '), witness.length]));
  const lengths = [...wanted].map(([key, text]): [string, number] => [key, text.length]);
  expect([...found].sort()).toEqual(lengths.sort());
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 3 });
const pattern = fc.record({
  op: fc.constantFrom(TextOp.Equal, TextOp.Prefix, TextOp.Suffix),
  text,
});
const patterns = fc.array(pattern, { maxLength: 5 });

function matcherOf({ op, text: wanted }: { op: TextOp; text: string }) {
  if (op === TextOp.Equal) return (given: string) => given === wanted;
  return (given: string) =>
    op === TextOp.Prefix ? given.startsWith(wanted) : given.endsWith(wanted);
}

test('patterns of names have the classes that all short names show, each with a shortest one', () => {
  fc.assert(
    fc.property(patterns, (given) => {
      const classes = classesOf(given.map(shapeOfPattern), identitySegment);
      compare(classes, bruteForce('ab.x', identitySegment, given.map(matcherOf)));
    }),
    { numRuns: 200 },
  );
});

test('header lines have no blanks around them', () => {
  const blank = fc.record({
    op: fc.constantFrom(TextOp.Equal, TextOp.Prefix, TextOp.Suffix),
    text: fc.string({ unit: fc.constantFrom('a', ' ', ','), maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(blank, { maxLength: 4 }), (given) => {
      const classes = classesOf(given.map(shapeOfPattern), headerLine);
      compare(classes, bruteForce('a ,x', headerLine, given.map(matcherOf)));
    }),
    { numRuns: 200 },
  );
});

test('path templates have the classes that all short paths show', () => {
  const segment = fc.constantFrom('a', 'b', '{id}', 'a.');
  const segments = fc.array(segment, { maxLength: 3 }).map((all) => `/${all.join('/')}`);
  const template = fc.oneof(
    segments,
    segments.map((path) => `${path === '/' ? '' : path}/**`),
    segments.map((path) => `${path === '/' ? '' : path}/a*`),
    fc.constantFrom('/a/', '/{id}/', '*/b', '*.b', '*b/', '*'),
  );
  fc.assert(
    fc.property(fc.uniqueArray(template, { maxLength: 4 }), (given) => {
      const templates = given.map((written) => {
        const parsed = parsePathTemplate(written);
        if (parsed instanceof Problem) throw new Error(parsed.message);
        return parsed;
      });
      const classes = classesOf(templates.map(shapeOfPath), normalisedPath);
      const matchers = given.map((written) => (path: string) => regularOf(written).test(path));
      const wanted = bruteForce('/ab.x', normalisedPath, matchers);
      // Fewest slashes come first, so a witness may be longer than the shortest text.
      const found = classes.filter(({ witness }) => witness.length <= LENGTH);
      const all = new Set(classes.map(({ shapes }) => shapes.join(' ')));
      for (const key of wanted.keys()) expect(all).toContain(key);
      for (const { shapes } of found) expect([...wanted.keys()]).toContain(shapes.join(' '));
    }),
    { numRuns: 100 },
  );
});

function regularOf(template: string): RegExp {
  if (template === '*') return /^/;
  const source = template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+');
  if (source.startsWith('*')) return new RegExp(`${source.slice(1)}$`);
  if (source.endsWith('/**')) return new RegExp(`^${source.slice(0, -3)}(/.*)?$`);
  return new RegExp(source.endsWith('*') ? `^${source.slice(0, -1)}` : `^${source}$`);
}

test('hosts are compared without port and trailing dot', () => {
  const machine = new TextMachine([
    shapeOfHost({ kind: HostKind.Exact, text: 'a.b' }),
    shapeOfHost({ kind: HostKind.Suffix, text: '.b' }),
  ]);
  for (const [host, shapes] of [
    ['a.b', [0, 1]],
    ['a.b.:80', [0, 1]],
    ['a.b:', [0, 1]],
    ['x.a.b:1', [1]],
    ['.b', []],
    ['a.b:8x', []],
    ['a.b..', []],
  ] as const) {
    expect(machine.match(host), host).toEqual(shapes);
  }
  const shapes = textClasses(machine, authority, new Effort(1e9)).map((found) => found.shapes);
  expect(shapes.map((found) => found.join(' ')).sort()).toEqual(['', '0 1', '1']);
});

test('escapes of paths are whole: nothing stands between the bytes of a character', () => {
  const template = parsePathTemplate('/%C3%A9*');
  if (template instanceof Problem) throw new Error(template.message);
  const half = { ...template, affix: '%C3' };
  const classes = classesOf([template, half].map(shapeOfPath), normalisedPath);
  expect(classes.map(({ shapes, witness }) => [shapes.join(' '), witness])).toContainEqual([
    '0 1',
    '/%C3%A9',
  ]);
  const [only] = classes.filter(({ shapes }) => shapes.join(' ') === '1');
  expect(only?.witness).toMatch(/^\/%C3%[89AB][0-9A-F]$/);
});

test('a segment behind the 64th is none: the class has no path', () => {
  const template = parsePathTemplate(`${'/a'.repeat(64)}/**`);
  const exact = parsePathTemplate('/a'.repeat(64));
  if (template instanceof Problem || exact instanceof Problem) throw new Error('no template');
  const classes = classesOf([template, exact].map(shapeOfPath), normalisedPath);
  expect(classes.map(({ shapes }) => shapes.join(' ')).sort()).toEqual(['', '0 1']);
});

test('a UUID has 36 characters, whatever pattern it has', () => {
  const given = { op: TextOp.Prefix, text: '3f0e8c1a-' };
  const witnesses = classesOf([shapeOfPattern(given)], uuid).map(({ witness }) => witness);
  expect(witnesses).toHaveLength(2);
  for (const witness of witnesses) {
    expect(witness).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  }
});

test('a search ends when its effort does', () => {
  const shape = shapeOfPattern({ op: TextOp.Suffix, text: 'abc' });
  const run = () => textClasses(new TextMachine([shape]), identitySegment, new Effort(30));
  expect(run).toThrow(GaveUp);
});
