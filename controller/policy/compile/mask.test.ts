/** The order of masks by strength, and which of them a place needs. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Band, DateUnit, MaskOperator } from '../../layout.ts';
import { compareMasks, type Mask, maskKey, NEVER_IN_FORCE, withoutCovered } from './mask.ts';

const mask = (operator: keyof typeof MaskOperator, rest: Partial<Mask> = {}): Mask => ({
  labels: 1n,
  operator: MaskOperator[operator],
  keep: 0,
  param: 0,
  text: '',
  minBand: Band.Low,
  ignoresClearance: false,
  ...rest,
});

test('operators have the order of the policy model, then what is left decides', () => {
  const ascending = [
    mask('KeepLast', { keep: 16 }),
    mask('KeepFirst', { keep: 5 }),
    mask('KeepLast', { keep: 4 }),
    mask('KeepFirst', { keep: 0 }),
    mask('DateShift', { param: 7 }),
    mask('DateShift', { param: 365 }),
    mask('Truncate', { keep: 10 }),
    mask('Truncate', { keep: 1 }),
    mask('Bucket', { param: 5 }),
    mask('Bucket', { param: 1000 }),
    mask('Bucket', { param: DateUnit.Month }),
    mask('Bucket', { param: DateUnit.Decade }),
    mask('FormatPreserving', { param: 10 }),
    mask('Token'),
    mask('Hash', { param: 64 }),
    mask('Hash', { param: 8 }),
    mask('Replace', { text: 'x' }),
    mask('Redact'),
    mask('Null'),
    mask('Drop'),
  ];
  const back = [...ascending].reverse().sort(compareMasks);
  expect(back.map(maskKey)).toEqual(ascending.map(maskKey));
});

const anyMask = fc
  .record({
    labels: fc.constantFrom(1n, 2n, 3n),
    operator: fc.constantFrom(...(Object.keys(MaskOperator) as (keyof typeof MaskOperator)[])),
    keep: fc.nat(3),
    minBand: fc.constantFrom(Band.Low, Band.Guarded, Band.High, Band.Critical, NEVER_IN_FORCE),
    ignoresClearance: fc.boolean(),
  })
  .map(({ operator, minBand, ...rest }) => mask(operator, { ...rest, minBand: minBand as Band }));

// As the filter decides it.
const strongest = (masks: readonly Mask[], clearance: bigint, band: number): string => {
  const inForce = masks.filter(
    (one) => band >= one.minBand && (one.ignoresClearance || (one.labels & ~clearance & 3n) !== 0n),
  );
  const [first] = [...inForce].sort((a, b) => compareMasks(b, a));
  return first === undefined ? 'none' : `${first.operator} ${first.keep} ${first.param}`;
};

test('masks that are left out change nothing for any caller', () => {
  const masks = fc.array(anyMask, { maxLength: 8 });
  fc.assert(
    fc.property(masks, fc.bigInt(0n, 3n), fc.nat(3), (all, clearance, band) => {
      const kept = withoutCovered(all);
      expect(strongest(kept, clearance, band)).toBe(strongest(all, clearance, band));
      expect(withoutCovered([...all].reverse()).map(maskKey)).toEqual(kept.map(maskKey));
    }),
    { numRuns: 2000 },
  );
});

test('what a stronger one covers is left out', () => {
  const weak = mask('KeepLast', { keep: 4 });
  const strong = mask('Redact');
  const late = mask('Null', { minBand: Band.High });
  expect(withoutCovered([late, strong, weak, strong])).toEqual([strong, late]);
  expect(withoutCovered([weak, late])).toEqual([weak, late]);
  expect(withoutCovered([mask('Redact', { ignoresClearance: true }), weak])).toHaveLength(1);
  expect(withoutCovered([strong, { ...weak, ignoresClearance: true }])).toHaveLength(2);
});
