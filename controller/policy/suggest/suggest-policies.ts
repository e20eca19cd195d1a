/** Proposes the narrowest policies that would have allowed the calls that were seen. */
import { compareText } from '../policy-error.ts';
import type { ObservedCall } from './observed-call.ts';
import { PathShapes } from './path-shapes.ts';

/** What speaks for a rule. */
export interface Evidence {
  readonly count: number;
  /** Unix milliseconds. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Distinct callers (instances). */
  readonly instances: number;
  /** At most three. */
  readonly decisionIds: readonly string[];
}

/** Methods that were seen with each of the paths; nothing else is allowed by it. */
export interface SuggestedOperation {
  readonly methods: readonly string[];
  readonly paths: readonly string[];
}

/** A rule for one service of one team. `same`: only in the destination's environment. */
export interface SuggestedRule {
  readonly name: string;
  readonly service: string;
  readonly team: string;
  readonly environments: readonly string[] | 'same';
  readonly to: readonly SuggestedOperation[];
  readonly evidence: Evidence;
}

/** A policy for one destination. */
export interface SuggestedPolicy {
  readonly service: string;
  readonly environment: string;
  readonly rules: readonly SuggestedRule[];
}

/** What came of it. */
export interface Suggestion {
  readonly policies: readonly SuggestedPolicy[];
  /** Calls whose method or path no rule can name. */
  readonly left: readonly ObservedCall[];
}

/**
 * Suggests rules for `calls`. Paths are generalised by what all of `known`, which holds `calls`, look like: identifiers
 * by their form, and positions with at least `distinctMin` different texts. Nothing else is generalised.
 */
export function suggestPolicies(
  calls: readonly ObservedCall[],
  known: readonly ObservedCall[],
  distinctMin: number,
): Suggestion {
  const left: ObservedCall[] = [];
  const seen = Map.groupBy(known, destinationKey);
  const policies = groups(calls, destinationKey).map((group): SuggestedPolicy => {
    const { destination } = group[0];
    const paths = (seen.get(destinationKey(group[0])) ?? []).map(({ path }) => path);
    const shapes = new PathShapes(paths, distinctMin);
    const shaped = group.flatMap((call): ShapedCall[] => {
      const template = shapes.templateOf(call.path);
      if (template !== undefined && isSayable(call)) return [{ call, template }];
      left.push(call);
      return [];
    });
    return { ...destination, rules: rulesFor(shaped, destination.environment) };
  });
  return { policies: policies.filter(({ rules }) => rules.length > 0), left };
}

interface ShapedCall {
  readonly call: ObservedCall;
  readonly template: string;
}

// One rule for a service of a team; environments share it when they were seen to do the same.
function rulesFor(calls: readonly ShapedCall[], environment: string): SuggestedRule[] {
  const names = new Set<string>();
  return groups(calls, ({ call: { source } }) => key(source.service, source.team)).flatMap(
    (own) => {
      const byEnvironment = groups(own, ({ call }) => call.source.environment);
      const alike = groups(byEnvironment, (group) => JSON.stringify(operationsOf(group)));
      return alike.map((several): SuggestedRule => {
        const group = several.flat();
        const { service, team } = own[0].call.source;
        const environments = several.map(([first]) => first.call.source.environment);
        const isSame = environments.length === 1 && environments[0] === environment;
        return {
          name: nameFor(service, team, names),
          service,
          team,
          environments: isSame ? 'same' : environments,
          to: operationsOf(group),
          evidence: evidenceOf(group),
        };
      });
    },
  );
}

// Paths share an entry when exactly the same methods were seen with them.
function operationsOf(calls: readonly ShapedCall[]): SuggestedOperation[] {
  const byPath = groups(calls, ({ template }) => template).map((group) => ({
    path: group[0].template,
    methods: groups(group, ({ call }) => call.method).map(([first]) => first.call.method),
  }));
  return groups(byPath, ({ methods }) => key(...methods)).map((group) => ({
    methods: group[0].methods,
    paths: group.map(({ path }) => path),
  }));
}

function evidenceOf(calls: readonly ShapedCall[]): Evidence {
  const sorted = calls.map(({ call }) => call).sort((a, b) => a.timeMs - b.timeMs);
  return {
    count: sorted.length,
    firstMs: sorted[0]?.timeMs ?? 0,
    lastMs: sorted.at(-1)?.timeMs ?? 0,
    instances: new Set(sorted.map(({ source }) => source.instance)).size,
    decisionIds: sorted.slice(0, EXAMPLES).map(({ decisionId }) => decisionId),
  };
}

function nameFor(service: string, team: string, taken: Set<string>): string {
  for (let number = 1; ; number += 1) {
    const end = number === 1 ? '' : `-${number}`;
    const name = `${`${service}-of-${team}`.slice(0, NAME_LENGTH_MAX - end.length)}${end}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

type Filled<T> = readonly [T, ...T[]];

/** Items by key, sorted by it. */
function groups<T>(items: readonly T[], keyOf: (item: T) => string): Filled<T>[] {
  const byKey = Map.groupBy(items, keyOf);
  return [...byKey]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, [first, ...others]]) =>
      first === undefined ? [] : [[first, ...others] as const],
    );
}

function destinationKey({ destination }: ObservedCall): string {
  return key(destination.service, destination.environment);
}

function key(...parts: readonly string[]): string {
  return parts.join(' ');
}

// `environment: same` means the destination's environment, so no rule can name another one that is called so.
function isSayable({ method, source, destination }: ObservedCall): boolean {
  return (
    methodForm.test(method) && (source.environment !== 'same' || destination.environment === 'same')
  );
}

const methodForm = /^[A-Z][A-Z0-9_-]{0,31}$/;
const EXAMPLES = 3;
const NAME_LENGTH_MAX = 63;
