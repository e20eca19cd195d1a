/** Conditions: the subset that is read, and the depth and length that end it. */
import { expect, test } from 'vitest';

import { AtomOp, HostKind, IdentityAttribute, RequestKind, TestOp, TextOp } from '../../layout.ts';
import { Problem } from '../problem.ts';
import type { Condition } from './condition.ts';
import { parseCondition } from './parse-condition.ts';

const nameIn = (names: Readonly<Record<string, number>>, wanted: number) =>
  Object.keys(names).find((name) => names[name] === wanted);
const signs = new Map<number, string>([
  [AtomOp.Less, '<'],
  [AtomOp.LessEqual, '<='],
  [AtomOp.Greater, '>'],
  [AtomOp.GreaterEqual, '>='],
  [AtomOp.Equal, '=='],
  [AtomOp.NotEqual, '!='],
]);
const stars = ({ op, text }: { op: TextOp; text: string }) =>
  op === TextOp.Prefix ? `${text}*` : op === TextOp.Suffix ? `*${text}` : text;

const show = (c: Condition): string => {
  switch (c.kind) {
    case 'constant':
      return String(c.value);
    case 'has':
      return `has(${c.ref.attribute}${c.ref.fact})`;
    case 'compare':
      return `${c.ref.attribute}${c.ref.fact}${signs.get(c.op)}${c.number}`;
    case 'within':
      return `${c.windows.length} in ${c.zone}`;
    case 'dates':
      return `${c.dates.length} dates in ${c.zone}`;
    case 'before':
      return `before ${c.timeMs}`;
    case 'identity': {
      const { attribute, label, op, value } = c.test;
      return `${nameIn(IdentityAttribute, attribute)} ${label} ${nameIn(TestOp, op)} ${value}`
        .replace(/ +/g, ' ')
        .trim();
    }
    case 'path':
      return `path ${c.template.text} ${c.template.end}`;
    case 'host':
      return `host ${c.host.text} ${nameIn(HostKind, c.host.kind)}`;
    case 'request':
      return `${nameIn(RequestKind, c.ref.kind)} ${c.ref.name}: ${stars(c.pattern)}`;
    case 'hasRequest':
      return `has ${nameIn(RequestKind, c.ref.kind)} ${c.ref.name}`.trim();
    case 'routeLabel':
    case 'requestLabel':
      return `${c.kind} ${c.label}`;
    case 'not':
      return `!${show(c.operand)}`;
    default:
      return `(${show(c.left)} ${c.kind} ${show(c.right)})`;
  }
};

const shown = (text: string) => {
  const condition = parseCondition(text);
  return condition instanceof Problem
    ? `${condition.message} @${condition.offset}`
    : show(condition);
};

test.each([
  ['source.cpu < 0.8', '2<0.8'],
  ['0.8 > source.cpu', '2<0.8'],
  ['0 != destination.load', '8!=0'],
  ['source.worstCve <= "high"', '5<=3'],
  ['"medium" <= source.worstCve', '5>=2'],
  ["source.worstCve in ['none', 'low']", '(5==0 or 5==1)'],
  ['source.cveCount == 3u', '6==3'],
  ['source.cveCount == 0x1F', '6==31'],
  ['source.cveCount == 2.0', '6==2'],
  ['source.cveCount < 1.5', '6<1.5'],
  ['source.cveCount in [1, 2, 3]', '((6==1 or 6==2) or 6==3)'],
  ['source.requestRate > 1e3', '7>1000'],
  ['source.requestRate > .5', '7>0.5'],
  ['environment.alert >= -1', '9alert>=-1'],
  ['environment.alert == -0.0', '9alert==0'],
  ['environment.alert == true', '9alert==1'],
  ['false != environment.alert', '9alert!=0'],
  ['environment.alert in [true, 5]', '(9alert==1 or 9alert==5)'],
  ['has(source.memory)', 'has(3)'],
  ['!(source.errorRate > 0.5) && has(environment.x)', '(!4>0.5 and has(9x))'],
])('signals: %s', (text, expected) => {
  expect(shown(text)).toBe(expected);
});

test.each([
  ['true || !false', '(true or !false)'],
  ['!!true', '!!true'],
  ['true || false && false', '(true or (false and false))'],
  ['(true || false) && false', '((true or false) and false)'],
  ['!has(source.cpu) == false', 'a comparison without an attribute @0'],
  ['true // why\n && false', '(true and false)'],
  ['true && true && true && false', '((true and true) and (true and false))'],
  ['\ttrue\r\n', 'true'],
])('logic: %s', (text, expected) => {
  expect(shown(text)).toBe(expected);
});

test.each([
  [`within(request.time, '22:00-06:00', 'Europe/Paris')`, '2 in Europe/Paris'],
  ['onDate(request.time, "2026-12-25", "UTC")', '1 dates in UTC'],
  [
    'onDate(request.time, ["12-26", "2026-12-24..2027-01-01", "12-24..01-01"], "UTC")',
    '3 dates in UTC',
  ],
  ['request.time < timestamp("1970-01-01T00:00:01Z")', 'before 1000'],
  ['request.time <= timestamp("1970-01-01T00:00:01Z")', 'before 1001'],
  ['request.time > timestamp("1970-01-01T00:00:01Z")', '!before 1001'],
  ['request.time >= timestamp("1970-01-01T00:00:01Z")', '!before 1000'],
  ['timestamp("1970-01-01T00:00:01Z") > request.time', 'before 1000'],
  ['request.time < timestamp("1970-01-01T01:00:00.5+01:00")', 'before 500'],
  ['request.time < timestamp("1970-01-01T00:00:00.0001Z")', 'before 1'],
  ['request.time <= timestamp("1970-01-01T00:00:00.0001Z")', 'before 1'],
  [
    'request.time < timestamp("2026-12-01T00:00:00-05:30")',
    `before ${Date.UTC(2026, 11, 1, 5, 30)}`,
  ],
])('time: %s', (text, expected) => {
  expect(shown(text)).toBe(expected);
});

test.each([
  ['source.service == "checkout"', 'Service Equal checkout'],
  ['"checkout" != source.service', '!Service Equal checkout'],
  ['source.team in ["a", "b"]', '(Team Equal a or Team Equal b)'],
  ['source.domain.endsWith(".test")', 'Domain Suffix .test'],
  ['source.instance.startsWith("0123abcd-")', 'Instance Prefix 0123abcd-'],
  ['source.environment == destination.environment', 'Environment SameAsDestination'],
  ['destination.environment != source.environment', '!Environment SameAsDestination'],
  ['source.environment == "same"', 'Environment Equal same'],
  ['source.labels.tier == "web"', 'Label tier Equal web'],
  ['source.labels["my-tier"].startsWith("w")', 'Label my-tier Prefix w'],
  ['has(source.labels.tier)', 'Label tier Present'],
  ['has(source.labels["__proto__"])', 'Label __proto__ Present'],
])('identity: %s', (text, expected) => {
  expect(shown(text)).toBe(expected);
});

test.each([
  ['request.method == "GET"', 'Method : GET'],
  ['request.method.startsWith("PROP")', 'Method : PROP*'],
  ['request.host == "API.test"', 'host api.test Exact'],
  ['request.host in ["a.test", "b.test"]', '(host a.test Exact or host b.test Exact)'],
  ['request.host.endsWith(".Test")', 'host .test Suffix'],
  ['request.path == "/a%2d"', 'path /a%2d exact'],
  ['request.path != "/a"', '!path /a exact'],
  ['request.path.startsWith("/a/b")', 'path /a/b* prefix'],
  ['request.path.endsWith(".json")', 'path *.json suffix'],
  ['request.authority == "A.test:80"', 'Authority : a.test:80'],
  ['has(request.authority)', 'has Authority'],
  ['request.headers["X-Tier"] == "a b"', 'Header x-tier: a b'],
  ['request.headers.tier != ""', '!Header tier: '],
  ['request.headers["accept"] == "*/*"', 'Header accept: */*'],
  ['request.headers["x"].endsWith("y")', 'Header x: *y'],
  ['has(request.headers["X-A"]) && has(request.headers.b)', '(has Header x-a and has Header b)'],
  ['any(request.headers["X-A"]) == "a,b"', 'AnyHeader x-a: a,b'],
  ['!("a" == any(request.headers.x))', '!AnyHeader x: a'],
  [
    'any(request.headers.x) in ["a", "b"] || any(request.headers.x).endsWith("y")',
    '((AnyHeader x: a or AnyHeader x: b) or AnyHeader x: *y)',
  ],
  ['request.parameters["Q"] in ["1", "2"]', '(Parameter Q: 1 or Parameter Q: 2)'],
  ['has(request.parameters.q)', 'has Parameter q'],
  ['"PII" in route.labels', 'routeLabel PII'],
  ['!("PCI" in request.labels)', '!requestLabel PCI'],
])('requests: %s', (text, expected) => {
  expect(shown(text)).toBe(expected);
});

test.each([
  [String.raw`"\x41\u0042\U00000043\104\n\"\'\\"`, 'ABCD\n"\'\\'],
  [String.raw`r"\d"`, String.raw`\d`],
  [`R'a"b'`, 'a"b'],
  ['"""a "quoted" b"""', 'a "quoted" b'],
  ["'''it's'''", "it's"],
  ['"\u00e9\u{1f600}"', '\u00e9\u{1f600}'],
])('strings: %s', (literal, value) => {
  expect(parseCondition(`request.parameters.q == ${literal}`)).toMatchObject({
    pattern: { op: TextOp.Equal, text: value },
  });
});

test.each([
  ['brackets', `${'('.repeat(65)}true${')'.repeat(65)}`],
  ['many brackets', '('.repeat(16_000)],
  ['lists', '['.repeat(16_000)],
  ['calls', 'has('.repeat(4_000)],
  ['indexes', 'a['.repeat(8_000)],
  ['negations', `${'!(true && '.repeat(32)}true${')'.repeat(32)}`],
  ['exclamation marks', `${'!'.repeat(16_000)}true`],
  ['selections', `a${'.b'.repeat(8_000)} < 1`],
  ['minus signs', `${'-'.repeat(16_001)}1 < source.cpu`],
  ['ternaries', `${'true ? '.repeat(2_000)}true`],
  ['a long text', `true${' && true'.repeat(5_000)}`],
  ['ten megabytes', `true${' '.repeat(10_000_000)}`],
])('too deep or long a condition is refused: %s', (_, text) => {
  expect(parseCondition(text)).toBeInstanceOf(Problem);
});

test('63 levels are read, 65 are not, brackets in strings are no nesting', () => {
  const nested = (levels: number) => `${'!(true && '.repeat(levels)}true${')'.repeat(levels)}`;
  expect(parseCondition(nested(31))).not.toBeInstanceOf(Problem);
  expect(parseCondition(nested(32))).toMatchObject({
    message: expect.stringContaining('more than 64 deep'),
    offset: 31 * 10 + 2,
  });
  expect(parseCondition(`source.worstCve == "${'('.repeat(100)}"`)).toMatchObject({
    message: expect.stringContaining('severity'),
  });
});

test('long chains and lists are shallow trees', () => {
  const height = (c: Condition): number =>
    'left' in c ? 1 + Math.max(height(c.left), height(c.right)) : 1;
  const chain = parseCondition(`true${' && true'.repeat(2_000)}`) as Condition;
  expect(height(chain)).toBe(12);
  const list = Array.from({ length: 1_000 }, (_, i) => `"s${i}"`);
  expect(height(parseCondition(`source.service in [${list}]`) as Condition)).toBe(11);
});
