/** Which forms of the language came up in a differential run, and on which side of their edge. */
import { mapOf, type RawDocument, type Truth } from '../oracle/request.ts';

/** How often something came up, by its name. */
export type Counts = Map<string, number>;

/** Adds one. */
export function countUp(counts: Counts, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** The name under which an evaluation counts. */
export function evaluationName(form: string, truth: Truth): string {
  return `${form} is ${truth ?? 'unknown'}`;
}

/** The forms that stand in a rule, which is named `policy/rule`. */
export function formsOfRule(set: readonly RawDocument[], name: string): string[] {
  const [policyName, ruleName] = name.split('/');
  const policy = set.find(
    ({ kind, metadata }) => kind === 'AccessPolicy' && mapOf(metadata).name === policyName,
  );
  const rules = (mapOf(policy?.spec).rules ?? []) as RawDocument[];
  const rule = rules.find((candidate) => candidate.name === ruleName) ?? {};
  const fields = (list: 'from' | 'to') =>
    ((rule[list] ?? []) as RawDocument[]).flatMap((entry) =>
      Object.keys(entry).map((field) => `${list}.${field}`),
    );
  const inWhen = whenForms.filter((form) => String(rule.when ?? '').includes(form));
  return [...new Set([...fields('from'), ...fields('to'), ...inWhen.map((f) => `when ${f}`)])];
}

/** What did not come up yet: every form on both sides of its edge, as unknown where it can be, and deciding requests. */
export function missingForms(counts: Counts): string[] {
  return wantedForms.filter((name) => !counts.has(name));
}

function sides(form: string, isKleene: boolean): string[] {
  const truths = isKleene ? [true, false, undefined] : [true, false];
  return truths.map((truth) => evaluationName(form, truth));
}

const withNegations = (fields: readonly string[]) =>
  fields.flatMap((field) => [field, `not${field.charAt(0).toUpperCase()}${field.slice(1)}`]);
const sourceFields = withNegations([
  'service',
  'team',
  'environment',
  'domain',
  'instance',
  'labels',
]);
const requestFields = withNegations(['methods', 'paths', 'hosts', 'headers', 'parameters']);

const textOperators = ['_==_', '_!=_', '@in', 'startsWith', 'endsWith'];
const orders = ['_<_', '_<=_', '_>_', '_>=_'];
const numbers = [...orders, '_==_', '_!=_'];
const on = (
  operators: readonly string[],
  places: readonly string[],
  isKleene: boolean,
): (readonly [string, boolean])[] =>
  operators.flatMap((operator) =>
    places.map((place) => [`${operator} ${place}`, isKleene] as const),
  );
/** Forms of conditions as the oracle traces them, and whether they can be unknown. */
const conditionForms = [
  ...on(
    textOperators,
    ['source.service', 'source.team', 'source.environment', 'source.domain', 'source.labels'],
    false,
  ),
  ...on(['_==_', '_!=_'], ['source.instance', 'request.path', 'request.host'], false),
  ...on(['startsWith', 'endsWith', '@in'], ['request.path'], false),
  ...on(['endsWith', '@in'], ['request.host'], false),
  ...on(textOperators, ['request.method'], false),
  ...on(textOperators, ['request.headers', 'request.parameters', 'request.authority'], true),
  ...on(['_==_', '@in', 'startsWith', 'endsWith'], ['any'], true),
  ...on(['has'], ['request.headers', 'request.parameters', 'source.labels', 'source.cpu'], false),
  ...on(['has'], ['environment'], false),
  ...on(['@in'], ['route', 'request.labels'], false),
  ...on(['within', 'onDate', ...orders], ['request.time'], false),
  ...on(
    numbers,
    ['source.cpu', 'source.cveCount', 'source.worstCve', 'destination.load', 'environment'],
    true,
  ),
  ...on(['@in'], ['source.cpu', 'source.worstCve', 'source.requestRate', 'environment'], true),
];
const whenForms = [
  'within(',
  'onDate(',
  'timestamp(',
  'source.service',
  'source.labels',
  'destination.environment',
  'source.cpu',
  'destination.load',
  'environment.alert',
  'request.method',
  'request.path',
  'request.host',
  'request.authority',
  'request.headers',
  'any(',
  'request.parameters',
  'in route.labels',
  'in request.labels',
];
const decisive = [
  ...sourceFields.map((field) => `from.${field}`),
  ...requestFields.map((field) => `to.${field}`),
  ...whenForms.map((form) => `when ${form}`),
];
const wantedForms = [
  ...sourceFields.flatMap((field) => sides(`from.${field}`, false)),
  ...requestFields.flatMap((field) => sides(`to.${field}`, /headers|parameters/i.test(field))),
  ...conditionForms.flatMap(([form, isKleene]) => sides(`when ${form}`, isKleene)),
  ...decisive.flatMap((form) => [`${form} permits`, `${form} denies`]),
  ...['to.headers', 'to.parameters', 'when request.headers', 'when request.parameters'].map(
    (form) => `${form} denies mixed values`,
  ),
  ...['to.headers', 'when request.headers'].map((form) => `${form} denies mixed values of a line`),
];
