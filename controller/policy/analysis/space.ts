/** All requests that one destination can get, split by everything that a vocabulary compares them with. */
import { type Band, RequestKind, TestOp } from '../../layout.ts';
import type { AttributeRef, Condition, RequestRef, TimeCondition } from '../cel/condition.ts';
import type { HostPattern } from '../host-pattern.ts';
import type { IdentityTest } from '../identity-test.ts';
import type { PathTemplate } from '../path-template.ts';
import type { TextPattern } from '../text-pattern.ts';
import { Bdd, FALSE, type Node, TRUE } from './bdd.ts';
import type { Choices } from './choices.ts';
import { type ConcreteRequest, emptyDraft, finishRequest } from './concrete-request.ts';
import type { Dimension } from './dimension.ts';
import { DimensionRow, isPresent, matchesOne, type Texts } from './dimension-row.ts';
import type { Effort } from './effort.ts';
import { addBand, addMeasure, addTimes, type Measure, type Times } from './measured-dimensions.ts';
import { compares } from './number-classes.ts';
import { addAuthority, addIdentity, addMethods, addPaths } from './text-dimensions.ts';
import { type Truth, twoValued } from './truth.ts';
import { headerTruths, type NameTruths, parameterTruths } from './value-dimensions.ts';
import {
  equalTo,
  hostKey,
  identityKey,
  type NameTexts,
  pathKey,
  patternOfTest,
  refKey,
  textKey,
  timeKey,
  type Vocabulary,
} from './vocabulary.ts';

/** What a space is about. `nowMs` is Unix milliseconds: the time before it never comes again. */
export interface SpaceOptions {
  readonly service: string;
  readonly environment: string;
  readonly nowMs: number;
}

/**
 * Requests as choices of variables: every choice is a request that can be made, every request has one, and requests
 * with the same choice get the same answer. Exact but for three things: the time that is looked at ends
 * (`time-classes.ts`), and that certificates hold at most 16 labels and requests at most 256 values is left aside.
 * Questions are only about what the vocabulary holds. Throws GaveUp when there is too much to tell apart.
 */
export class Space {
  readonly bdd: Bdd;
  readonly destination: { readonly service: string; readonly environment: string };
  readonly #row: DimensionRow;
  readonly #vocabulary: Vocabulary;
  readonly #identity: ReadonlyMap<string, Texts>;
  readonly #paths: Texts;
  readonly #authority: Texts;
  readonly #methods: Texts;
  readonly #headers: ReadonlyMap<string, NameTruths>;
  readonly #parameters: ReadonlyMap<string, NameTruths>;
  readonly #times: Times;
  readonly #measures = new Map<string, Measure>();
  readonly #band: Choices;

  // The order of the dimensions is that of the levels: who calls and what splits rules best, so it comes first.
  constructor(vocabulary: Vocabulary, options: SpaceOptions, effort: Effort) {
    const { service, environment, nowMs } = options;
    this.bdd = new Bdd(effort);
    const row = new DimensionRow(this.bdd, effort);
    this.#row = row;
    this.#vocabulary = vocabulary;
    this.destination = { service, environment };
    this.#identity = addIdentity(row, vocabulary, environment);
    this.#paths = addPaths(row, vocabulary);
    this.#authority = addAuthority(row, vocabulary, service.toLowerCase());
    this.#methods = addMethods(row, vocabulary);
    this.#headers = addNames(row, vocabulary.headers, headerTruths);
    this.#parameters = addNames(row, vocabulary.parameters, parameterTruths);
    this.#times = addTimes(row, vocabulary, nowMs);
    for (const [key, { ref, numbers }] of vocabulary.comparisons) {
      this.#measures.set(key, addMeasure(row, ref, numbers));
    }
    this.#band = addBand(row);
  }

  /** A test of the source; never unknown. */
  identity(test: IdentityTest): Node {
    const key = identityKey(test.attribute, test.label);
    const texts = this.#identity.get(key) as Texts;
    const pattern = patternOfTest(test, this.destination.environment);
    const number = pattern && this.#vocabulary.identity.get(key)?.of(textKey(pattern));
    const node = number === undefined ? isPresent(texts, this.bdd) : matchesOne(texts, [number]);
    return negatedTests.has(test.op) ? this.bdd.not(node) : node;
  }

  /** The path matches one of the templates. */
  paths(templates: readonly PathTemplate[]): Node {
    const { paths } = this.#vocabulary;
    return matchesOne(
      this.#paths,
      templates.map((template) => paths.of(pathKey(template))),
    );
  }

  /** The host matches one of the patterns. */
  hosts(patterns: readonly HostPattern[]): Node {
    const { hosts } = this.#vocabulary;
    return matchesOne(
      this.#authority,
      patterns.map((pattern) => hosts.of(hostKey(pattern))),
    );
  }

  /** The method is one of these. */
  methods(names: readonly string[]): Node {
    const { methods } = this.#vocabulary;
    return matchesOne(
      this.#methods,
      names.map((name) => methods.of(textKey(equalTo(name)))),
    );
  }

  /** Whether there is a value. */
  present(ref: RequestRef): Node {
    if (ref.kind === RequestKind.Method) return TRUE;
    if (ref.kind === RequestKind.Authority) return isPresent(this.#authority, this.bdd);
    return this.#truthsOf(ref).present;
  }

  /**
   * All values have the pattern, and unknown when only some do; for AnyHeader some line has it. Unknown when there is
   * none.
   */
  request(ref: RequestRef, pattern: TextPattern): Truth {
    const { methods, hosts, authorities } = this.#vocabulary;
    const key = textKey(pattern);
    if (ref.kind === RequestKind.Method) {
      return twoValued(matchesOne(this.#methods, [methods.of(key)]));
    }
    if (ref.kind === RequestKind.Authority) {
      const sure = matchesOne(this.#authority, [hosts.items.length + authorities.of(key)]);
      return { sure, possible: this.bdd.or(sure, this.bdd.not(this.present(ref))) };
    }
    const { all, any } = this.#truthsOf(ref);
    const truths = ref.kind === RequestKind.AnyHeader ? any : all;
    return truths[this.#textsOf(ref).values.of(key)] as Truth;
  }

  /** The signal or fact is known. */
  known(ref: AttributeRef): Node {
    const { choices } = this.#measures.get(refKey(ref)) as Measure;
    return this.bdd.not(choices.node([0]));
  }

  /** Unknown when the value is. */
  comparison({ ref, op, number }: Extract<Condition, { kind: 'compare' }>): Truth {
    const { choices, witnesses } = this.#measures.get(refKey(ref)) as Measure;
    const holding = witnesses.flatMap((value, i) => (compares(value, op, number) ? [i + 1] : []));
    return { sure: choices.node(holding), possible: choices.node([0, ...holding]) };
  }

  time(condition: TimeCondition): Node {
    const number = this.#vocabulary.times.of(timeKey(condition));
    return this.#times.choices.node(this.#times.classesOf[number] ?? []);
  }

  bandAtMost(band: Band): Node {
    return this.#band.node(Array(band + 1).keys());
  }

  /** A request of a function that is not FALSE: plain where the function leaves a choice. */
  example(node: Node): ConcreteRequest {
    const draft = emptyDraft();
    const levels = this.bdd.pick(node);
    for (const dimension of this.#row.dimensions) dimension.write(levels, draft);
    return finishRequest(draft);
  }

  /** By rising levels. */
  get dimensions(): readonly Dimension[] {
    return this.#row.dimensions;
  }

  /**
   * A function in words, dimension by dimension; a dimension of which it takes everything is left out. `isExact` when
   * every combination of what is said belongs to the function.
   */
  describe(node: Node): { words: string; isExact: boolean } {
    const parts: string[] = [];
    let product = TRUE;
    for (const dimension of this.#row.dimensions) {
      const own = this.bdd.project(node, dimension.from, dimension.to);
      if (own === TRUE || own === FALSE) continue;
      product = this.bdd.and(product, own);
      parts.push(`${dimension.title}: ${dimension.describe(own)}`);
    }
    return { words: parts.join('; ') || 'every request', isExact: product === node };
  }

  // INVARIANT: the vocabulary holds every name that rules read.
  #truthsOf({ kind, name }: RequestRef): NameTruths {
    const truths = kind === RequestKind.Parameter ? this.#parameters : this.#headers;
    return truths.get(name) as NameTruths;
  }

  #textsOf({ kind, name }: RequestRef): NameTexts {
    const { headers, parameters } = this.#vocabulary;
    return (kind === RequestKind.Parameter ? parameters : headers).get(name) as NameTexts;
  }
}

function addNames<T extends NameTexts>(
  row: DimensionRow,
  names: ReadonlyMap<string, T>,
  truthsOf: (texts: T, bdd: Bdd, from: number, effort: Effort) => NameTruths,
): Map<string, NameTruths> {
  const found = new Map<string, NameTruths>();
  for (const [name, texts] of names) {
    const truths = truthsOf(texts, row.bdd, row.levels, row.effort);
    row.take(truths.dimension);
    found.set(name, truths);
  }
  return found;
}

const negatedTests: ReadonlySet<TestOp> = new Set([
  TestOp.NotEqual,
  TestOp.NotPrefix,
  TestOp.NotSuffix,
  TestOp.NotSameAsDestination,
  TestOp.Absent,
]);
