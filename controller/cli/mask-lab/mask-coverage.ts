/** Which masking rules the cases of tests have put to work. */
import type { PolicySet } from '../../policy/policy-set.ts';
import type { CoveredRule } from '../policy-lab/test-coverage.ts';
import { type NamedRule, rulesOf } from './parts-of-set.ts';

/** Masking rules by whether a case has masked with them. */
export interface MaskCoverage {
  /** In percent of all, rounded down; 100 without rules. */
  readonly percent: number;
  readonly rules: number;
  readonly neverMasked: readonly CoveredRule[];
}

/** Counts case by case. */
export class MaskCoverageCount {
  readonly #rules: readonly NamedRule[];
  readonly #used = new Set<string>();

  constructor(set: PolicySet) {
    this.#rules = rulesOf(set);
  }

  /** A case was asked, and these rules masked in it. */
  count(rules: readonly NamedRule[]): void {
    for (const { name } of rules) this.#used.add(name);
  }

  finish(): MaskCoverage {
    const never = this.#rules.filter(({ name }) => !this.#used.has(name));
    const share = this.#rules.length === 0 ? 1 : 1 - never.length / this.#rules.length;
    return {
      percent: Math.floor(share * 100),
      rules: this.#rules.length,
      neverMasked: never.map(({ name, mask }) => ({ name, ...mask.origin })),
    };
  }
}
