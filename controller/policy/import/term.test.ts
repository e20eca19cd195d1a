import fc from 'fast-check';
import { expect, test } from 'vitest';

import { allOf, always, anyOf, closeGaps, gap, never, notOf, type Term } from './term.ts';

const names = ['a', 'b', 'c'];
const leaf = fc.oneof(
  fc.constantFrom(always, never, gap),
  fc.constantFrom(...names).map((template): Term => ({ kind: 'path', template })),
);
const { term: terms } = fc.letrec<{ term: Term }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('term'), { maxLength: 3 }).map(allOf),
    fc.array(tie('term'), { maxLength: 3 }).map(anyOf),
    tie('term').map(notOf),
  ),
}));

test('whatever a gap holds, the closed terms stand on their sides', () => {
  fc.assert(
    fc.property(terms, fc.subarray(names), fc.boolean(), (term, held, gapHolds) => {
      const value = holds(term, held, gapHolds);
      expect(holds(closeGaps(term, 'narrower'), held, gapHolds) && !value).toBe(false);
      expect(value && !holds(closeGaps(term, 'wider'), held, gapHolds)).toBe(false);
      expect(JSON.stringify(closeGaps(term, 'wider'))).not.toContain('gap');
    }),
  );
});

test('a term without gaps stays as it is', () => {
  fc.assert(
    fc.property(terms, (term) => {
      fc.pre(!JSON.stringify(term).includes('gap'));
      expect(closeGaps(term, 'narrower')).toEqual(term);
    }),
  );
});

function holds(term: Term, held: readonly string[], gapHolds: boolean): boolean {
  switch (term.kind) {
    case 'constant':
      return term.value;
    case 'gap':
      return gapHolds;
    case 'not':
      return !holds(term.operand, held, gapHolds);
    case 'and':
      return term.operands.every((operand) => holds(operand, held, gapHolds));
    case 'or':
      return term.operands.some((operand) => holds(operand, held, gapHolds));
    default:
      return term.kind === 'path' && held.includes(term.template);
  }
}
