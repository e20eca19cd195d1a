/** What every dimension of requests can do for people: put its part into words, and into a concrete request. */
import { type Bdd, FALSE, type Node, TRUE } from './bdd.ts';
import type { Choices } from './choices.ts';
import type { ConcreteRequest, RequestDraft } from './concrete-request.ts';

/** What a dimension is part of, by how soon an operator can change it: what is `fixed` nobody can. */
export type DimensionKind = 'signal' | 'band' | 'time' | 'request' | 'identity' | 'fixed';

export interface Dimension {
  /** For example `source.service`. */
  readonly title: string;
  readonly kind: DimensionKind;
  readonly from: number;
  readonly to: number;
  /** Words for a function on the levels of the dimension that is neither TRUE nor FALSE. */
  describe(node: Node): string;
  /** Writes what the chosen levels mean into a request; what is there already and fits stays as it is. */
  write(levels: ReadonlySet<number>, draft: RequestDraft): void;
  /** The levels that are true for a request; undefined when it is none of those that are told apart. */
  read(request: ConcreteRequest): ReadonlySet<number> | undefined;
}

/** A set of classes with the name that people know it by, and whether to say `not` for the rest. */
export interface NamedClasses {
  readonly name: string;
  readonly classes: readonly number[];
}

/** A dimension of which a request has one class. */
export class ChoiceDimension implements Dimension {
  readonly title: string;
  readonly kind: DimensionKind;
  readonly choices: Choices;
  /** The class of what requests mostly have, where they have anything. */
  readonly usual: number;
  readonly #named: readonly NamedClasses[];
  readonly #nameOf: (index: number) => string;
  readonly #write: (index: number, draft: RequestDraft) => void;
  readonly #read: (request: ConcreteRequest) => number | undefined;

  constructor(options: {
    title: string;
    kind: DimensionKind;
    choices: Choices;
    usual?: number | undefined;
    named: readonly NamedClasses[];
    /** An example of a class, in words. */
    nameOf: (index: number) => string;
    write: (index: number, draft: RequestDraft) => void;
    /** The class of a request. */
    read: (request: ConcreteRequest) => number | undefined;
  }) {
    this.title = options.title;
    this.kind = options.kind;
    this.choices = options.choices;
    this.usual = options.usual ?? 0;
    this.#named = options.named;
    this.#nameOf = options.nameOf;
    this.#write = options.write;
    this.#read = options.read;
  }

  get from(): number {
    return this.choices.from;
  }

  get to(): number {
    return this.choices.to;
  }

  describe(node: Node): string {
    const inside = this.choices.classesIn(node);
    const { names, left } = this.#cover(inside);
    if (left.length === 0) return some(names);
    const isInside = new Set(inside);
    const outside = [...Array(this.choices.count).keys()].filter((index) => !isInside.has(index));
    const rest = this.#cover(outside);
    if (rest.left.length === 0) return `any but ${some(rest.names)}`;
    return some([...names, `others such as ${this.#nameOf(left[0] ?? 0)}`]);
  }

  write(levels: ReadonlySet<number>, draft: RequestDraft): void {
    this.#write(this.choices.chosen(levels), draft);
  }

  read(request: ConcreteRequest): ReadonlySet<number> | undefined {
    const index = this.#read(request);
    return index === undefined ? undefined : this.choices.levelsOf(index);
  }

  // Greedy: the name that covers most, until no name lies inside what is wanted.
  #cover(wanted: readonly number[]): { names: string[]; left: number[] } {
    const isWanted = new Set(wanted);
    const left = new Set(wanted);
    const names: string[] = [];
    const fitting = this.#named
      .filter(({ classes }) => classes.length > 0 && classes.every((index) => isWanted.has(index)))
      .sort((a, b) => b.classes.length - a.classes.length);
    for (const { name, classes } of fitting) {
      if (!classes.some((index) => left.has(index))) continue;
      for (const index of classes) left.delete(index);
      names.push(name);
    }
    return { names, left: [...left] };
  }
}

/** A dimension of which a request has any number of values: a variable for each class, true when a value has it. */
export class ValuesDimension implements Dimension {
  readonly title: string;
  readonly kind = 'request';
  readonly from: number;
  readonly to: number;
  readonly #bdd: Bdd;
  readonly #named: readonly { readonly name: string; readonly node: Node }[];
  readonly #write: (indexes: readonly number[], draft: RequestDraft) => void;
  readonly #read: (request: ConcreteRequest) => readonly number[] | undefined;

  constructor(options: {
    title: string;
    from: number;
    count: number;
    bdd: Bdd;
    /** Names of functions on the levels, the ones that say most first. */
    named: readonly { readonly name: string; readonly node: Node }[];
    /** Leaves values of these classes, and no others. */
    write: (indexes: readonly number[], draft: RequestDraft) => void;
    /** The classes of the values of a request. */
    read: (request: ConcreteRequest) => readonly number[] | undefined;
  }) {
    this.title = options.title;
    this.from = options.from;
    this.to = options.from + options.count;
    this.#bdd = options.bdd;
    this.#named = options.named;
    this.#write = options.write;
    this.#read = options.read;
  }

  describe(node: Node): string {
    const names: string[] = [];
    let said = TRUE;
    for (const { name, node: meaning } of this.#named) {
      if (this.#bdd.minus(node, meaning) !== FALSE) continue;
      const both = this.#bdd.and(said, meaning);
      if (both === said) continue;
      said = both;
      names.push(name);
      if (said === node) return names.join(' and ');
    }
    return [...names, 'some combinations'].join(', ');
  }

  write(levels: ReadonlySet<number>, draft: RequestDraft): void {
    const own = [...levels].filter((level) => level >= this.from && level < this.to);
    this.#write(
      own.sort((a, b) => a - b).map((level) => level - this.from),
      draft,
    );
  }

  read(request: ConcreteRequest): ReadonlySet<number> | undefined {
    const indexes = this.#read(request);
    return indexes && new Set(indexes.map((index) => this.from + index));
  }
}

/** `a`, or `any of a, b`; long lists are cut. */
export function some(names: readonly string[]): string {
  if (names.length === 1) return names[0] ?? '';
  const shown = names.slice(0, NAMES_SHOWN);
  const more = names.length - shown.length;
  return `any of ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const NAMES_SHOWN = 12;
