/** What an analysis may cost before it says that it gave up: counted, so that the same set gives the same answer. */

/** Thrown when an effort is used up; `what` says of what there was too much. */
export class GaveUp extends Error {
  readonly what: string;

  constructor(what: string) {
    super(what);
    this.name = 'GaveUp';
    this.what = what;
  }
}

/** Steps that are left, over all destinations of one analysis. */
export class Effort {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** Takes steps. Throws GaveUp when there are no more. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new GaveUp('the whole analysis takes too many steps');
  }
}

/** Steps of one analysis: about 20 seconds of work. */
export const STEPS_MAX = 150_000_000;
/** Nodes of the decision diagram of one destination. */
export const NODES_MAX = 2_000_000;
/** Rules of one destination that are looked at together. */
export const RULES_MAX = 30_000;
/** Classes of one dimension, and states of the machine that finds them. */
export const CLASSES_MAX = 50_000;
export const STATES_MAX = 1_000_000;
/** Variables of one diagram: they bound the depth of its recursions. */
export const VARIABLES_MAX = 3000;
