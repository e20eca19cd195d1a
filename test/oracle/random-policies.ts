/** Random policy sets that use the whole language over small domains. */
import fc from 'fast-check';

import { randomCondition } from './random-conditions.ts';
import { dataLabels, headerTexts, instances, randomTarget, values } from './random-domain.ts';
import type { RawDocument } from './request.ts';

/** One file of policies: JSON documents, which are YAML too. */
export function toPolicyText(set: readonly RawDocument[]): string {
  return set.map((document) => JSON.stringify(document)).join('\n---\n');
}

/** Valid sets: one to four AccessPolicies with up to five rules each, and up to two DataClassifications. */
export function randomPolicySet(): fc.Arbitrary<RawDocument[]> {
  const policies = fc.array(policyBody(), { minLength: 1, maxLength: 4 });
  const classifications = fc.array(classificationBody(), { maxLength: 2 });
  return fc
    .tuple(policies, classifications)
    .map(([access, data]) => [
      ...access.map((spec, i) => toDocument('AccessPolicy', `policy-${i}`, spec)),
      ...data.map((spec, i) => toDocument('DataClassification', `data-${i}`, spec)),
    ]);
}

function toDocument(kind: string, name: string, spec: RawDocument): RawDocument {
  return { apiVersion: 'sm-dta/v1', kind, metadata: { name }, spec };
}

function randomDestination(): fc.Arbitrary<RawDocument> {
  const { service, environment } = randomTarget;
  return fc.constantFrom<RawDocument>(
    { service },
    { service },
    { service, environment },
    { service, environment },
    { service, environment: 'test' },
    { service: 'billing' },
  );
}

function policyBody(): fc.Arbitrary<RawDocument> {
  return fc.record(
    {
      destination: randomDestination(),
      mode: fc.constantFrom('enforce', 'enforce', 'shadow'),
      rules: fc
        .array(randomRule(), { minLength: 1, maxLength: 5 })
        .map((rules) => rules.map((rule, i) => ({ name: `rule-${i}`, ...rule }))),
    },
    { requiredKeys: ['destination', 'rules'] },
  );
}

function classificationBody(): fc.Arbitrary<RawDocument> {
  const label = fc.constantFrom(...dataLabels.slice(0, -1));
  const named = (...names: string[]) =>
    list(fc.record({ name: fc.constantFrom(...names), label }), 2);
  const route = fc.record({ paths: list(randomTemplate(), 2), labels: list(label, 2) });
  // Upwards only: whatever is drawn, no order contradicts another.
  const rank = fc.constantFrom(
    { name: 'Secret', above: ['PII'] },
    { name: 'Secret', above: ['Confidential', 'Other'] },
    { name: 'PII', above: ['Other'] },
  );
  const lists = {
    labels: list(rank, 2),
    routes: list(route, 2),
    headers: named('x-a', 'X-B'),
    parameters: named('q', 'é'),
  };
  return fc
    .tuple(randomDestination(), someFields(lists))
    .map(([destination, rest]) => ({ destination, ...rest }));
}

function randomRule(): fc.Arbitrary<RawDocument> {
  const from = fc.array(randomSource(), { minLength: 1, maxLength: 2 });
  const to = fc.array(randomMatch(), { minLength: 1, maxLength: 2 });
  const when = randomCondition();
  // Rules that ask for everything hardly ever apply.
  const asks = fc.oneof(
    { weight: 4, arbitrary: fc.record({ when }) },
    { weight: 3, arbitrary: fc.record({ to }) },
    { weight: 2, arbitrary: fc.record({ from }) },
    { weight: 3, arbitrary: fc.record({ from, to, when }, { requiredKeys: [] }) },
  );
  const audit = fc.constantFrom('sampled', 'always', 'synchronous');
  const deny = fc.record({ effect: fc.constant('deny'), audit }, { requiredKeys: ['effect'] });
  const allow = fc.record(
    {
      effect: fc.constant('allow'),
      audit,
      maxRisk: fc.constantFrom('low', 'guarded', 'high', 'critical'),
      clearance: fc.uniqueArray(
        fc.constantFrom('PII', 'PCI', 'Secret', 'Internal', 'Confidential'),
        {
          minLength: 1,
        },
      ),
    },
    { requiredKeys: ['effect'] },
  );
  const rest = fc.oneof({ weight: 3, arbitrary: allow }, { weight: 1, arbitrary: deny });
  return fc.tuple(asks, rest).map(([some, more]) => ({ ...some, ...more }));
}

function randomSource(): fc.Arbitrary<RawDocument> {
  const service = oneOrMore('checkout', 'check', 'check*', 'cart', 'c*', '*s', '*out');
  const team = oneOrMore('payments', 'pay*', 'web', '*b');
  const environment = oneOrMore('prod', 'test', 'same');
  const instance = oneOrMore(...instances, '3f0e8c1a*');
  const labels = someFields({
    tier: oneOrMore('web', 'db', 'w*', '*b', '*'),
    zone: oneOrMore('a', 'b', '*'),
  });
  return someFields({
    service,
    team,
    environment,
    domain: oneOrMore('mesh.test', 'mesh*', '*.test', 'other.test', 'partner.test'),
    instance,
    labels,
    notService: service,
    notTeam: team,
    notEnvironment: environment,
    notDomain: oneOrMore('other.test', '*.other', 'mesh.test', 'partner*'),
    notInstance: oneOrMore(...instances),
    notLabels: labels,
  });
}

function randomMatch(): fc.Arbitrary<RawDocument> {
  const methods = list(fc.constantFrom('GET', 'POST', 'PURGE', 'REPORT', 'P*', '*T'), 3);
  const paths = list(randomTemplate(), 3);
  const hosts = list(fc.constantFrom('api.test', '*.api.test', 'Other.test'), 2);
  const ofHeaders = randomPatterns(headerTexts);
  const ofParameters = randomPatterns(values);
  const headers = someFields({ 'x-a': ofHeaders, 'X-B': ofHeaders, 'x-l': fc.constant('*') });
  const parameters = someFields({ q: ofParameters, 'a b': ofParameters });
  return someFields({
    methods,
    paths,
    hosts,
    headers,
    parameters,
    notMethods: methods,
    notPaths: list(
      randomTemplate().filter((text) => !/^(\*|\/\*\*?)$/.test(text)),
      3,
    ),
    notHosts: hosts,
    notHeaders: headers,
    notParameters: parameters,
  });
}

function randomPatterns(texts: readonly string[]): fc.Arbitrary<unknown> {
  const exact = texts.filter((value) => value !== '');
  return oneOrMore(...exact, 'a*', '*b', 'b*', '*');
}

function randomTemplate(): fc.Arbitrary<string> {
  const segment = fc.constantFrom('a', 'b', '{id}', '{other}', '%61b', '%c3%a9');
  const segments = fc.array(segment, { maxLength: 3 }).map((all) => `/${all.join('/')}`);
  return fc.oneof(
    { weight: 4, arbitrary: segments },
    { weight: 2, arbitrary: segments.map((path) => `${path === '/' ? '' : path}/**`) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(segments, fc.constantFrom('', 'a', 'a.', 'b/a', '%C3%a9'))
        .map(([path, start]) => `${path === '/' ? '' : path}/${start}*`),
    },
    fc.constantFrom('/a/', '/{id}/', '/', '*/b', '*.b', '*b/', '*', '/a*'),
  );
}

function oneOrMore(...texts: string[]): fc.Arbitrary<unknown> {
  const text = fc.constantFrom(...texts);
  return fc.oneof(text, list(text, 3));
}

function list<T>(one: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[]> {
  const selector = (item: T) => JSON.stringify(item);
  return fc.uniqueArray(one, { minLength: 1, maxLength, selector });
}

/** One to three of the fields: more of them hardly ever hold together. */
function someFields(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<RawDocument> {
  const entries = Object.entries(fields).map(([name, value]) => fc.tuple(fc.constant(name), value));
  return fc
    .array(fc.oneof(...entries), { minLength: 1, maxLength: 3 })
    .map((some) => Object.fromEntries(some));
}
