import fc from 'fast-check';
import { expect, test } from 'vitest';

import { RequestKind, TextOp } from '../../layout.ts';
import type { TextPattern } from '../text-pattern.ts';
import { Bdd, FALSE, type Node, TRUE } from './bdd.ts';
import { emptyDraft, finishRequest } from './concrete-request.ts';
import { Effort, GaveUp } from './effort.ts';
import type { Truth } from './truth.ts';
import { headerTruths, parameterTruths } from './value-dimensions.ts';
import { Numbered, textKey } from './vocabulary.ts';

const letters = (length: { minLength?: number; maxLength: number }) =>
  fc.string({ unit: fc.constantFrom('a', 'b', ','), ...length });
const pattern = fc.record({
  op: fc.constantFrom(TextOp.Equal, TextOp.Prefix, TextOp.Suffix),
  text: letters({ minLength: 1, maxLength: 2 }),
});

function matches({ op, text }: TextPattern, value: string): boolean {
  if (op === TextOp.Equal) return value === text;
  return op === TextOp.Prefix ? value.startsWith(text) : value.endsWith(text);
}

/** What two functions say at a choice of levels; undefined between `sure` and `possible`. */
function said(bdd: Bdd, { sure, possible }: Truth, choice: Node): boolean | undefined {
  if (bdd.minus(choice, sure) === FALSE) return true;
  return bdd.and(choice, possible) === FALSE ? false : undefined;
}

const { Header, AnyHeader, Parameter } = RequestKind;

test.each([
  ['elements of headers', Header],
  ['lines of headers', AnyHeader],
  ['parameters', Parameter],
] as const)('%s: all values, any value and presence are those of the values', (_name, kind) => {
  const given = [
    fc.array(pattern, { maxLength: 3 }),
    fc.array(letters({ maxLength: 3 }), { maxLength: 3 }),
  ] as const;
  const isList = kind === Header;
  fc.assert(
    fc.property(...given, (written, lines) => {
      const patterns = isList ? written.filter(({ text }) => !text.includes(',')) : written;
      const values = isList ? lines.flatMap((line) => line.split(',')) : lines;
      const bdd = new Bdd(new Effort(1e6));
      const texts = new Numbered<TextPattern>();
      for (const each of patterns) texts.add(textKey(each), each);
      const named = { name: 'x', values: texts, kinds: new Set([kind]) };
      const truths = kind === Parameter ? parameterTruths : headerTruths;
      const found = truths(named, bdd, 3, new Effort(1e6));
      const draft = emptyDraft();
      if (lines.length > 0) draft.headers.x = lines;
      draft.parameters.push(...values.map((value): [string, string] => ['x', value]));
      const levels = found.dimension.read(finishRequest(draft));
      let choice: Node = TRUE;
      for (let level = found.dimension.from; level < found.dimension.to; level++) {
        const variable = bdd.variable(level);
        choice = bdd.and(choice, levels?.has(level) ? variable : bdd.not(variable));
      }
      expect(bdd.minus(choice, found.present) === FALSE).toBe(values.length > 0);
      for (const [number, each] of texts.items.entries()) {
        const count = values.filter((value) => matches(each, value)).length;
        const isMixed = count > 0 && count < values.length;
        const [all, any] = [found.all[number], found.any[number]] as [Truth, Truth];
        expect(said(bdd, all, choice)).toBe(values.length === 0 || isMixed ? undefined : count > 0);
        expect(said(bdd, any, choice)).toBe(values.length === 0 ? undefined : count > 0);
      }
    }),
    { numRuns: 200 },
  );
});

test('a witness of a line may hold a comma, none of an element does', () => {
  const texts = new Numbered<TextPattern>();
  // With the empty text and all other characters taken, a comma is what is left to start with.
  texts.add('', { op: TextOp.Equal, text: '' });
  for (let code = 0x21; code < 0x7f; code++) {
    const text = String.fromCharCode(code);
    if (text !== ',') texts.add(text, { op: TextOp.Prefix, text });
  }
  const witnesses = (kind: RequestKind) => {
    const named = { name: 'x', values: texts, kinds: new Set([kind]) };
    const bdd = new Bdd(new Effort(1e6));
    const { dimension } = headerTruths(named, bdd, 0, new Effort(1e6));
    const draft = emptyDraft();
    dimension.write(new Set(Array(dimension.to).keys()), draft);
    return (draft.headers.x ?? []).join('');
  };
  expect(witnesses(AnyHeader)).toContain(',');
  expect(witnesses(Header)).not.toContain(',');
});

test('lines whose values fit stay as they are', () => {
  const texts = new Numbered<TextPattern>();
  texts.add('a', { op: TextOp.Equal, text: 'a' });
  const bdd = new Bdd(new Effort(1e6));
  const named = { name: 'x', values: texts, kinds: new Set([Header]) };
  const { dimension } = headerTruths(named, bdd, 0, new Effort(1e6));
  const draft = emptyDraft();
  draft.headers.x = ['a, b', 'c'];
  const levels = dimension.read(finishRequest(draft));
  dimension.write(levels ?? new Set(), draft);
  expect(draft.headers.x).toEqual(['a, b', 'c']);
});

test('a header that is read in two ways is not compared', () => {
  const named = {
    name: 'x',
    values: new Numbered<TextPattern>(),
    kinds: new Set([Header, AnyHeader]),
  };
  const bdd = new Bdd(new Effort(1e6));
  expect(() => headerTruths(named, bdd, 0, new Effort(1e6))).toThrow(GaveUp);
});
