/** Decision diagrams: boolean functions in one normal form, so that equal functions are the same number. */
import { type Effort, GaveUp, NODES_MAX } from './effort.ts';

/** A function. FALSE and TRUE are the constants; others are only good for the diagram that made them. */
export type Node = number;

export const FALSE: Node = 0;
export const TRUE: Node = 1;

const AND = 0;
const OR = 1;
const MINUS = 2;
type Operation = typeof AND | typeof OR | typeof MINUS;

/**
 * Reduced, ordered, hash-consed (Bryant 1986). Variables are levels, tested from the lowest up. Nodes are never given
 * back; every method throws GaveUp when there are more than NODES_MAX or the effort is used up.
 */
export class Bdd {
  readonly #effort: Effort;
  #level = new Int32Array(1024);
  #low = new Int32Array(1024);
  #high = new Int32Array(1024);
  #count = 2;
  #slots = new Int32Array(2048);
  #cacheLeft = new Int32Array(4096);
  #cacheRight = new Int32Array(4096);
  #cacheResult = new Int32Array(4096);

  constructor(effort: Effort) {
    this.#effort = effort;
    this.#level.fill(NO_LEVEL, 0, 2);
  }

  /** Nodes so far, the two constants included. */
  get size(): number {
    return this.#count;
  }

  /** The function that tests one variable, then is `high` or `low`; both may only test higher levels. */
  choose(level: number, low: Node, high: Node): Node {
    if (low === high) return low;
    const mask = this.#slots.length - 1;
    let at = hash(level, low, high) & mask;
    for (;;) {
      const node = this.#at(this.#slots, at);
      if (node === 0) break;
      if (this.lowOf(node) === low && this.highOf(node) === high && this.levelOf(node) === level) {
        return node;
      }
      at = (at + 1) & mask;
    }
    this.#slots[at] = this.#count;
    return this.#add(level, low, high);
  }

  /** The variable itself. */
  variable(level: number): Node {
    return this.choose(level, FALSE, TRUE);
  }

  and(a: Node, b: Node): Node {
    return this.#apply(AND, a, b);
  }

  or(a: Node, b: Node): Node {
    return this.#apply(OR, a, b);
  }

  /** `a` and not `b`. */
  minus(a: Node, b: Node): Node {
    return this.#apply(MINUS, a, b);
  }

  not(a: Node): Node {
    return this.#apply(MINUS, TRUE, a);
  }

  /** One of them at least; joined pairwise, so that intermediate functions stay small. */
  any(nodes: readonly Node[]): Node {
    return this.#fold(nodes, FALSE, (a, b) => this.or(a, b));
  }

  /** All of them. */
  all(nodes: readonly Node[]): Node {
    return this.#fold(nodes, TRUE, (a, b) => this.and(a, b));
  }

  /** The function on the levels `from <= level < to`: true where some choice of all others makes `node` true. */
  project(node: Node, from: number, to: number): Node {
    const known = new Map<Node, Node>();
    const cut = (at: Node): Node => {
      const level = this.levelOf(at);
      if (at === FALSE || level >= to) return at === FALSE ? FALSE : TRUE;
      const seen = known.get(at);
      if (seen !== undefined) return seen;
      const result = this.choose(level, cut(this.lowOf(at)), cut(this.highOf(at)));
      known.set(at, result);
      return result;
    };
    let result: Node = FALSE;
    for (const entry of this.#entriesFrom(node, from)) {
      result = this.or(result, cut(entry));
      if (result === TRUE) break;
    }
    return result;
  }

  /** The levels that are true in the first choice that makes the function true. `node` is not FALSE. */
  pick(node: Node): ReadonlySet<number> {
    const chosen = new Set<number>();
    let at = node;
    while (at > TRUE) {
      const low = this.lowOf(at);
      if (low !== FALSE) at = low;
      else {
        chosen.add(this.levelOf(at));
        at = this.highOf(at);
      }
    }
    return chosen;
  }

  /** The level that a node tests; beyond all levels for the constants. */
  levelOf(node: Node): number {
    return this.#at(this.#level, node);
  }

  lowOf(node: Node): Node {
    return this.#at(this.#low, node);
  }

  highOf(node: Node): Node {
    return this.#at(this.#high, node);
  }

  // The functions that are left of a function after any choice of the levels below `from`, other than FALSE.
  *#entriesFrom(node: Node, from: number): Generator<Node> {
    const seen = new Set<Node>([FALSE, node]);
    const stack = [node];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      this.#effort.spend(1);
      if (this.levelOf(at) >= from) {
        yield at;
        continue;
      }
      for (const next of [this.lowOf(at), this.highOf(at)]) {
        if (seen.has(next)) continue;
        seen.add(next);
        stack.push(next);
      }
    }
  }

  #apply(operation: Operation, left: Node, right: Node): Node {
    const settled = settle(operation, left, right);
    if (settled >= 0) return settled;
    // Both orders of `and` and `or` share an entry.
    const swap = operation !== MINUS && left > right;
    const a = swap ? right : left;
    const b = swap ? left : right;
    const at = hash(operation, a, b) & (this.#cacheLeft.length - 1);
    const key = a * 3 + operation;
    if (this.#cacheLeft[at] === key && this.#cacheRight[at] === b) {
      return this.#at(this.#cacheResult, at);
    }
    this.#effort.spend(1);
    const levelA = this.levelOf(a);
    const levelB = this.levelOf(b);
    const level = Math.min(levelA, levelB);
    const low = this.#apply(
      operation,
      levelA === level ? this.lowOf(a) : a,
      levelB === level ? this.lowOf(b) : b,
    );
    const high = this.#apply(
      operation,
      levelA === level ? this.highOf(a) : a,
      levelB === level ? this.highOf(b) : b,
    );
    const result = this.choose(level, low, high);
    this.#remember(operation, a, b, result);
    return result;
  }

  #remember(operation: Operation, a: Node, b: Node, result: Node): void {
    const at = hash(operation, a, b) & (this.#cacheLeft.length - 1);
    this.#cacheLeft[at] = a * 3 + operation;
    this.#cacheRight[at] = b;
    this.#cacheResult[at] = result;
  }

  #fold(nodes: readonly Node[], empty: Node, join: (a: Node, b: Node) => Node): Node {
    let row = nodes;
    while (row.length > 1) {
      const next: Node[] = [];
      for (let i = 0; i < row.length; i += 2) {
        next.push(i + 1 < row.length ? join(row[i] as Node, row[i + 1] as Node) : (row[i] as Node));
      }
      row = next;
    }
    return row[0] ?? empty;
  }

  #add(level: number, low: Node, high: Node): Node {
    if (this.#count >= NODES_MAX) throw new GaveUp(`more than ${NODES_MAX} cases to tell apart`);
    if (this.#count === this.#level.length) this.#grow();
    const node = this.#count;
    this.#level[node] = level;
    this.#low[node] = low;
    this.#high[node] = high;
    this.#count = node + 1;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return node;
  }

  #grow(): void {
    const size = this.#level.length * 2;
    this.#level = enlarge(this.#level, size);
    this.#low = enlarge(this.#low, size);
    this.#high = enlarge(this.#high, size);
    if (size > CACHE_MAX) return;
    this.#cacheLeft = new Int32Array(size * 4);
    this.#cacheRight = new Int32Array(size * 4);
    this.#cacheResult = new Int32Array(size * 4);
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let node = 2; node < this.#count; node++) {
      let at = hash(this.levelOf(node), this.lowOf(node), this.highOf(node)) & mask;
      while (slots[at] !== 0) at = (at + 1) & mask;
      slots[at] = node;
    }
    this.#slots = slots;
  }

  // INVARIANT: nodes and masked hashes lie inside their arrays.
  #at(array: Int32Array, index: number): number {
    return array[index] as number;
  }
}

function settle(operation: Operation, a: Node, b: Node): Node {
  if (operation === AND) {
    if (a === FALSE || b === FALSE) return FALSE;
    if (a === TRUE || a === b) return b;
    return b === TRUE ? a : -1;
  }
  if (operation === OR) {
    if (a === TRUE || b === TRUE) return TRUE;
    if (a === FALSE || a === b) return b;
    return b === FALSE ? a : -1;
  }
  if (a === FALSE || b === TRUE || a === b) return FALSE;
  return b === FALSE ? a : -1;
}

function hash(a: number, b: number, c: number): number {
  let mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

function enlarge(array: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(array);
  return larger;
}

const NO_LEVEL = 0x7fff_ffff;
const CACHE_MAX = 1 << 19;
