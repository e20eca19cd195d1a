/** Automata of patterns: first with many ways on, then with one for each unit, then with as few states as possible. */
import type { PatternNode } from './parse-pattern.ts';
import { hasUnit, IGNORABLE_UNIT, OTHER_UNIT, type UnitSet } from './units.ts';

/** A deterministic automaton. State 0 is dead; `start` is never entered again. */
export interface Automaton {
  readonly start: number;
  /** Class of each unit. */
  readonly classOf: readonly number[];
  readonly classes: number;
  /** Next state by state, then class. */
  readonly steps: readonly (readonly number[])[];
  readonly accepts: readonly boolean[];
}

/** The smallest automaton of a pattern; undefined when it has more than `statesMax` states, or needs too much work. */
export function buildAutomaton(pattern: PatternNode, statesMax: number): Automaton | undefined {
  const builder = new NfaBuilder();
  const end = builder.add(pattern, 0);
  if (end === undefined) return undefined;
  const { classOf, samples } = classify(builder.sets());
  const automaton = determine(builder, end, { classOf, samples });
  if (automaton === undefined) return undefined;
  const smallest = minimise(automaton);
  return smallest.steps.length > statesMax ? undefined : smallest;
}

/** States with steps on units and steps on nothing. */
class NfaBuilder {
  readonly steps: { readonly set: UnitSet; readonly target: number }[][] = [[]];
  readonly free: number[][] = [[]];

  /** Adds a pattern that begins in a state; returns the state in which it ends, undefined when there are too many. */
  add(node: PatternNode, from: number): number | undefined {
    if (this.steps.length > NFA_STATES_MAX) return undefined;
    switch (node.kind) {
      case 'units': {
        const target = this.#state();
        this.steps[from]?.push({ set: node.set, target });
        return target;
      }
      case 'sequence':
        return this.#addAll(node.parts, from);
      case 'choice': {
        const end = this.#state();
        for (const part of node.parts) {
          const last = this.add(part, this.#freeState(from));
          if (last === undefined) return undefined;
          this.free[last]?.push(end);
        }
        return end;
      }
      case 'repeat':
        return this.#addRepeat(node, from);
    }
  }

  /** The different sets of all steps. */
  sets(): UnitSet[] {
    return [...new Set(this.steps.flat().map(({ set }) => set))];
  }

  #addAll(parts: readonly PatternNode[], from: number): number | undefined {
    let at: number | undefined = from;
    for (const part of parts) {
      at = this.add(part, at);
      if (at === undefined) return undefined;
    }
    return at;
  }

  #addRepeat(
    { part, least, most }: Extract<PatternNode, { kind: 'repeat' }>,
    from: number,
  ): number | undefined {
    let at: number | undefined = this.#addAll(Array<PatternNode>(least).fill(part), from);
    if (at === undefined) return undefined;
    if (most === undefined) {
      const again = this.#freeState(at);
      const last = this.add(part, again);
      if (last === undefined) return undefined;
      this.free[last]?.push(again);
      return this.#freeState(again);
    }
    const end = this.#state();
    for (let count = least; count < most; count++) {
      this.free[at]?.push(end);
      at = this.add(part, this.#freeState(at));
      if (at === undefined) return undefined;
    }
    this.free[at]?.push(end);
    return end;
  }

  // A state of its own, so that loops never lead back into what stands before.
  #freeState(from: number): number {
    const state = this.#state();
    this.free[from]?.push(state);
    return state;
  }

  #state(): number {
    this.free.push([]);
    return this.steps.push([]) - 1;
  }
}

interface Classes {
  readonly classOf: readonly number[];
  /** A unit of each class. */
  readonly samples: readonly number[];
}

// Units that no set tells apart are of one class; the ignorable one is always alone.
function classify(sets: readonly UnitSet[]): Classes {
  const known = new Map<string, number>();
  const samples: number[] = [];
  const classOf: number[] = [];
  for (let unit = 0; unit <= OTHER_UNIT; unit++) {
    const memberships = sets.map((set) => (hasUnit(set, unit) ? '1' : '0')).join('');
    const key = unit === IGNORABLE_UNIT ? 'ignorable' : memberships;
    let index = known.get(key);
    if (index === undefined) {
      index = samples.push(unit) - 1;
      known.set(key, index);
    }
    classOf.push(index);
  }
  return { classOf, samples };
}

function determine(nfa: NfaBuilder, end: number, classes: Classes): Automaton | undefined {
  const { classOf, samples } = classes;
  const sets: (readonly number[])[] = [[], close(nfa, [0])];
  const known = new Map<string, number>([['', 0]]);
  const steps: number[][] = [samples.map(() => 0)];
  let work = 0;
  for (let state = 1; state < sets.length; state++) {
    const set = sets[state] ?? [];
    work += set.length * samples.length;
    if (sets.length > DFA_STATES_MAX || work > WORK_MAX) return undefined;
    steps.push(
      samples.map((unit) => {
        // The start has no other name in `known`: it is never entered again, so a match never begins with what is ignored.
        if (unit === IGNORABLE_UNIT) return state === 1 ? 0 : state;
        const next = close(nfa, stepAll(nfa, set, unit));
        const key = next.join();
        let index = known.get(key);
        if (index === undefined) {
          index = sets.push(next) - 1;
          known.set(key, index);
        }
        return index;
      }),
    );
  }
  const accepts = sets.map((set) => set.includes(end));
  return { start: 1, classOf, classes: samples.length, steps, accepts };
}

function stepAll(nfa: NfaBuilder, set: readonly number[], unit: number): number[] {
  return set.flatMap((state) =>
    (nfa.steps[state] ?? []).flatMap((step) => (hasUnit(step.set, unit) ? [step.target] : [])),
  );
}

function close(nfa: NfaBuilder, states: readonly number[]): number[] {
  const found = new Set(states);
  for (const state of found) for (const next of nfa.free[state] ?? []) found.add(next);
  return [...found].sort((a, b) => a - b);
}

// Moore: blocks of states that nothing tells apart yet are split until nothing changes.
function minimise({ start, classOf, classes, steps, accepts }: Automaton): Automaton {
  let block: number[] = accepts.map((isEnd, state) => (state === 0 ? 0 : isEnd ? 2 : 1));
  for (let count = 0; ; ) {
    const known = new Map<string, number>();
    const next = steps.map((row, state) => {
      const key = [block[state], ...row.map((target) => block[target])].join();
      const index = known.get(key) ?? known.size;
      known.set(key, index);
      return index;
    });
    block = next;
    if (known.size === count) break;
    count = known.size;
  }
  // Dead states are one block with state 0, which is block 0 because it is first.
  const members = new Map<number, number>();
  for (const [state, index] of block.entries()) if (!members.has(index)) members.set(index, state);
  const kept = [...members].sort(([a], [b]) => a - b).map(([, state]) => state);
  return {
    start: block[start] ?? 0,
    classOf,
    classes,
    steps: kept.map((state) => (steps[state] ?? []).map((target) => block[target] ?? 0)),
    accepts: kept.map((state) => accepts[state] ?? false),
  };
}

const NFA_STATES_MAX = 10_000;
const DFA_STATES_MAX = 2_000;
/** States of sets that are looked at, for each class: some 200 ns each. */
const WORK_MAX = 2_000_000;
