/** Random policy sets and requests over domains so small that rules and requests often meet. */
import fc from 'fast-check';

import type { OracleIdentity, OracleRequest, RawDocument } from './decide.ts';

/** The destination that random sets are mostly about. */
export const randomTarget = { mesh: 'mesh.test', environment: 'prod', service: 'orders' } as const;

/** The moment at which random sets are compiled: two days before clocks change in Europe (29 March 2026). */
export const randomNowMs = Date.UTC(2026, 2, 27, 12);

/** A request without its set and target. */
export type RandomRequest = Omit<OracleRequest, 'set' | 'target'>;

/** One file of policies: JSON documents, which are YAML too. */
export function toPolicyText(set: readonly RawDocument[]): string {
  return set.map((document) => JSON.stringify(document)).join('\n---\n');
}

/** Valid sets of one to four AccessPolicies with up to five rules each. */
export function randomPolicySet(): fc.Arbitrary<RawDocument[]> {
  const policies = fc.array(policyBody(), { minLength: 1, maxLength: 4 });
  return policies.map((bodies) =>
    bodies.map((spec, i) => ({
      apiVersion: 'sm-dta/v1',
      kind: 'AccessPolicy',
      metadata: { name: `policy-${i}` },
      spec,
    })),
  );
}

/** Requests on the same domains, at times around window edges within the life of a bundle. */
export function randomRequest(): fc.Arbitrary<RandomRequest> {
  return fc.record({
    identity: randomIdentity(),
    method: fc.constantFrom('GET', 'POST', 'PUT', 'PURGE', 'REPORT'),
    path: fc.oneof(
      {
        weight: 20,
        arbitrary: fc.array(fc.constantFrom('a', 'b', 'c', 'A'), { maxLength: 4 }).map(toPath),
      },
      { weight: 2, arbitrary: fc.constantFrom('/', '/a/', '/a/b/') },
      { weight: 1, arbitrary: fc.constantFrom(63, 64, 65).map((n) => '/a'.repeat(n)) },
    ),
    host: fc.constantFrom('api.test', 'API.test:8443', 'x.api.test', 'x.y.api.test.', 'other.test'),
    timeMs: randomTime(),
    signals: fc.record(
      {
        'source.cpu': fc.constantFrom(0, 0.5, 0.8, 1),
        'source.memory': fc.constantFrom(0, 0.5, 1),
        'source.errorRate': fc.constantFrom(0, 0.01, 0.5),
        'source.worstCve': fc.integer({ min: 0, max: 4 }),
        'source.cveCount': fc.constantFrom(0, 1, 10),
        'source.requestRate': fc.constantFrom(0, 100, 1000),
        'destination.load': fc.constantFrom(0, 0.5, 0.9, 1),
        'environment.alert': fc.constantFrom(-1, 0, 3),
      },
      { requiredKeys: [] },
    ),
    band: fc.integer({ min: 0, max: 3 }),
  });
}

function policyBody(): fc.Arbitrary<RawDocument> {
  return fc.record(
    {
      destination: fc.constantFrom(
        { service: 'orders' },
        { service: 'orders', environment: 'prod' },
        { service: 'orders', environment: 'test' },
        { service: 'billing' },
      ),
      mode: fc.constantFrom('enforce', 'enforce', 'shadow'),
      rules: fc
        .array(randomRule(), { minLength: 1, maxLength: 5 })
        .map((rules) => rules.map((rule, i) => ({ name: `rule-${i}`, ...rule }))),
    },
    { requiredKeys: ['destination', 'rules'] },
  );
}

function randomRule(): fc.Arbitrary<RawDocument> {
  const shared = {
    from: fc.array(randomSource(), { minLength: 1, maxLength: 3 }),
    to: fc.array(randomMatch(), { minLength: 1, maxLength: 3 }),
    when: randomCondition(),
    audit: fc.constantFrom('sampled', 'always', 'synchronous'),
  };
  const deny = fc.record({ effect: fc.constant('deny'), ...shared }, { requiredKeys: ['effect'] });
  const allow = fc.record(
    {
      effect: fc.constant('allow'),
      ...shared,
      maxRisk: fc.constantFrom('low', 'guarded', 'high', 'critical'),
      clearance: fc.uniqueArray(fc.constantFrom('PII', 'PCI', 'Secret'), { minLength: 1 }),
    },
    { requiredKeys: ['effect'] },
  );
  return fc.oneof({ weight: 3, arbitrary: allow }, { weight: 1, arbitrary: deny });
}

function randomSource(): fc.Arbitrary<RawDocument> {
  return fc
    .record(
      {
        service: fc.constantFrom('checkout', 'check', 'check*', 'cart', 'c*'),
        team: fc.constantFrom('payments', 'pay*', 'web'),
        environment: fc.constantFrom('prod', 'test', 'same'),
        domain: fc.constantFrom('mesh.test', 'mesh.test', 'other.test'),
        instance: fc.constantFrom(...instances),
        labels: fc
          .record(
            { tier: fc.constantFrom('web', 'db'), zone: fc.constantFrom('a', 'b') },
            { requiredKeys: [] },
          )
          .filter((labels) => Object.keys(labels).length > 0),
      },
      { requiredKeys: [] },
    )
    .filter((source) => Object.keys(source).length > 0);
}

function randomMatch(): fc.Arbitrary<RawDocument> {
  const path = fc.oneof(
    fc.array(fc.constantFrom('a', 'b', '{id}', '{other}'), { maxLength: 4 }).map(toPath),
    fc.array(fc.constantFrom('a', 'b', '{id}'), { maxLength: 3 }).map((s) => toPath([...s, '**'])),
    fc.constantFrom('/a/', '/{id}/', '/'),
  );
  return fc
    .record(
      {
        methods: fc.uniqueArray(fc.constantFrom('GET', 'POST', 'PURGE', 'REPORT'), {
          minLength: 1,
        }),
        paths: fc.uniqueArray(path, { minLength: 1, maxLength: 3 }),
        hosts: fc.uniqueArray(fc.constantFrom('api.test', '*.api.test', 'Other.test'), {
          minLength: 1,
        }),
      },
      { requiredKeys: [] },
    )
    .filter((match) => Object.keys(match).length > 0);
}

/** Conditions of the whole subset. */
export function randomCondition(): fc.Arbitrary<string> {
  const number = (name: string, ...values: number[]) =>
    fc
      .tuple(
        fc.constantFrom('<', '<=', '>', '>=', '==', '!='),
        fc.constantFrom(...values),
        fc.boolean(),
      )
      .map(([op, value, isMirrored]) =>
        isMirrored ? `${value} ${op} ${name}` : `${name} ${op} ${value}`,
      );
  const severity = fc
    .tuple(fc.constantFrom('<', '>=', '=='), fc.constantFrom('none', 'low', 'high', 'critical'))
    .map(([op, name]) => `source.worstCve ${op} "${name}"`);
  const within = fc
    .tuple(fc.constantFrom(...windows), fc.constantFrom(...zones))
    .map(([text, zone]) => `within(request.time, "${text}", '${zone}')`);
  const atom = fc.oneof(
    number('source.cpu', 0, 0.5, 0.8),
    number('source.cveCount', 0, 1, 2),
    number('destination.load', 0.5, 0.9),
    number('environment.alert', -1, 0, 3),
    severity,
    within,
    fc.constantFrom(
      'true',
      'false',
      'has(source.cpu)',
      'has(environment.alert)',
      'has(source.memory)',
    ),
  );
  const { condition } = fc.letrec<{ condition: string }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      atom,
      tie('condition').map((inner) => `!(${inner})`),
      fc
        .tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition'))
        .map(([left, op, right]) => `(${left}) ${op} (${right})`),
    ),
  }));
  return condition;
}

function randomIdentity(): fc.Arbitrary<OracleIdentity> {
  return fc.record({
    trustDomain: fc.constant('mesh.test'),
    environment: fc.constantFrom('prod', 'test'),
    team: fc.constantFrom('payments', 'pay', 'web'),
    service: fc.constantFrom('checkout', 'check', 'cart', 'orders'),
    instance: fc.constantFrom(...instances),
    labels: fc.record(
      { tier: fc.constantFrom('web', 'db'), zone: fc.constantFrom('a', 'b') },
      { requiredKeys: [] },
    ),
  });
}

// Whole minutes and the milliseconds on both sides of them, over the week that a bundle lives.
function randomTime(): fc.Arbitrary<number> {
  return fc
    .tuple(fc.integer({ min: 0, max: 7 * 96 - 1 }), fc.constantFrom(-1, 0, 1))
    .map(([quarter, step]) => Math.max(randomNowMs, randomNowMs + quarter * 900_000 + step));
}

function toPath(segments: readonly string[]): string {
  return `/${segments.join('/')}`;
}

const instances = ['3f0e8c1a-0000-4000-8000-000000000001', '3f0e8c1a-0000-4000-8000-000000000002'];
const zones = ['Europe/Paris', 'UTC', 'Asia/Kolkata', 'America/New_York', 'Pacific/Apia'];
const windows = [
  'Mon-Fri 09:00-18:00',
  '22:00-06:00',
  'Sat-Mon 23:30-02:30',
  'Sun 02:15-02:45',
  'Mon 00:00-24:00, Wed 12:00-13:15',
  'Sun 00:00-04:00,Fri 20:00-00:00',
];
