/** Laboratories of one destination at different times: a bundle only lives for a week. */
import type { BundleTarget } from '../../policy/compile.ts';
import type { PolicySet } from '../../policy/policy-set.ts';
import { type Answer, Laboratory, type Question } from './laboratory.ts';

/** Makes bundles when they are needed and keeps the last ones. */
export class Laboratories {
  readonly #module: WebAssembly.Module;
  readonly #set: PolicySet;
  readonly #target: BundleTarget;
  readonly #kept: { readonly startMs: number; readonly laboratory: Laboratory }[] = [];

  constructor(module: WebAssembly.Module, set: PolicySet, target: BundleTarget) {
    this.#module = module;
    this.#set = set;
    this.#target = target;
  }

  /** One that answers questions of that time, Unix milliseconds. */
  at(timeMs: number): Laboratory {
    const known = this.#kept.find(({ startMs }) => timeMs >= startMs && timeMs < startMs + LIFE_MS);
    if (known !== undefined) return known.laboratory;
    const laboratory = new Laboratory(this.#module, this.#set, this.#target, timeMs);
    this.#kept.unshift({ startMs: timeMs, laboratory });
    this.#kept.splice(KEPT_MAX);
    return laboratory;
  }

  ask(question: Question): Answer {
    return this.at(question.request.timeMs).ask(question);
  }
}

/** Less than the week that the filter takes a bundle for. */
const LIFE_MS = 6 * 24 * 3_600_000;
const KEPT_MAX = 4;
