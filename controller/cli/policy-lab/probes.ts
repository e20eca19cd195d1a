/**
 * What the parts of rules come to, asked of the filter: each part becomes an allow rule that grants a label of its own,
 * and the labels of the answer say which of them hold. So there is no second reading of conditions here.
 */
import { Audit, Band, Effect, LABELS_MAX } from '../../layout.ts';
import type { Condition } from '../../policy/cel/condition.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import type { AccessRule, PolicySet, RequestMatch, Selector } from '../../policy/policy-set.ts';
import { Laboratories } from './laboratories.ts';
import type { Question } from './laboratory.ts';

/** Kleene's values by name. */
export type TruthName = 'true' | 'false' | 'unknown';

/** What is probed: all that is there has to hold, as in an allow rule. Labels in conditions have to be resolved. */
export interface Probe {
  readonly from?: readonly Selector[];
  readonly to?: readonly RequestMatch[];
  readonly when?: Condition;
}

/** Probes of one destination, in bundles of as many as there are labels. */
export class Probes {
  readonly #module: WebAssembly.Module;
  readonly #target: BundleTarget;
  readonly #distinct: readonly Probe[];
  /** By probe: its index among the distinct ones. */
  readonly #indexes: readonly number[];
  readonly #kept = new Map<number, Laboratories>();

  constructor(module: WebAssembly.Module, target: BundleTarget, probes: readonly Probe[]) {
    this.#module = module;
    this.#target = target;
    const known = new Map<string, number>();
    const distinct: Probe[] = [];
    this.#indexes = probes.map((probe) => {
      const key = JSON.stringify(probe);
      const index = known.get(key) ?? distinct.push(probe) - 1;
      known.set(key, index);
      return index;
    });
    this.#distinct = distinct;
  }

  /** Which of the probes hold for a request, whatever is restricted. */
  holding({ request }: Question): boolean[] {
    const isHolding: boolean[] = [];
    for (let start = 0; start < this.#distinct.length; start += LABELS_MAX) {
      const { clearance } = this.#batch(start).ask({ request, restrictions: [] }).record;
      for (let bit = 0; bit < LABELS_MAX; bit++) {
        isHolding.push(((clearance >> BigInt(bit)) & 1n) === 1n);
      }
    }
    return this.#indexes.map((index) => isHolding[index] ?? false);
  }

  #batch(start: number): Laboratories {
    const known = this.#kept.get(start);
    if (known !== undefined) return known;
    const set = setOf(this.#distinct.slice(start, start + LABELS_MAX), this.#target.service);
    const made = new Laboratories(this.#module, set, this.#target);
    // Each is a VM with a memory of its own.
    if (this.#kept.size < BATCHES_KEPT) this.#kept.set(start, made);
    return made;
  }
}

/** The values of conditions for one request: each is asked together with its negation. */
export function truthsOf(
  module: WebAssembly.Module,
  target: BundleTarget,
  question: Question,
  conditions: readonly Condition[],
): TruthName[] {
  const probes = conditions.flatMap((when): Probe[] => [
    { when },
    { when: { kind: 'not', operand: when } },
  ]);
  const holding = new Probes(module, target, probes).holding(question);
  return conditions.map((_, i) =>
    holding[i * 2] ? 'true' : holding[i * 2 + 1] ? 'false' : 'unknown',
  );
}

function setOf(probes: readonly Probe[], service: string): PolicySet {
  // Names of one length, so that their order is that of the bits.
  const rules = probes.map((probe, i): AccessRule => {
    const name = String(i).padStart(2, '0');
    return {
      name,
      origin: nowhere,
      effect: Effect.Allow,
      from: probe.from ?? [],
      to: probe.to ?? [],
      when: probe.when,
      maxRisk: Band.Critical,
      clearance: [name],
      audit: Audit.Always,
    };
  });
  const destination = { service };
  const policy = { kind, name: 'probe', origin: nowhere, destination, isShadow: false, rules };
  return { access: [policy], classifications: [], masking: [] };
}

const BATCHES_KEPT = 64;
const kind = 'AccessPolicy' as const;
const nowhere = { file: 'probe', line: 1, column: 1 };
