/** Changes of single parts of a request that the constants of rules suggest. */
import { HostKind, IdentityAttribute, RequestKind, TestOp } from '../../layout.ts';
import {
  type ConcreteRequest,
  draftOf,
  finishRequest,
  type RequestDraft,
} from '../../policy/analysis/concrete-request.ts';
import { numberClasses } from '../../policy/analysis/number-classes.ts';
import { signalDomain } from '../../policy/analysis/signals.ts';
import type { AttributeRef, Condition, RequestRef } from '../../policy/cel/condition.ts';
import { visitLeaves } from '../../policy/cel/visit-condition.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import type { IdentityTest } from '../../policy/identity-test.ts';
import type { PathTemplate } from '../../policy/path-template.ts';
import type { AccessRule } from '../../policy/policy-set.ts';
import { intervalsOf } from '../../policy/time-intervals.ts';

/** A change of one part; lower ranks are what an operator can change sooner. */
export interface Edit {
  readonly part: string;
  readonly rank: number;
  readonly apply: (request: ConcreteRequest) => ConcreteRequest;
}

/** Edits of all rules, rule by rule, with repetitions. */
export function* editsOf(
  rules: readonly AccessRule[],
  { environment }: BundleTarget,
  request: ConcreteRequest,
): Generator<Edit> {
  for (const band of [0, 1, 2, 3]) {
    yield edit('band', 1, (draft) => {
      draft.band = band;
    });
  }
  for (const rule of rules) {
    for (const test of rule.from.flat()) yield* identityEdits(test, environment);
    for (const { methods, paths, hosts, also } of rule.to) {
      yield* methods.map((method) => textEdit('method', method));
      yield* paths.map((path) => textEdit('path', exampleOf(path)));
      yield* hosts.map(({ kind, text }) => textEdit('host', hostExample(kind, text)));
      if (also !== undefined) yield* conditionEdits(also, environment, request);
    }
    if (rule.when !== undefined) yield* conditionEdits(rule.when, environment, request);
  }
}

function conditionEdits(
  condition: Condition,
  environment: string,
  request: ConcreteRequest,
): Edit[] {
  const edits: Edit[] = [];
  visitLeaves(condition, (leaf) => edits.push(...leafEdits(leaf, environment, request)));
  return edits;
}

function leafEdits(leaf: Condition, environment: string, request: ConcreteRequest): Edit[] {
  switch (leaf.kind) {
    case 'compare':
      return measureEdits(leaf.ref, [leaf.number]);
    case 'has':
      return measureEdits(leaf.ref, []);
    case 'identity':
      return identityEdits(leaf.test, environment);
    case 'path':
      return [textEdit('path', exampleOf(leaf.template))];
    case 'host':
      return [textEdit('host', hostExample(leaf.host.kind, leaf.host.text))];
    case 'request':
      return valueEdits(leaf.ref, leaf.pattern.text || 'x');
    case 'hasRequest':
      return valueEdits(leaf.ref, 'x');
    case 'within':
    case 'dates':
    case 'before': {
      const endMs = request.timeMs + TIME_AHEAD_MS;
      const edges = intervalsOf(leaf, request.timeMs, endMs)
        .flatMap(({ startMs, endMs: stopMs }) => [startMs, stopMs])
        .filter((edge) => edge > request.timeMs && edge < endMs);
      return edges.slice(0, 2).map((edge) =>
        edit('time', 2, (draft) => {
          draft.timeMs = edge;
        }),
      );
    }
    default:
      return [];
  }
}

function measureEdits(ref: AttributeRef, constants: readonly number[]): Edit[] {
  const domain = signalDomain(ref);
  const { name } = domain;
  const known = numberClasses(domain, constants).map(({ nearest, witness }) =>
    edit(name, 0, (draft) => {
      draft.signals[name] = nearest(draft.signals[name] ?? witness);
    }),
  );
  const unknown = edit(name, 1, (draft) => {
    delete draft.signals[name];
  });
  return [...known, unknown];
}

function identityEdits({ attribute, label, op, value }: IdentityTest, environment: string): Edit[] {
  const isSame = op === TestOp.SameAsDestination || op === TestOp.NotSameAsDestination;
  const text = isSame ? environment : exampleText(attribute, op, value);
  if (attribute !== IdentityAttribute.Label) {
    const field = fields.get(attribute);
    if (field === undefined) return [];
    return [
      edit(`source.${field}`, 6, (draft) => {
        draft.identity[field] = text;
      }),
    ];
  }
  const part = `source.labels ${label}`;
  return [
    edit(part, 5, (draft) => {
      draft.labels[label] = text;
    }),
    edit(part, 5, (draft) => {
      delete draft.labels[label];
    }),
  ];
}

// A whole UUID where only a part of one is named.
function exampleText(attribute: IdentityAttribute, op: TestOp, value: string): string {
  if (attribute !== IdentityAttribute.Instance) return value === '' ? 'x' : value;
  const isSuffix = op === TestOp.Suffix || op === TestOp.NotSuffix;
  return isSuffix
    ? SOME_UUID.slice(0, -value.length) + value
    : value + SOME_UUID.slice(value.length);
}

function valueEdits({ kind, name }: RequestRef, text: string): Edit[] {
  if (kind === RequestKind.Method) return [textEdit('method', text)];
  if (kind === RequestKind.Authority) return [textEdit('host', text)];
  if (kind === RequestKind.Parameter) {
    const part = `parameter ${name}`;
    const set = (values: [string, string][]) =>
      edit(part, 4, ({ parameters }) => {
        const others = parameters.filter(([key]) => key !== name);
        parameters.splice(0, parameters.length, ...others, ...values);
      });
    return [set([[name, text]]), set([])];
  }
  return [
    edit(`header ${name}`, 4, (draft) => {
      draft.headers[name] = [text];
    }),
    edit(`header ${name}`, 4, (draft) => {
      delete draft.headers[name];
    }),
  ];
}

function textEdit(part: 'method' | 'path' | 'host', text: string): Edit {
  return edit(part, 4, (draft) => {
    draft[part] = text;
  });
}

function edit(part: string, rank: number, change: (draft: RequestDraft) => void): Edit {
  const apply = (request: ConcreteRequest): ConcreteRequest => {
    const draft = draftOf(request);
    change(draft);
    const { query, ...finished } = finishRequest(draft);
    return { ...finished, query: part.startsWith('parameter ') ? query : request.query };
  };
  return { part, rank, apply };
}

function exampleOf({ segments, end, affix }: PathTemplate): string {
  if (end === 'suffix') return affix.startsWith('/') ? affix : `/${affix}`;
  const whole = segments.map((one) => `/${one === 'any' ? 'x' : one.literal}`).join('');
  return end === 'prefix' ? `${whole}/${affix}` : whole === '' ? '/' : whole;
}

function hostExample(kind: HostKind, text: string): string {
  return kind === HostKind.Suffix ? `x${text}` : text;
}

const fields: ReadonlyMap<IdentityAttribute, keyof RequestDraft['identity']> = new Map([
  [IdentityAttribute.Service, 'service'],
  [IdentityAttribute.Team, 'team'],
  [IdentityAttribute.Environment, 'environment'],
  [IdentityAttribute.Instance, 'instance'],
]);
const SOME_UUID = '00000000-0000-4000-8000-000000000001';
const TIME_AHEAD_MS = 8 * 24 * 3_600_000;
