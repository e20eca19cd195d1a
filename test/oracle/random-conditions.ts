/** Random conditions in all forms of the language. */
import fc from 'fast-check';

import {
  dataLabels,
  headerNames,
  headerTexts,
  instances,
  lineHeader,
  parameterNames,
  randomNowMs,
  values,
  zones,
} from './random-domain.ts';

/** A condition up to three operators deep. */
export function randomCondition(): fc.Arbitrary<string> {
  const atom = fc.oneof(
    { weight: 4, arbitrary: onSignals() },
    { weight: 2, arbitrary: onTime() },
    { weight: 3, arbitrary: onIdentity() },
    { weight: 6, arbitrary: onRequest() },
    { weight: 1, arbitrary: fc.constantFrom('true', 'false') },
  );
  const { condition } = fc.letrec<{ condition: string }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 2, arbitrary: atom },
      tie('condition').map((inner) => `!(${inner})`),
      fc
        .tuple(tie('condition'), fc.constantFrom(...joints), tie('condition'), fc.boolean())
        .map(([left, joint, right, isBare]) =>
          isBare ? `${left}${joint}${right}` : `(${left})${joint}(${right})`,
        ),
    ),
  }));
  return condition;
}

function onSignals(): fc.Arbitrary<string> {
  return fc.oneof(
    comparison('source.cpu', ['0.5', '5e-1', '0.8']),
    // At the ends of a domain only what neither always nor never holds.
    fc.constantFrom(
      'source.cpu > 0',
      'source.cpu <= 0.0',
      'source.memory < 1',
      '1 == source.memory',
    ),
    comparison('source.cveCount', ['1', '2', '0xA', '2u']),
    comparison('destination.load', ['0.5', '0.9']),
    comparison('environment.alert', ['-1', '0', '3', '1.0']),
    comparison('source.worstCve', ['"low"', "'high'", '"medium"']),
    fc.constantFrom(
      'source.worstCve in ["none", "high"]',
      'source.worstCve != "critical"',
      'source.cpu in [0, 0.5]',
      'source.requestRate in [100, 1000]',
      'environment.alert == true',
      'environment.alert != false',
      'environment.alert in [3, -1]',
      'has(source.cpu)',
      'has(environment.alert)',
      'has(source.memory)',
    ),
  );
}

function comparison(name: string, constants: readonly string[]): fc.Arbitrary<string> {
  const operator = fc.constantFrom('<', '<=', '>', '>=', '==', '!=');
  return fc
    .tuple(operator, fc.constantFrom(...constants), fc.boolean())
    .map(([op, value, isMirrored]) =>
      isMirrored ? `${value} ${op} ${name}` : `${name} ${op} ${value}`,
    );
}

function onTime(): fc.Arbitrary<string> {
  const zone = fc.constantFrom(...zones);
  return fc.oneof(
    fc
      .tuple(fc.constantFrom(...windows), zone)
      .map(([text, name]) => `within(request.time, "${text}", '${name}')`),
    fc
      .tuple(fc.uniqueArray(fc.constantFrom(...dates), { minLength: 1, maxLength: 3 }), zone)
      .map(([days, name]) => {
        const list = JSON.stringify(days.length === 1 ? days[0] : days);
        return `onDate(request.time, ${list}, "${name}")`;
      }),
    fc
      .tuple(fc.constantFrom('<', '<=', '>', '>='), fc.constantFrom(...moments))
      .map(([op, moment]) => `request.time ${op} timestamp("${moment}")`),
    fc.constant(`timestamp('${moments[0]}') <= request.time`),
  );
}

function onIdentity(): fc.Arbitrary<string> {
  return fc.oneof(
    onText('source.service', ['checkout', 'check', 'cart', 'orders']),
    onText('source.team', ['payments', 'pay', 'web']),
    onText('source.environment', ['prod', 'test']),
    onText('source.domain', ['mesh.test', 'mesh.test', 'partner.test', 'mesh', 'test']),
    onText('source.labels.tier', ['web', 'db', 'w', 'b']),
    onText('source.labels["zone"]', ['a', 'b']),
    fc.constantFrom(
      `source.instance == "${instances[0]}"`,
      `source.instance != "${instances[1]}"`,
      'source.instance.startsWith("3f0e8c1a")',
      'source.environment == destination.environment',
      'source.environment != destination.environment',
      'has(source.labels.tier)',
      'has(source.labels["zone"])',
    ),
  );
}

function onRequest(): fc.Arbitrary<string> {
  const headers = [...headerNames, 'X-A'].flatMap((name) => {
    const place = `request.headers["${name}"]`;
    return [onText(place, headerTexts), fc.constant(`has(${place})`)];
  });
  const line = `request.headers["${lineHeader}"]`;
  const lines = fc.oneof(
    { weight: 4, arbitrary: onLine(`any(${line})`) },
    { weight: 1, arbitrary: fc.constant(`has(${line})`) },
  );
  const parameters = parameterNames.flatMap((name) => {
    const place = `request.parameters["${name}"]`;
    return [onText(place, values), fc.constant(`has(${place})`)];
  });
  return fc.oneof(
    { weight: 3, arbitrary: fc.oneof(...headers) },
    { weight: 2, arbitrary: lines },
    { weight: 3, arbitrary: fc.oneof(...parameters) },
    onText('request.method', ['GET', 'POST', 'P', 'T', 'REPORT']),
    onText('request.authority', ['api.test', 'api.test:8443', 'x.', '.test']),
    onText('request.path', ['/a', '/b/', '/', '/a/b', '/%61', '/%c3%A9']),
    fc.constantFrom(
      'request.parameters.q == "a"',
      'has(request.parameters.q)',
      'request.host == "api.test"',
      'request.host != "API.test"',
      'request.host in ["other.test", "x.api.test"]',
      'request.host.endsWith(".api.test")',
      'request.path.endsWith("/b")',
      'request.path.endsWith("b")',
    ),
    fc.constantFrom(...dataLabels).map((label) => `"${label}" in route.labels`),
    fc.constantFrom(...dataLabels).map((label) => `"${label}" in request.labels`),
  );
}

/** All comparisons of a place that has texts. */
function onText(place: string, texts: readonly string[]): fc.Arbitrary<string> {
  const text = fc.constantFrom(...texts.flatMap(spellings));
  return fc.oneof(
    { weight: 1, arbitrary: text.map((one) => `${place} != ${one}`) },
    { weight: 4, arbitrary: onPattern(place, texts) },
  );
}

/** All comparisons of `any(...)`, with texts that hold commas too. */
function onLine(place: string): fc.Arbitrary<string> {
  return onPattern(place, [...values, 'a, b', ',b']);
}

function onPattern(place: string, texts: readonly string[]): fc.Arbitrary<string> {
  const text = fc.constantFrom(...texts.flatMap(spellings));
  const some = fc.constantFrom(...texts.filter((one) => one !== '').flatMap(spellings));
  return fc.oneof(
    text.map((one) => `${place} == ${one}`),
    fc.tuple(text, text).map(([one, other]) => `${place} in [${one}, ${other}]`),
    some.map((one) => `${place}.startsWith(${one})`),
    some.map((one) => `${place}.endsWith(${one})`),
  );
}

/** A text as CEL may write it. */
function spellings(text: string): string[] {
  const plain = JSON.stringify(text);
  const escaped = [...text].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [plain, plain, `'${text}'`, `r"${text}"`, `'''${text}'''`, `"${escaped.join('')}"`];
}

const joints = [' && ', ' || ', ' && ', ' || ', '&&', '\n  || // or\n  '];
const windows = [
  'Mon-Fri 09:00-18:00',
  '22:00-06:00',
  'Sat-Mon 23:30-02:30',
  'Sun 02:15-02:45',
  'Mon 00:00-24:00, Wed 12:00-13:15',
  'Sun 00:00-04:00,Fri 20:00-00:00',
];
const dates = [
  '2026-03-29',
  '03-30',
  '2026-03-31..2026-04-02',
  '12-24..03-28',
  '04-05',
  '03-28..03-29',
  '2027-03-29',
];
const moments = [
  new Date(randomNowMs + 3_600_000).toISOString(),
  new Date(randomNowMs + 900_000).toISOString(),
  '2026-03-29T03:00:00+02:00',
  '2026-04-01T00:00:00Z',
  '2026-04-01T00:00:00.001-03:30',
];
