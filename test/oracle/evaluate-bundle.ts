/** Decides requests from a compiled bundle through its indexes, so that tests can check the compiler without the filter. */

import {
  AtomOp,
  Attribute,
  IdentityAttribute,
  MethodBit,
  NONE,
  Op,
  TestOp,
} from '../../controller/layout.ts';
import { hash32 } from '../../controller/policy/hash32.ts';
import type { OracleIdentity } from './decide.ts';
import { matchesHost } from './decide.ts';
import type { RandomRequest } from './random-policies.ts';
import type { Fields, SectionsFile } from './read-sections.ts';

/** Names of the rules of a bundle that apply, in its order. */
export function applyingRules(bundle: SectionsFile, request: RandomRequest): string[] {
  const bySource = sourceCandidates(bundle, request.identity);
  const patterns = matchingPatterns(bundle, request.path);
  const byPath = new Set(list(bundle, bundle.header, 'anyPath'));
  for (const pattern of patterns) {
    for (const rule of list(bundle, row(bundle, 'PathPatterns', pattern), 'rule')) byPath.add(rule);
  }
  return (bundle.records.Rules ?? []).flatMap((rule, index) => {
    if (!bySource.has(index) || !byPath.has(index)) return [];
    const selectors = list(bundle, rule, 'selector');
    const routes = list(bundle, rule, 'route');
    const isSource =
      selectors.length === 0 || selectors.some((s) => selectorHolds(bundle, s, request.identity));
    const isRequest =
      routes.length === 0 || routes.some((r) => routeHolds(bundle, r, patterns, request));
    const truth = rule.program === NONE ? true : run(bundle, Number(rule.program), request);
    return isSource && isRequest && (truth ?? rule.effect === 0) ? [String(rule.name)] : [];
  });
}

function sourceCandidates(bundle: SectionsFile, identity: OracleIdentity): Set<number> {
  const rules = new Set(list(bundle, bundle.header, 'anySource'));
  const selectors = [
    ...list(bundle, bundle.header, 'residual'),
    ...slotOf(bundle, identity.service),
  ];
  for (const selector of selectors) {
    if (!selectorHolds(bundle, selector, identity)) continue;
    for (const rule of list(bundle, row(bundle, 'Selectors', selector), 'rule')) rules.add(rule);
  }
  return rules;
}

function slotOf(bundle: SectionsFile, service: string): readonly number[] {
  const slots = bundle.records.Services ?? [];
  const hash = hash32(Buffer.from(service));
  for (let i = hash & (slots.length - 1); ; i = (i + 1) & (slots.length - 1)) {
    const slot = slots[i >>> 0];
    if (slot === undefined || slot.listCount === 0) return [];
    if (slot.hash === hash && slot.key === service) return list(bundle, slot, 'list');
  }
}

function selectorHolds(bundle: SectionsFile, index: number, identity: OracleIdentity): boolean {
  const selector = row(bundle, 'Selectors', index);
  const start = Number(selector.testStart);
  const tests =
    bundle.records.IdentityTests?.slice(start, start + Number(selector.testCount)) ?? [];
  return tests.every((test) => {
    const value = attributeOf(identity, Number(test.attribute), String(test.label));
    if (test.op === TestOp.Equal) return value === test.value;
    if (test.op === TestOp.Prefix) return value?.startsWith(String(test.value)) ?? false;
    if (test.op === TestOp.SameAsDestination) return value === bundle.header.environment;
    throw new Error(`operator ${test.op} is not in this issue`);
  });
}

function attributeOf(
  identity: OracleIdentity,
  attribute: number,
  label: string,
): string | undefined {
  if (attribute === IdentityAttribute.Service) return identity.service;
  if (attribute === IdentityAttribute.Team) return identity.team;
  if (attribute === IdentityAttribute.Environment) return identity.environment;
  if (attribute === IdentityAttribute.Domain) return identity.trustDomain;
  if (attribute === IdentityAttribute.Instance) return identity.instance;
  return identity.labels[label];
}

/** Walks the trie along all branches at once. */
function matchingPatterns(bundle: SectionsFile, path: string): Set<number> {
  const found = new Set<number>();
  const segments = path.split('/').slice(1);
  if (segments.length > 64) return found;
  let nodes = [0];
  for (const [i, segment] of [...segments, undefined].entries()) {
    for (const node of nodes) {
      for (const p of list(bundle, row(bundle, 'PathNodes', node), 'tail')) found.add(p);
      if (i < segments.length) continue;
      for (const p of list(bundle, row(bundle, 'PathNodes', node), 'end')) found.add(p);
    }
    if (segment === undefined) break;
    nodes = nodes.flatMap((node) => {
      const any = Number(row(bundle, 'PathNodes', node).anyChild);
      return [...edgeOf(bundle, node, segment), ...(segment !== '' && any !== NONE ? [any] : [])];
    });
  }
  return found;
}

function edgeOf(bundle: SectionsFile, node: number, segment: string): number[] {
  const slots = bundle.records.PathEdges ?? [];
  const hash = (hash32(Buffer.from(segment)) ^ Math.imul(node, 0x9e3779b1)) >>> 0;
  for (let i = hash & (slots.length - 1); ; i = (i + 1) & (slots.length - 1)) {
    const slot = slots[i >>> 0];
    if (slot === undefined || slot.child === 0) return [];
    if (slot.hash === hash && slot.node === node && slot.segment === segment)
      return [Number(slot.child)];
  }
}

function routeHolds(
  bundle: SectionsFile,
  index: number,
  patterns: ReadonlySet<number>,
  request: RandomRequest,
): boolean {
  const { methods, pattern, hosts, otherMethod } = row(bundle, 'Routes', index);
  if (pattern !== NONE && !patterns.has(Number(pattern))) return false;
  const bit = (MethodBit as Readonly<Record<string, number>>)[request.method];
  const isListed = bit !== undefined && (Number(methods) & (1 << bit)) !== 0;
  const isAnyMethod = methods === 0 && otherMethod === '';
  if (!isAnyMethod && !isListed && request.method !== otherMethod) return false;
  const wanted = BigInt(hosts ?? 0);
  return (
    wanted === 0n ||
    (bundle.records.Hosts ?? []).some((host, i) => {
      const text = host.kind === 1 ? `*${host.text}` : String(host.text);
      return ((wanted >> BigInt(i)) & 1n) === 1n && matchesHost(text, request.host);
    })
  );
}

function run(bundle: SectionsFile, index: number, request: RandomRequest): boolean | undefined {
  const { start, count } = row(bundle, 'Programs', index);
  const stack: (boolean | undefined)[] = [];
  const code = bundle.numbers.Code?.slice(Number(start), Number(start) + Number(count)) ?? [];
  for (const word of code) {
    const [op, operand] = [word >>> 24, word & 0xff_ffff];
    if (op === Op.Atom) stack.push(atomHolds(bundle, row(bundle, 'Atoms', operand), request));
    else if (op === Op.Constant) stack.push(operand === 1);
    else if (op === Op.Has)
      stack.push(signalOf(row(bundle, 'Atoms', operand), request) !== undefined);
    else if (op === Op.Not) {
      const value = stack.pop();
      stack.push(value === undefined ? undefined : !value);
    } else {
      const pair = [stack.pop(), stack.pop()];
      const settling = op === Op.Or;
      stack.push(
        pair.includes(settling) ? settling : pair.includes(undefined) ? undefined : !settling,
      );
    }
  }
  if (stack.length !== 1) throw new Error('a program leaves one value');
  return stack[0];
}

function atomHolds(
  bundle: SectionsFile,
  atom: Fields,
  request: RandomRequest,
): boolean | undefined {
  if (atom.op === AtomOp.Within) {
    const start = Number(atom.intervalStart);
    const intervals =
      bundle.records.Intervals?.slice(start, start + Number(atom.intervalCount)) ?? [];
    const time = BigInt(request.timeMs);
    return intervals.some(
      ({ startMs, endMs }) => BigInt(startMs ?? 0) <= time && time < BigInt(endMs ?? 0),
    );
  }
  const value = signalOf(atom, request);
  if (value === undefined) return undefined;
  const number = Number(atom.number);
  if (atom.op === AtomOp.Less) return value < number;
  if (atom.op === AtomOp.LessEqual) return value <= number;
  if (atom.op === AtomOp.Greater) return value > number;
  if (atom.op === AtomOp.GreaterEqual) return value >= number;
  return atom.op === AtomOp.Equal ? value === number : value !== number;
}

function signalOf(atom: Fields, request: RandomRequest): number | undefined {
  const name = signalNames.get(Number(atom.attribute)) ?? `environment.${atom.text}`;
  return request.signals[name];
}

function row(bundle: SectionsFile, section: string, index: number): Fields {
  const fields = bundle.records[section]?.[index];
  if (fields === undefined) throw new Error(`${section} has no record ${index}`);
  return fields;
}

function list(bundle: SectionsFile, fields: Fields, name: string): readonly number[] {
  const start = Number(fields[`${name}Start`]);
  const entries = bundle.numbers.Lists?.slice(start, start + Number(fields[`${name}Count`])) ?? [];
  if (entries.length !== Number(fields[`${name}Count`])) throw new Error(`list ${name} is cut`);
  return entries;
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
