/** A dimension of which a request has exactly one class: its number in binary, on consecutive levels of the diagram. */
import { type Bdd, FALSE, type Node, TRUE } from './bdd.ts';

/** Classes `first` to `last` leave the function `rest`. */
export interface ClassRun {
  readonly first: number;
  readonly last: number;
  readonly rest: Node;
}

/**
 * Classes `0 <= class < count`. Codes that are left over stand for the last class, so every choice of the variables is
 * a request and equal functions are equal numbers.
 */
export class Choices {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly #bdd: Bdd;

  constructor(bdd: Bdd, from: number, count: number) {
    this.#bdd = bdd;
    this.from = from;
    this.count = count;
    this.to = from + bitsFor(count);
  }

  /** True for requests with one of the classes. */
  node(classes: Iterable<number>): Node {
    const sorted = [...new Set(classes)].sort((a, b) => a - b);
    const hasLast = sorted.at(-1) === this.count - 1;
    const build = (level: number, first: number, start: number, end: number): Node => {
      if (first >= this.count) return hasLast ? TRUE : FALSE;
      if (start === end) return FALSE;
      const size = 2 ** (this.to - level);
      if (end - start === Math.min(first + size, this.count) - first) return TRUE;
      const middle = first + size / 2;
      let split = start;
      while (split < end && (sorted[split] ?? 0) < middle) split += 1;
      const low = build(level + 1, first, start, split);
      return this.#bdd.choose(level, low, build(level + 1, middle, split, end));
    };
    return build(this.from, 0, 0, sorted.length);
  }

  /** The classes that a function on the levels of this dimension is true for, rising. */
  classesIn(node: Node): number[] {
    const found: number[] = [];
    const walk = (at: Node, level: number, first: number): void => {
      if (at === FALSE || first >= this.count) return;
      if (level === this.to) {
        found.push(first);
        return;
      }
      const isTested = at !== TRUE && this.#bdd.levelOf(at) === level;
      const half = 2 ** (this.to - level - 1);
      walk(isTested ? this.#bdd.lowOf(at) : at, level + 1, first);
      walk(isTested ? this.#bdd.highOf(at) : at, level + 1, first + half);
    };
    walk(node, this.from, 0);
    return found;
  }

  /** What a function, none of whose levels lies in front of this dimension, leaves to those behind it. */
  *runs(node: Node): Generator<ClassRun> {
    yield* this.#runsFrom(node, this.from, 0);
  }

  /** The levels that are true for a class. */
  levelsOf(index: number): Set<number> {
    const levels = new Set<number>();
    for (let level = this.from; level < this.to; level++) {
      if ((index >> (this.to - level - 1)) % 2 === 1) levels.add(level);
    }
    return levels;
  }

  /** The class of a choice of the diagram's variables, by the levels that are true. */
  chosen(levels: ReadonlySet<number>): number {
    let code = 0;
    for (let level = this.from; level < this.to; level++) {
      code = code * 2 + (levels.has(level) ? 1 : 0);
    }
    return Math.min(code, this.count - 1);
  }

  *#runsFrom(at: Node, level: number, first: number): Generator<ClassRun> {
    if (at === FALSE || first >= this.count) return;
    const size = 2 ** (this.to - level);
    const tested = this.#bdd.levelOf(at);
    if (tested >= this.to) {
      yield { first, last: Math.min(first + size, this.count) - 1, rest: at };
      return;
    }
    const isTested = tested === level;
    const low = isTested ? this.#bdd.lowOf(at) : at;
    yield* this.#runsFrom(low, level + 1, first);
    const high = isTested ? this.#bdd.highOf(at) : at;
    yield* this.#runsFrom(high, level + 1, first + size / 2);
  }
}

function bitsFor(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1);
}
