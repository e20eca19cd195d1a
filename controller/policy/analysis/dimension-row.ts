/** The dimensions of a space, one behind the other on the levels of its diagram. */
import { type Bdd, type Node, TRUE } from './bdd.ts';
import { Choices } from './choices.ts';
import type { ConcreteRequest, RequestDraft } from './concrete-request.ts';
import {
  ChoiceDimension,
  type Dimension,
  type DimensionKind,
  type NamedClasses,
} from './dimension.ts';
import { type Effort, GaveUp, VARIABLES_MAX } from './effort.ts';
import type { SplitTexts } from './split-texts.ts';

/** A dimension of texts with one value: for each pattern of its vocabulary the classes that match. */
export interface Texts {
  readonly choices: Choices;
  readonly classesOf: readonly (readonly number[])[];
  /** The class without a value; undefined when there always is one. */
  readonly absent: number | undefined;
}

/** A choice for each class: its name where people have one, and what it means for a request. */
export interface ChoiceOptions {
  readonly title: string;
  readonly kind: DimensionKind;
  readonly count: number;
  readonly usual?: number;
  readonly named: readonly NamedClasses[];
  readonly nameOf: (index: number) => string;
  readonly write: (index: number, draft: RequestDraft) => void;
  /** The class of a request. */
  readonly read: (request: ConcreteRequest) => number | undefined;
}

export class DimensionRow {
  readonly bdd: Bdd;
  readonly effort: Effort;
  readonly dimensions: Dimension[] = [];
  #levels = 0;

  constructor(bdd: Bdd, effort: Effort) {
    this.bdd = bdd;
    this.effort = effort;
  }

  /** The first level that is free. */
  get levels(): number {
    return this.#levels;
  }

  /** Takes a dimension that begins at the first free level. Throws GaveUp beyond VARIABLES_MAX levels. */
  take(dimension: Dimension): void {
    this.dimensions.push(dimension);
    this.#levels = dimension.to;
    if (this.#levels > VARIABLES_MAX)
      throw new GaveUp('headers and parameters have too many values');
  }

  addChoices({ count, ...options }: ChoiceOptions): Choices {
    const choices = new Choices(this.bdd, this.#levels, count);
    this.take(new ChoiceDimension({ ...options, choices }));
    return choices;
  }

  /** A dimension of texts; `names` are those of the patterns. With `absence` a class without a value comes first or last. */
  addTexts(options: {
    readonly title: string;
    readonly kind: DimensionKind;
    readonly split: SplitTexts;
    readonly names: readonly string[];
    readonly absence?: 'first' | 'last';
    /** Undefined takes the text away. */
    readonly write: (witness: string | undefined, draft: RequestDraft) => void;
    readonly read: (request: ConcreteRequest) => string | undefined;
  }): Texts {
    const { title, kind, split, names, absence, write, read } = options;
    const { witnesses, classOf } = split;
    const shift = absence === 'first' ? 1 : 0;
    const absent = absence === undefined ? undefined : shift === 1 ? 0 : witnesses.length;
    const classesOf = split.classesOf.map((classes) => classes.map((index) => index + shift));
    const named = classesOf.map((classes, i) => ({ name: names[i] ?? '', classes }));
    if (absent !== undefined) named.push({ name: 'absent', classes: [absent] });
    const choices = this.addChoices({
      title,
      kind,
      count: witnesses.length + (absence === undefined ? 0 : 1),
      named,
      nameOf: (index) => `\`${witnesses[index - shift] ?? ''}\``,
      write: (index, draft) => {
        write(index === absent ? undefined : (witnesses[index - shift] ?? ''), draft);
      },
      read: (request) => {
        const text = read(request);
        const index = text === undefined ? undefined : classOf(text);
        return text === undefined ? absent : index === undefined ? undefined : index + shift;
      },
    });
    return { choices, classesOf, absent };
  }
}

/** True where one of the patterns matches, by their numbers. */
export function matchesOne({ choices, classesOf }: Texts, numbers: readonly number[]): Node {
  return choices.node(numbers.flatMap((number) => classesOf[number] ?? []));
}

/** True where there is a value. */
export function isPresent({ choices, absent }: Texts, bdd: Bdd): Node {
  return absent === undefined ? TRUE : bdd.not(choices.node([absent]));
}
