/** Random texts with planted values: the scanner finds what the oracle finds, however the text is cut. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  allKinds,
  type Found,
  kindNames,
  loadDetectKernel,
  type Strengths,
} from './detect-kernel.ts';
import { findByOracle } from './detect-oracle.ts';
import { plantedText, Random, samples } from './detect-samples.ts';

const numRuns = Number(process.env.FUZZ_RUNS ?? 20_000);
const kernel = await loadDetectKernel();
const strengths: Strengths = Object.fromEntries(allKinds.map((name, i) => [name, i + 1]));
const all = kernel.set(strengths);

/** Matches as they can be read in a failure. */
function readable(text: string, found: readonly Found[]): string[] {
  const chars = [...text];
  return found.map(
    ({ start, end, kinds, strength }) =>
      `${start}-${end} ${JSON.stringify(chars.slice(start, end).join(''))} ${kindNames(kinds).join('+')} ${strength}`,
  );
}

test('as the oracle', () => {
  fc.assert(
    fc.property(plantedText, (text) => {
      const units = kernel.units(text);
      expect(readable(text, kernel.scan(all, units))).toEqual(
        readable(text, findByOracle(strengths, units)),
      );
    }),
    { numRuns },
  );
});

test('any subset of the detectors as the oracle', () => {
  fc.assert(
    fc.property(plantedText, fc.subarray(allKinds, { minLength: 1 }), (text, kinds) => {
      const some: Strengths = Object.fromEntries(kinds.map((name, i) => [name, i + 1]));
      const set = kernel.set(some);
      const units = kernel.units(text);
      const found = readable(text, kernel.scan(set, units));
      kernel.exports.give(set);
      expect(found).toEqual(readable(text, findByOracle(some, units)));
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  );
});

test('windows change nothing', () => {
  fc.assert(
    fc.property(fc.array(plantedText, { minLength: 1, maxLength: 8 }), fc.nat(), (texts, seed) => {
      const text = texts.join('');
      const units = kernel.units(text);
      const random = new Random(seed);
      const whole = readable(text, kernel.scan(all, units));
      for (const steps of [() => 1, () => 1 + random.below(7), () => 1 + random.below(600)]) {
        expect(readable(text, kernel.scanWindows(all, units, steps))).toEqual(whole);
      }
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  );
});

test('the samples are no empty words', () => {
  const found = samples.filter((text) => kernel.scan(all, kernel.units(text)).length > 0);
  expect(found.length).toBeGreaterThan(samples.length * 0.9);
});
