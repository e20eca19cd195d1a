/** How strictly a decision is recorded, seen from outside: whether the filter makes a record of each such request. */
import { Audit } from '../../layout.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import type { PolicySet } from '../../policy/policy-set.ts';
import { Laboratories } from './laboratories.ts';
import type { Question } from './laboratory.ts';

/** As policies write it, rising. */
export const auditNames = ['sampled', 'always', 'synchronous'] as const;
export type AuditName = (typeof auditNames)[number];

/** Tells the levels of answers of one destination. */
export class AuditLevels {
  readonly #asWritten: Laboratories;
  readonly #onlySynchronous: Laboratories;

  constructor(module: WebAssembly.Module, set: PolicySet, target: BundleTarget) {
    // What shadow rules would have said is recorded, too.
    const enforced = { ...set, access: set.access.filter(({ isShadow }) => !isShadow) };
    this.#asWritten = new Laboratories(module, enforced, target);
    this.#onlySynchronous = new Laboratories(module, onlySynchronous(enforced), target);
  }

  /** The level of the answer of the rules to a question. Refusals are always recorded. */
  of(question: Question): AuditName {
    const { timeMs } = question.request;
    if (!this.#asWritten.at(timeMs).isAlwaysRecorded(question)) return 'sampled';
    const isRefused = this.#asWritten.ask({ ...question, restrictions: [] }).status !== undefined;
    if (isRefused) return 'always';
    // There is room for records here, so `always` and `synchronous` look alike: without the former, one is left.
    const isSynchronous = this.#onlySynchronous.at(timeMs).isAlwaysRecorded(question);
    return isSynchronous ? 'synchronous' : 'always';
  }
}

/** The level of the answer to a single question. */
export function auditOf(
  module: WebAssembly.Module,
  set: PolicySet,
  target: BundleTarget,
  question: Question,
): AuditName {
  return new AuditLevels(module, set, target).of(question);
}

function onlySynchronous(set: PolicySet): PolicySet {
  const access = set.access.map((policy) => ({
    ...policy,
    rules: policy.rules.map((rule) => ({
      ...rule,
      audit: rule.audit === Audit.Synchronous ? Audit.Always : Audit.Sampled,
    })),
  }));
  return { ...set, access };
}
