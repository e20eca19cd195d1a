/** Random requests over the domains of random sets. */
import fc from 'fast-check';

import {
  clockChanges,
  headerNames,
  instances,
  joinedLines,
  lineHeader,
  parameterNames,
  randomNowMs,
  values,
} from './random-domain.ts';
import type { OracleIdentity, OracleRequest } from './request.ts';

/** A request without its set and target. */
export type RandomRequest = Omit<OracleRequest, 'set' | 'target' | 'trace'>;

/** Requests at times around window edges within the life of a bundle, by callers of the mesh and of `strangers`. */
export function randomRequest(strangers: readonly string[] = []): fc.Arbitrary<RandomRequest> {
  return fc.record({
    identity: randomIdentity(strangers),
    method: fc.constantFrom('GET', 'POST', 'PUT', 'PURGE', 'REPORT', 'get'),
    path: randomPath(),
    query: randomQuery(),
    host: randomHost(),
    headers: randomHeaders(),
    timeMs: randomTime(),
    signals: randomSignals(),
    band: fc.integer({ min: 0, max: 3 }),
  });
}

function randomIdentity(strangers: readonly string[]): fc.Arbitrary<OracleIdentity> {
  return fc.record({
    trustDomain: fc.oneof(
      { weight: 3, arbitrary: fc.constant('mesh.test') },
      ...(strangers.length === 0 ? [] : [{ weight: 1, arbitrary: fc.constantFrom(...strangers) }]),
    ),
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

/** Hosts in many spellings; now and then an authority that can be read in two ways. */
function randomHost(): fc.Arbitrary<string> {
  const plain = ['api.test', 'API.test:8443', 'x.api.test', 'x.y.api.test.', 'other.test', ''];
  const odd = [
    ...['x@api.test', 'api.test..', '.api.test', 'x..api.test', 'api.test:', 'api.test:+80'],
    ...['api.test:80:80', 'api.test:800000', 'api.test:80.', 'api.test ', '[::1].api.test', '[]'],
    ...[`${'a.'.repeat(123)}api.test`, `${'a.'.repeat(124)}api.test:80`],
    ...['[::1]', '[::1]:80', 'api.test.:00080'],
  ];
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...plain) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
}

function randomPath(): fc.Arbitrary<string> {
  const segment = fc.constantFrom('a', 'a', 'b', 'b', 'A', 'ab', 'a.b', '%C3%A9');
  return fc.oneof(
    {
      weight: 20,
      arbitrary: fc.array(segment, { maxLength: 3 }).map((segments) => `/${segments.join('/')}`),
    },
    { weight: 2, arbitrary: fc.constantFrom('/', '/a/', '/a/b/', '/a/b/a/b') },
    { weight: 1, arbitrary: fc.constantFrom(63, 64, 65).map((count) => '/a'.repeat(count)) },
  );
}

/** Header lines: often the same name again, with one value or with several, in one line too. */
function randomHeaders(): fc.Arbitrary<[string, string][]> {
  const line = fc.tuple(
    fc.constantFrom(...headerNames, ...headerNames, lineHeader, lineHeader, 'x-c'),
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...values, ' a', 'b \t') },
      { weight: 1, arbitrary: fc.constantFrom(...joinedLines) },
    ),
  );
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant<[string, string][]>([]) },
    { weight: 4, arbitrary: fc.array(line, { minLength: 1, maxLength: 4 }) },
  );
}

/** Queries in many spellings; now and then one that can be read in two ways. */
function randomQuery(): fc.Arbitrary<string> {
  const name = fc.constantFrom(...parameterNames.flatMap(spellings), 'p');
  const value = fc.constantFrom(...values.flatMap(spellings), 'a=b', '%00');
  const piece = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(name, value).map(([key, text]) => `${key}=${text}`) },
    { weight: 2, arbitrary: fc.constantFrom('q', '', '=a', 'a%20b', 'q=/a/../b') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('q=%', 'x=%zz', '%4=a', 'q=%ff', 'q=a;q=b', ';', 'x=;', 'q=%3b'),
    },
  );
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant('') },
    {
      weight: 3,
      arbitrary: fc.array(piece, { minLength: 1, maxLength: 4 }).map((all) => all.join('&')),
    },
  );
}

function spellings(text: string): string[] {
  const escaped = [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join('');
  return [encodeURIComponent(text), escaped, text.replaceAll(' ', '+')];
}

// Whole minutes and the milliseconds on both sides of them, over the week that a bundle lives.
function randomTime(): fc.Arbitrary<number> {
  const step = fc.constantFrom(-1, 0, 1);
  const anyQuarter = fc
    .tuple(fc.integer({ min: 0, max: 7 * 96 - 1 }), step)
    .map(([quarter, by]) => randomNowMs + quarter * 900_000 + by);
  const nearChange = fc
    .tuple(fc.constantFrom(...clockChanges), fc.integer({ min: -8, max: 8 }), step)
    .map(([change, quarters, by]) => change + quarters * 900_000 + by);
  return fc
    .oneof({ weight: 3, arbitrary: anyQuarter }, { weight: 1, arbitrary: nearChange })
    .map((timeMs) => Math.max(randomNowMs, timeMs));
}

function randomSignals(): fc.Arbitrary<Record<string, number>> {
  return fc.record(
    {
      'source.cpu': fc.constantFrom(0, 0.5, 0.8, 1),
      'source.memory': fc.constantFrom(0, 0.5, 1),
      'source.errorRate': fc.constantFrom(0, 0.01, 0.5),
      'source.worstCve': fc.integer({ min: 0, max: 4 }),
      'source.cveCount': fc.constantFrom(0, 1, 10),
      'source.requestRate': fc.constantFrom(0, 100, 1000),
      'destination.load': fc.constantFrom(0, 0.5, 0.9, 1),
      'environment.alert': fc.constantFrom(-1, 0, 1, 3),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Record<string, number>>;
}
