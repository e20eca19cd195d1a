/** Sends one message through the filter under the policies as they are, and under parts of them. */
import type { BundleTarget } from '../../policy/compile.ts';
import type { PolicySet } from '../../policy/policy-set.ts';
import { type Selected, selectFor } from '../../policy/select.ts';
import { Laboratories } from '../policy-lab/laboratories.ts';
import { Laboratory, type Question } from '../policy-lab/laboratory.ts';
import type { Message, Passed, Recorded } from './message.ts';
import { sendMessage, sendRecorded } from './send-message.ts';

/** Policies of one destination. */
export class MaskBench {
  readonly target: BundleTarget;
  readonly set: PolicySet;
  /** What the set says about the destination. */
  readonly selected: Selected;
  readonly #module: WebAssembly.Module;
  readonly #asWritten: Laboratories;

  constructor(module: WebAssembly.Module, set: PolicySet, target: BundleTarget) {
    this.#module = module;
    this.set = set;
    this.target = target;
    this.selected = selectFor(set, target);
    this.#asWritten = new Laboratories(module, set, target);
  }

  /** Under the policies as they are. */
  send(question: Question, message: Message): Recorded {
    return sendRecorded(this.#asWritten.at(question.request.timeMs), question, message);
  }

  /** Under other policies for the same destination. */
  under(set: PolicySet, question: Question): Variant {
    return new Variant(
      new Laboratory(this.#module, set, this.target, question.request.timeMs),
      question,
    );
  }

  /** Names of labels of the destination, by their bits. */
  labelNames(bits: bigint): string[] {
    return this.selected.labels.filter((_, bit) => ((bits >> BigInt(bit)) & 1n) === 1n);
  }
}

/** Other policies, for one question. */
export class Variant {
  readonly #laboratory: Laboratory;
  readonly #question: Question;

  constructor(laboratory: Laboratory, question: Question) {
    this.#laboratory = laboratory;
    this.#question = question;
  }

  /** Unless `isWhole`, more of the body would come. */
  send(message: Message, isWhole = true): Passed {
    return sendMessage(this.#laboratory, this.#question, message, isWhole);
  }
}
