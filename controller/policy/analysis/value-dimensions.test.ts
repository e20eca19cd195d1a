import fc from 'fast-check';
import { expect, test } from 'vitest';

import { TextOp } from '../../layout.ts';
import type { TextPattern } from '../text-pattern.ts';
import { Bdd, FALSE, type Node, TRUE } from './bdd.ts';
import { emptyDraft, finishRequest } from './concrete-request.ts';
import { Effort } from './effort.ts';
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

test.each([
  ['headers', headerTruths],
  ['parameters', parameterTruths],
] as const)('%s: all values, any value and presence are those of the values', (_name, truths) => {
  const given = [
    fc.array(pattern, { maxLength: 3 }),
    fc.array(letters({ maxLength: 3 }), { maxLength: 3 }),
  ] as const;
  fc.assert(
    fc.property(...given, (patterns, values) => {
      const bdd = new Bdd(new Effort(1e6));
      const texts = new Numbered<TextPattern>();
      for (const each of patterns) texts.add(textKey(each), each);
      const found = truths({ name: 'x', values: texts }, bdd, 3, new Effort(1e6));
      const draft = emptyDraft();
      if (values.length > 0) draft.headers.x = values;
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
