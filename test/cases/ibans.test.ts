/** The IBANs of python-stdnum's tests: all are found whole, and none of them with another last digit. */
import { expect, test } from 'vitest';

import { loadDetectKernel } from '../kernels/detect-kernel.ts';
import { numberCases } from './shared-cases.ts';

const kernel = await loadDetectKernel();
const set = kernel.set({ Iban: 1 });

test('IBANs', () => {
  const ibans = numberCases().filter(({ mod }) => mod === 'stdnum.iban');
  expect(ibans.length).toBeGreaterThan(100);
  for (const { number, valid } of ibans) {
    const whole = { start: 0, end: number.length, strength: 1, kinds: 4n };
    expect([number, kernel.scan(set, kernel.units(number))]).toEqual([
      number,
      valid ? [whole] : [],
    ]);
    const wrong = number.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10));
    expect([wrong, kernel.scan(set, kernel.units(wrong))]).toEqual([wrong, []]);
  }
});
