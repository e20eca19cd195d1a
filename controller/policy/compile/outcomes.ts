/** The table of outcomes: what rules say when they apply. */
import { BundleSection, Outcome } from '../../layout.ts';
import { Records, type SectionData } from '../../section-file.ts';
import type { AccessRule } from '../policy-set.ts';
import { bitsOf } from './labels.ts';

/** Collects outcomes, equal ones once. */
export class OutcomeTable {
  readonly #labels: readonly string[];
  readonly #indexes = new Map<string, number>();
  readonly #records = new Records(Outcome.SIZE);

  /** `labels` holds all labels that clearances name. */
  constructor(labels: readonly string[]) {
    this.#labels = labels;
  }

  /** The index of what a rule says. */
  intern(rule: AccessRule, isShadow: boolean): number {
    const clearance = bitsOf(rule.clearance, this.#labels);
    const shadow = isShadow ? 1 : 0;
    const key = `${clearance} ${rule.effect} ${rule.maxRisk} ${rule.audit} ${shadow}`;
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.#records.add((view, at) => {
      view.setBigUint64(at + Outcome.clearance, clearance, true);
      view.setUint8(at + Outcome.effect, rule.effect);
      view.setUint8(at + Outcome.maxRisk, rule.maxRisk);
      view.setUint8(at + Outcome.audit, rule.audit);
      view.setUint8(at + Outcome.shadow, shadow);
    });
    this.#indexes.set(key, index);
    return index;
  }

  section(): SectionData {
    return this.#records.section(BundleSection.Outcomes);
  }
}
