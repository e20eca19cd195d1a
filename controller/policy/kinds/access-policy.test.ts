/** Fields of `from` and `to`: what they become, and what is refused at which place. */
import { expect, test } from 'vitest';

import { IdentityAttribute, RequestKind, TestOp, TextOp } from '../../layout.ts';
import type { Condition } from '../cel/condition.ts';
import { parsePolicySet } from '../parse.ts';

const policy = (rule: string) => `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: p }
spec:
  destination: { service: orders }
  rules:
  - name: r
    effect: allow
    ${rule}`;

const ruleOf = (rule: string) => {
  const { set, errors } = parsePolicySet([{ name: 'p.yaml', text: policy(rule) }]);
  expect(errors).toEqual([]);
  return set.access[0]?.rules[0];
};

const errorsOf = (rule: string) =>
  parsePolicySet([{ name: 'p.yaml', text: policy(rule) }]).errors.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  );

const nameIn = (names: Readonly<Record<string, number>>, wanted: number) =>
  Object.keys(names).find((name) => names[name] === wanted);

const selectorsOf = (from: string) =>
  ruleOf(`from: [${from}]`)?.from.map((selector) =>
    selector
      .map(({ attribute, op, label, value }) =>
        [nameIn(IdentityAttribute, attribute), label, nameIn(TestOp, op), value]
          .filter((part) => part !== '')
          .join(' '),
      )
      .join(', '),
  );

test.each([
  ['{ service: a }', ['Service Equal a']],
  ['{ service: a* }', ['Service Prefix a']],
  ["{ service: '*a' }", ['Service Suffix a']],
  ['{ service: [a, b*] }', ['Service Equal a', 'Service Prefix b']],
  ['{ service: [a, a] }', ['Service Equal a']],
  ['{ team: t, service: s }', ['Service Equal s, Team Equal t']],
  ['{ environment: same }', ['Environment SameAsDestination']],
  ['{ environment: [same, prod] }', ['Environment SameAsDestination', 'Environment Equal prod']],
  ['{ domain: mesh.test }', ['Domain Equal mesh.test']],
  ["{ domain: '*.test' }", ['Domain Suffix .test']],
  [
    '{ instance: 01234567-89ab-cdef-0123-456789abcdef }',
    ['Instance Equal 01234567-89ab-cdef-0123-456789abcdef'],
  ],
  ["{ instance: '01234567-89*' }", ['Instance Prefix 01234567-89']],
  [
    "{ labels: { b: x, a: [y*, '*z'] } }",
    ['Label a Prefix y, Label b Equal x', 'Label a Suffix z, Label b Equal x'],
  ],
  ["{ labels: { a: '*' } }", ['Label a Present']],
  ['{ labels: { __proto__: x } }', ['Label __proto__ Equal x']],
  ['{ notService: a }', ['Service NotEqual a']],
  ['{ notTeam: [b*, a] }', ['Team NotEqual a, Team NotPrefix b']],
  [
    "{ notEnvironment: [same, '*x'] }",
    ['Environment NotSameAsDestination, Environment NotSuffix x'],
  ],
  ['{ notDomain: a.test }', ['Domain NotEqual a.test']],
  ["{ notInstance: '0*' }", ['Instance NotPrefix 0']],
  [
    "{ notLabels: { a: [x, '*'], b: y } }",
    ['Label a NotEqual x, Label a Absent, Label b NotEqual y'],
  ],
  [
    '{ service: [a, b], team: [c, d], notDomain: e }',
    [
      'Service Equal a, Team Equal c, Domain NotEqual e',
      'Service Equal a, Team Equal d, Domain NotEqual e',
      'Service Equal b, Team Equal c, Domain NotEqual e',
      'Service Equal b, Team Equal d, Domain NotEqual e',
    ],
  ],
  ['{ service: a }, { team: [b, c] }', ['Service Equal a', 'Team Equal b', 'Team Equal c']],
])('from: %s', (from, selectors) => {
  expect(selectorsOf(from)).toEqual(selectors);
});

test.each([
  ["{ service: '*' }", '9:24 `*` matches everything'],
  ["{ notTeam: '*' }", '9:24 `*` matches everything'],
  ["{ environment: [prod, '*'] }", '9:35 `*` matches everything'],
  ['{ service: a*b }', '9:24 `a*b` has a wildcard in the wrong place'],
  ["{ service: '*a*' }", '9:26 `*a*` has a wildcard in the wrong place'],
  ['{ service: a b }', '9:23 `a b` is not a name'],
  ['{ service: "a\\0" }', '9:24 `a\\u0000` is not a name'],
  ['{ service: ch\u0435ckout }', '9:23 `ch\u0435ckout` is not a name'],
  [`{ service: ${'a'.repeat(64)} }`, `9:23 \`${'a'.repeat(57)}...\` is not a name`],
  ['{ service: [] }', '9:23 `service` is empty'],
  ['{ service: 5 }', '9:23 `service` is `5`, expected a text'],
  ['{ service: }', '9:23 `service` is empty, expected a text'],
  ['{ service: [a, 5] }', '9:27 an entry of this list is `5`, expected a text'],
  ['{ service: { a: b } }', '9:23 `service` is a map, expected a text'],
  ['{ domain: Mesh.Test }', '9:22 `Mesh.Test` is not a trust domain'],
  ['{ instance: "0123" }', '9:25 `0123` is not a lower-case UUID'],
  ["{ instance: '0123-*' }", '9:25 `0123-*` is not a lower-case UUID'],
  ['{ labels: [a] }', '9:22 `labels` is a list, expected a map of names to values'],
  ['{ labels: {} }', '9:22 `labels` is empty'],
  ['{ labels: { a b: c } }', '9:24 `a b` is not a name'],
  ['{ labels: { a: [] } }', '9:27 `a` is empty'],
  ['{ labels: { a: "b c" } }', '9:28 `b c` is not a name'],
  ['{ servce: a }', '9:14 unknown field `servce`'],
])('from: %s is refused', (from, error) => {
  const errors = errorsOf(`from: [${from}]`);
  expect(errors[0]).toBe(error);
});

test('a mistyped field of `from` gets the nearest one', () => {
  const text = policy('from: [{ notServce: a }]');
  expect(parsePolicySet([{ name: 'p.yaml', text }]).errors[0]?.help).toContain(
    'did you mean `notService`?',
  );
});

test('an entry has at most 256 combinations', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`);
  const from = (count: number) => `from: [{ service: [${names(count)}], team: [${names(16)}] }]`;
  expect(ruleOf(from(16))?.from).toHaveLength(256);
  expect(errorsOf(from(17))).toEqual(['9:12 this entry of `from` has 272 combinations']);
});

const show = (c: Condition | undefined): string => {
  if (c === undefined) return '';
  if (c.kind === 'not') return `!${show(c.operand)}`;
  if ('left' in c) return `(${show(c.left)} ${c.kind} ${show(c.right)})`;
  if (c.kind === 'path') return `path ${c.template.text}`;
  if (c.kind === 'host') return `host ${c.host.text}`;
  if (c.kind === 'hasRequest') return `has ${nameIn(RequestKind, c.ref.kind)} ${c.ref.name}`;
  if (c.kind !== 'request') return c.kind;
  const { op, text } = c.pattern;
  const shown = op === TextOp.Prefix ? `${text}*` : op === TextOp.Suffix ? `*${text}` : text;
  return `${nameIn(RequestKind, c.ref.kind)} ${c.ref.name}=${shown}`;
};

test.each([
  ['methods: [GET, PURGE]', ['GET', 'PURGE'], ''],
  ["methods: [GET, 'PROP*']", [], '(Method =GET or Method =PROP*)'],
  ["methods: ['*CH']", [], 'Method =*CH'],
  ['headers: { X-Tier: web }', [], '(has Header x-tier and Header x-tier=web)'],
  ["headers: { a: [b*, '*c'] }", [], '(has Header a and (Header a=b* or Header a=*c))'],
  ["headers: { a: '*' }", [], 'has Header a'],
  ["headers: { a: [b, '*'] }", [], 'has Header a'],
  ["headers: { a: '' }", [], '(has Header a and Header a=)'],
  ['headers: { __proto__: a }', [], '(has Header __proto__ and Header __proto__=a)'],
  ['parameters: { Q: 1x }', [], '(has Parameter Q and Parameter Q=1x)'],
  ['notMethods: [GET, HEAD]', [], '!(Method =GET or Method =HEAD)'],
  ["notPaths: [/a, '/b*']", [], '!(path /a or path /b*)'],
  ["notHosts: [a.test, '*.b.test']", [], '!(host a.test or host .b.test)'],
  ['notHeaders: { a: b }', [], '!(has Header a and Header a=b)'],
  ["notHeaders: { a: '*' }", [], '!has Header a'],
  ['notParameters: { q: [a, b] }', [], '!(has Parameter q and (Parameter q=a or Parameter q=b))'],
  [
    'methods: [GET], headers: { a: b }, notPaths: [/c]',
    ['GET'],
    '((has Header a and Header a=b) and !path /c)',
  ],
])('to: %s', (to, methods, also) => {
  const match = ruleOf(`to: [{ ${to} }]`)?.to[0];
  expect(match?.methods).toEqual(methods);
  expect(show(match?.also)).toBe(also);
});

test('paths and hosts stay lists', () => {
  const match = ruleOf("to: [{ paths: ['/a/b*', '*'], hosts: ['*.A.test'] }]")?.to[0];
  expect(match).toMatchObject({
    paths: [
      { text: '/a/b*', end: 'prefix', affix: 'b' },
      { text: '*', end: 'prefix', affix: '' },
    ],
    hosts: [{ text: '.a.test' }],
    also: undefined,
  });
});

test.each([
  ["methods: ['*']", '9:23 method `*` names every method'],
  ['methods: [get*]', '9:22 method `get*` is not in capitals'],
  ["methods: ['G T']", '9:23 `G T` is not an HTTP method'],
  ['methods: []', '9:21 `methods` is empty'],
  ['methods: GET', '9:21 `methods` is the text `GET`, expected a list'],
  ["notPaths: ['*']", '9:24 `*` names every path'],
  ["notPaths: ['/**']", '9:24 `/**` names every path'],
  ["notHosts: ['*']", '9:24 host `*` names every host'],
  ['headers: {}', '9:21 `headers` is empty'],
  ['headers: [a]', '9:21 `headers` is a list, expected a map of names to values'],
  ["headers: { ':path': a }", '9:23 `:path` is a pseudo header'],
  ['headers: { X-Dta-Label: a }', '9:23 header `X-Dta-Label` belongs to the proxy'],
  ['notHeaders: { x-forwarded-client-cert: a }', '9:26 header `x-forwarded-client-cert` belongs'],
  ['headers: { Host: a }', '9:23 header `host` is the authority'],
  ['headers: { a b: c }', '9:23 `a b` is not the name of a header'],
  ["headers: { 'a*': c }", '9:23 `a*` is not the name of a header'],
  ['headers: { X-A: b, x-a: c }', '9:31 `x-a` is there twice'],
  ['headers: { a: 5 }', '9:26 `a` is `5`, expected a text'],
  ['headers: { a: [] }', '9:26 `a` is empty'],
  ['headers: { a: "*/*" }', '9:29 `*/*` has a wildcard in the wrong place'],
  ['headers: { a: " b" }', '9:28 ` b` can never match'],
  ['headers: { a: "b\\0c" }', '9:28 `\\u0000` is in no header'],
  ["parameters: { '': c }", '9:26 `` is not the name of a parameter'],
  ['header: { a: b }', '9:12 unknown field `header`'],
])('to: %s is refused', (to, error) => {
  expect(errorsOf(`to: [{ ${to} }]`)[0]).toContain(error);
});

test('a long text is refused, and not repeated', () => {
  const long = 'x'.repeat(9 * 1024 * 1024);
  const rules = [
    `from: [{ service: ${long} }]`,
    `to: [{ paths: [/${long}] }]`,
    `to: [{ methods: [${long}] }]`,
    `to: [{ hosts: [${long}] }]`,
    `to: [{ headers: { a: ${long} } }]`,
    `when: ${long}`,
  ];
  for (const rule of rules) {
    const [error] = errorsOf(rule);
    expect(error?.length).toBeLessThan(200);
  }
});
