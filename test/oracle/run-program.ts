/** Runs the programs of a compiled bundle. */
import { AtomOp, Attribute, Op, RequestKind, TextOp, Truth } from '../../controller/layout.ts';
import { entries, list, lookUp, row } from './bundle-tables.ts';
import { allOf, not, oneOf } from './kleene.ts';
import { matchesHost } from './places.ts';
import type { RandomRequest } from './random-requests.ts';
import { type Fields, type SectionsFile, stringAt } from './read-sections.ts';
import type { Truth as Kleene, OracleRequest } from './request.ts';
import { anyValue, bytesOf, everyValue } from './texts.ts';
import { headerLines, headerValues, parameterValues } from './values.ts';

/** What is known about a request once its identity and path have been looked up. */
export interface Facts {
  readonly request: RandomRequest;
  readonly patterns: ReadonlySet<number>;
  /** Whether a record of IdentityTests holds. */
  readonly testHolds: (index: number) => boolean;
}

/** The truth of a program. Throws when it does not leave one value. */
export function runProgram(bundle: SectionsFile, index: number, facts: Facts): Kleene {
  const { start, count } = row(bundle, 'Programs', index);
  const stack: Kleene[] = [];
  const code = bundle.numbers.Code?.slice(Number(start), Number(start) + Number(count)) ?? [];
  for (const word of code) {
    const [op, operand] = [word >>> 24, word & 0xff_ffff];
    if (op === Op.Atom) stack.push(atomTruth(bundle, row(bundle, 'Atoms', operand), facts));
    else if (op === Op.Constant) stack.push(operand === Truth.True);
    else if (op === Op.Has) stack.push(hasValue(bundle, row(bundle, 'Atoms', operand), facts));
    else if (op === Op.Not) stack.push(not(stack.pop()));
    else {
      const pair = [stack.pop(), stack.pop()];
      stack.push(op === Op.Or ? oneOf(pair) : allOf(pair));
    }
  }
  if (stack.length !== 1) throw new Error('a program leaves one value');
  return stack[0];
}

/** True when one of the hosts with a bit in `bits` matches. */
export function matchesHosts(bundle: SectionsFile, bits: bigint, host: string): boolean {
  return (bundle.records.Hosts ?? []).some((pattern, i) => {
    const text = pattern.kind === 1 ? `*${pattern.text}` : String(pattern.text);
    return ((bits >> BigInt(i)) & 1n) === 1n && matchesHost(text, host);
  });
}

function atomTruth(bundle: SectionsFile, atom: Fields, facts: Facts): Kleene {
  const index = Number(atom.index);
  if (atom.op === AtomOp.Within) return isWithin(bundle, index, facts.request.timeMs);
  if (atom.op !== AtomOp.Matches) return compare(bundle, atom, facts.request);
  if (atom.attribute === Attribute.Identity) return facts.testHolds(index);
  if (atom.attribute === Attribute.Path) return facts.patterns.has(index);
  if (atom.attribute === Attribute.Host)
    return matchesHosts(bundle, 1n << BigInt(index), facts.request.host);
  if (atom.attribute !== Attribute.RequestValue) throw new Error('an atom only for has()');
  return valueTruth(bundle, index, facts.request);
}

function hasValue(bundle: SectionsFile, atom: Fields, { request }: Facts): boolean {
  if (atom.attribute !== Attribute.RequestName)
    return signalOf(bundle, atom, request) !== undefined;
  return valuesOf(row(bundle, 'RequestNames', Number(atom.index)), request).length > 0;
}

function compare(bundle: SectionsFile, atom: Fields, request: RandomRequest): Kleene {
  const value = signalOf(bundle, atom, request);
  if (value === undefined) return undefined;
  const number = Number(atom.number);
  if (atom.op === AtomOp.Less) return value < number;
  if (atom.op === AtomOp.LessEqual) return value <= number;
  if (atom.op === AtomOp.Greater) return value > number;
  if (atom.op === AtomOp.GreaterEqual) return value >= number;
  return atom.op === AtomOp.Equal ? value === number : value !== number;
}

function isWithin(bundle: SectionsFile, index: number, timeMs: number): boolean {
  const [start = 0, count = 0] = entries(bundle, index, 2);
  const intervals = bundle.records.Intervals?.slice(start, start + count) ?? [];
  const time = BigInt(timeMs);
  return intervals.some(
    ({ startMs, endMs }) => BigInt(startMs ?? 0) <= time && time < BigInt(endMs ?? 0),
  );
}

function signalOf(bundle: SectionsFile, atom: Fields, request: RandomRequest): number | undefined {
  const known = signalNames.get(Number(atom.attribute));
  if (known !== undefined) return request.signals[known];
  const [off = 0, len = 0] = entries(bundle, Number(atom.index), 2);
  return request.signals[`environment.${stringAt(bundle, off, len)}`];
}

// As the filter finds tests: equal ones through their hash, the others by the list of their name.
function valueTruth(bundle: SectionsFile, index: number, request: RandomRequest): Kleene {
  const test = row(bundle, 'RequestTests', index);
  const name = row(bundle, 'RequestNames', Number(test.name));
  const isEqual = test.op === TextOp.Equal;
  if (!isEqual && !list(bundle, name, 'test').includes(index)) throw new Error('a lost test');
  const text = bytesOf(String(test.text));
  const decide = name.kind === RequestKind.AnyHeader ? anyValue : everyValue;
  return decide(valuesOf(name, request), (value) => {
    if (test.op === TextOp.Prefix) return value.startsWith(text);
    if (test.op === TextOp.Suffix) return value.endsWith(text);
    if (value !== text) return false;
    const slots = ['RequestSlots', 'RequestTests'] as const;
    const found = lookUp(bundle, slots, String(test.text), Number(test.name));
    if (!found.some((entry) => entry.index === index)) throw new Error('a lost test');
    return true;
  });
}

function valuesOf({ kind, name }: Fields, given: RandomRequest): readonly string[] {
  // Values do not depend on the policies.
  const request = given as OracleRequest;
  if (kind === RequestKind.Parameter) return parameterValues(request, String(name));
  if (kind === RequestKind.Authority)
    return request.host === '' ? [] : [request.host.toLowerCase()];
  if (kind === RequestKind.Method) return [request.method];
  const headerTexts = kind === RequestKind.AnyHeader ? headerLines : headerValues;
  return headerTexts(request, String(name));
}

const signalNames: ReadonlyMap<number, string> = new Map([
  [Attribute.SourceCpu, 'source.cpu'],
  [Attribute.SourceMemory, 'source.memory'],
  [Attribute.SourceErrorRate, 'source.errorRate'],
  [Attribute.SourceWorstCve, 'source.worstCve'],
  [Attribute.SourceCveCount, 'source.cveCount'],
  [Attribute.SourceRequestRate, 'source.requestRate'],
  [Attribute.DestinationLoad, 'destination.load'],
]);
