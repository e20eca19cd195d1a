/** Everything that the rules of a destination compare requests with, by dimension. */
import { IdentityAttribute, RequestKind, TestOp, TextOp } from '../../layout.ts';
import type { AttributeRef, Condition, RequestRef, TimeCondition } from '../cel/condition.ts';
import type { HostPattern } from '../host-pattern.ts';
import type { IdentityTest } from '../identity-test.ts';
import type { PathTemplate } from '../path-template.ts';
import type { AccessRule } from '../policy-set.ts';
import type { TextPattern } from '../text-pattern.ts';

/** Distinct things, numbered in the order in which they came. */
export class Numbered<T> {
  readonly items: T[] = [];
  readonly #byKey = new Map<string, number>();

  /** The number of a thing, by its key. */
  add(key: string, item: T): number {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    this.#byKey.set(key, this.items.length);
    return this.items.push(item) - 1;
  }

  /** The number of a thing that was added. */
  of(key: string): number {
    return this.#byKey.get(key) ?? -1;
  }
}

/** What is compared with the values of a header or a parameter. */
export interface NameTexts {
  readonly name: string;
  readonly values: Numbered<TextPattern>;
}

/** What is compared with a header: with its elements, or with its lines. */
export interface HeaderTexts extends NameTexts {
  /** How it is read: Header, AnyHeader, or neither when only presence is asked for. */
  readonly kinds: Set<RequestKind>;
}

/** A signal or fact with the constants that it is compared with. */
export interface Comparisons {
  readonly ref: AttributeRef;
  readonly numbers: Set<number>;
}

/** `add…` fills it; after that it is only read. */
export class Vocabulary {
  /** By `identityKey`. */
  readonly identity = new Map<string, Numbered<TextPattern>>();
  readonly paths = new Numbered<PathTemplate>();
  readonly hosts = new Numbered<HostPattern>();
  readonly authorities = new Numbered<TextPattern>();
  readonly methods = new Numbered<TextPattern>();
  readonly headers = new Map<string, HeaderTexts>();
  readonly parameters = new Map<string, NameTexts>();
  /** By `refKey`. */
  readonly comparisons = new Map<string, Comparisons>();
  readonly times = new Numbered<TimeCondition>();
  /** The environment of the destination, for `same`. */
  readonly #environment: string;

  constructor(environment: string) {
    this.#environment = environment;
  }

  addRule(rule: AccessRule): void {
    for (const test of rule.from.flat()) this.addIdentity(test);
    for (const { methods, paths, hosts, also } of rule.to) {
      for (const method of methods) this.methods.add(textKey(equalTo(method)), equalTo(method));
      for (const path of paths) this.paths.add(pathKey(path), path);
      for (const host of hosts) this.hosts.add(hostKey(host), host);
      if (also !== undefined) this.addCondition(also);
    }
    if (rule.when !== undefined) this.addCondition(rule.when);
  }

  addIdentity(test: IdentityTest): void {
    const key = identityKey(test.attribute, test.label);
    const patterns = this.identity.get(key) ?? new Numbered<TextPattern>();
    this.identity.set(key, patterns);
    const pattern = patternOfTest(test, this.#environment);
    if (pattern !== undefined) patterns.add(textKey(pattern), pattern);
  }

  addCondition(condition: Condition): void {
    switch (condition.kind) {
      case 'and':
      case 'or':
        this.addCondition(condition.left);
        this.addCondition(condition.right);
        return;
      case 'not':
        this.addCondition(condition.operand);
        return;
      case 'has':
        this.#comparisonsOf(condition.ref);
        return;
      case 'compare':
        this.#comparisonsOf(condition.ref).numbers.add(condition.number);
        return;
      case 'within':
      case 'dates':
      case 'before':
        this.times.add(timeKey(condition), condition);
        return;
      default:
        this.#addText(condition);
    }
  }

  #addText(condition: Condition): void {
    switch (condition.kind) {
      case 'identity':
        this.addIdentity(condition.test);
        return;
      case 'path':
        this.paths.add(pathKey(condition.template), condition.template);
        return;
      case 'host':
        this.hosts.add(hostKey(condition.host), condition.host);
        return;
      case 'request':
        this.#headerOf(condition.ref)?.kinds.add(condition.ref.kind);
        this.#patternsOf(condition.ref).add(textKey(condition.pattern), condition.pattern);
        return;
      case 'hasRequest':
        this.#patternsOf(condition.ref);
        return;
      default:
        return;
    }
  }

  #comparisonsOf(ref: AttributeRef): Comparisons {
    const known = this.comparisons.get(refKey(ref)) ?? { ref, numbers: new Set<number>() };
    this.comparisons.set(refKey(ref), known);
    return known;
  }

  #patternsOf(ref: RequestRef): Numbered<TextPattern> {
    if (ref.kind === RequestKind.Method) return this.methods;
    if (ref.kind === RequestKind.Authority) return this.authorities;
    const header = this.#headerOf(ref);
    if (header !== undefined) return header.values;
    const { name } = ref;
    const known = this.parameters.get(name) ?? { name, values: new Numbered<TextPattern>() };
    this.parameters.set(name, known);
    return known.values;
  }

  #headerOf({ kind, name }: RequestRef): HeaderTexts | undefined {
    if (kind !== RequestKind.Header && kind !== RequestKind.AnyHeader) return undefined;
    const known = this.headers.get(name) ?? { name, values: new Numbered(), kinds: new Set() };
    this.headers.set(name, known);
    return known;
  }
}

/** The dimension of an identity test. */
export function identityKey(attribute: IdentityAttribute, label: string): string {
  return attribute === IdentityAttribute.Label ? `label ${label}` : `${attribute}`;
}

/** What a test compares with, its negation left aside; undefined for Present and Absent. */
export function patternOfTest(test: IdentityTest, environment: string): TextPattern | undefined {
  switch (test.op) {
    case TestOp.Equal:
    case TestOp.NotEqual:
      return equalTo(test.value);
    case TestOp.SameAsDestination:
    case TestOp.NotSameAsDestination:
      return equalTo(environment);
    case TestOp.Prefix:
    case TestOp.NotPrefix:
      return { op: TextOp.Prefix, text: test.value };
    case TestOp.Suffix:
    case TestOp.NotSuffix:
      return { op: TextOp.Suffix, text: test.value };
    default:
      return undefined;
  }
}

export function equalTo(text: string): TextPattern {
  return { op: TextOp.Equal, text };
}

export function textKey({ op, text }: TextPattern): string {
  return `${op} ${text}`;
}

/** Templates that match the same paths by the names of their placeholders have one key. */
export function pathKey({ segments, end, affix }: PathTemplate): string {
  const parts = segments.map((segment) => (segment === 'any' ? '{}' : segment.literal));
  return `${end} /${parts.join('/')} ${affix}`;
}

export function hostKey({ kind, text }: HostPattern): string {
  return `${kind} ${text}`;
}

export function refKey({ attribute, fact }: AttributeRef): string {
  return `${attribute} ${fact}`;
}

export function timeKey(condition: TimeCondition): string {
  return JSON.stringify(condition);
}
