/** Policy files: what is read, and every error with its place. */
import { expect, test } from 'vitest';

import { Audit, Band, Effect } from '../layout.ts';
import { parsePolicySet } from './parse.ts';

const errorsOf = (...texts: string[]) =>
  parsePolicySet(texts.map((text, i) => ({ name: `${i}.yaml`, text }))).errors.map(
    (e) => `${e.file}:${e.line}:${e.column} ${e.message}`,
  );

const access = (rules: string, name = 'orders') => `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: ${name} }
spec:
  destination: { service: orders }
  rules:
${rules}`;

test('a policy keeps what it says, and defaults are the open ones', () => {
  const { set, errors } = parsePolicySet([
    { name: 'a.yaml', text: access('    - { name: all, effect: allow }') },
  ]);
  expect(errors).toEqual([]);
  expect(set.access).toEqual([
    {
      kind: 'AccessPolicy',
      name: 'orders',
      origin: { file: 'a.yaml', line: 1, column: 1 },
      destination: { service: 'orders' },
      isShadow: false,
      rules: [
        {
          name: 'all',
          origin: { file: 'a.yaml', line: 7, column: 7 },
          effect: Effect.Allow,
          from: [],
          to: [],
          when: undefined,
          maxRisk: Band.Critical,
          clearance: [],
          audit: Audit.Sampled,
        },
      ],
    },
  ]);
});

test('JSON is read like YAML, empty documents are skipped', () => {
  const spec = { destination: { service: 'a' }, rules: [{ name: 'r', effect: 'deny' }] };
  const head = { apiVersion: 'sm-dta/v1', kind: 'AccessPolicy', metadata: { name: 'json' } };
  const { set, errors } = parsePolicySet([
    { name: 'a.json', text: JSON.stringify({ ...head, spec }) },
    { name: 'empty.yaml', text: '# nothing\n---\n---\n' },
    { name: 'none.yaml', text: '' },
  ]);
  expect(errors).toEqual([]);
  expect(set.access).toHaveLength(1);
});

test('errors of all files come at once, sorted', () => {
  const broken = access(`    - name: r
      effekt: allow
      from: [{ service: a b, notTeam: x }]
      to: [{ methods: [get], paths: ["/a//b"] }]
    - effect: permit
      name: r2
      maxRisk: [high]
      audit: 5`);
  expect(errorsOf('kind: Nope', broken)).toEqual([
    '0.yaml:1:7 unknown kind `Nope`',
    '1.yaml:7:7 `effect` is missing',
    '1.yaml:8:7 unknown field `effekt`',
    '1.yaml:9:25 `a b` is not a name',
    '1.yaml:10:24 method `get` is not in capitals',
    '1.yaml:10:42 path has an empty segment',
    '1.yaml:11:15 `permit` is not allowed for `effect`',
    '1.yaml:13:16 `maxRisk` is a list, expected one of low, guarded, high, critical',
    '1.yaml:14:14 `audit` is `5`, expected one of sampled, always, synchronous',
  ]);
});

test.each([
  ['plain', 'when: true && cpu < 1', '10:21'],
  ['single quoted', `when: 'source.worstCve == ''low'' && cpu < 1'`, '10:44'],
  ['double quoted', String.raw`when: "source.worstCve == \"l\u006fw\" &&\n cpu < 1"`, '10:51'],
  ['plain over lines', 'when: true &&\n        cpu < 1', '11:9'],
  ['literal', 'when: |\n        true &&\n          cpu < 1', '12:11'],
  ['folded', 'when: >- # why\n        true\n\n        && cpu < 1', '13:12'],
])('a problem inside a %s text is at its own line and column', (_, when, place) => {
  const text = access(`    - name: r\n      effect: allow\n      # here\n      ${when}`);
  expect(errorsOf(text)).toEqual([`0.yaml:${place} unknown attribute \`cpu\``]);
});

test.each([
  ['plain', 'when: true &&', '10:20'],
  ['single quoted', "when: 'true &&' # why", '10:21'],
  ['literal', 'when: |\n        true &&\n', '11:16'],
])('a problem at the end of a %s text is behind its last character', (_, when, place) => {
  const text = access(
    `    - name: r\n      effect: allow\n      # here\n      ${when}\n      audit: always`,
  );
  expect(errorsOf(text)).toEqual([expect.stringMatching(`^0.yaml:${place} `)]);
});

test.each([
  ['a: [1', /flow sequence/i],
  ['a: 1\na: 2', /2:1 .*unique/],
  ['a: *b', /unresolved alias/i],
  ['a: !x 1', /unresolved tag/i],
  ['- 1', /not a map/],
  ['text', /not a map/],
  ['a: 1', /`kind` is missing/],
  ['kind: 5', /`kind` is not a text/],
  ['kind: AccessPolicie', /unknown kind `AccessPolicie`/],
  ['kind: RiskMatrix', /`RiskMatrix` is not supported yet/],
  ['kind: ServiceRegistration', /`ServiceRegistration` says who may join/],
  ['kind: AccessPolicy\nspec: 5', /`apiVersion` is missing/],
  ['kind: constructor', /unknown kind/],
  ['__proto__: { kind: AccessPolicy }', /`kind` is missing/],
])('%j is refused', (text, message) => {
  expect(errorsOf(text).join('\n')).toMatch(message);
});

test.each([
  ['deep lists', `kind: ${'['.repeat(100_000)}`],
  ['deep maps', Array.from({ length: 3_000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  [
    'aliases of aliases',
    `a0: &a0 [1,1,1,1,1,1,1,1,1]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`)}]`).join('\n')}\nkind: AccessPolicy`,
  ],
  ['an alias of its own parent', 'kind: AccessPolicy\nspec: &a { rules: *a }'],
  ['a huge file', `# ${'x'.repeat(32 * 1024 * 1024)}`],
])('%s end in an error', (_, text) => {
  expect(errorsOf(text)).not.toEqual([]);
});

test('names stand once in a kind, rule names once in a policy', () => {
  const one = access('    - { name: r, effect: allow }\n    - { name: r, effect: deny }');
  expect(errorsOf(one, access('    - { name: s, effect: allow }'))).toEqual([
    '0.yaml:8:7 rule `r` is there twice',
    '1.yaml:1:1 AccessPolicy `orders` is there twice',
  ]);
});

test('entries that name nothing, and fields that a deny rule cannot have', () => {
  const rules = `    - { name: a, effect: allow, from: [{}], to: [{}] }
    - { name: b, effect: allow, from: [], to: [] }
    - { name: c, effect: deny, maxRisk: low, clearance: [PII] }
    - { name: d, effect: allow, from: [{ labels: {} }, { service: '*' }, { instance: X }] }
    - { name: e, effect: allow, from: [{ domain: Mesh.Test }, { labels: { tier: 1 } }, null] }`;
  expect(errorsOf(access(rules))).toEqual([
    '0.yaml:7:40 this entry of `from` names nothing',
    '0.yaml:7:50 this entry of `to` names nothing',
    '0.yaml:8:39 `from` is empty',
    '0.yaml:8:47 `to` is empty',
    '0.yaml:9:41 a deny rule takes no `maxRisk`',
    '0.yaml:9:57 a deny rule takes no `clearance`',
    '0.yaml:10:50 `labels` is empty',
    '0.yaml:10:68 `*` matches everything',
    '0.yaml:10:86 `X` is not a lower-case UUID',
    '0.yaml:11:50 `Mesh.Test` is not a trust domain',
    '0.yaml:11:81 `tier` is `1`, expected a text',
    '0.yaml:11:88 an entry of this list is empty, expected a map of fields',
  ]);
});

const other = (kind: string, spec: string) =>
  `apiVersion: sm-dta/v1\nkind: ${kind}\nmetadata: { name: n }\nspec:\n  destination: { service: orders }\n${spec}`;

test.each([
  ['DataClassification', '', '5:3 nothing is classified'],
  ['DataClassification', '  fields: [{ label: A }]', '6:12 a field needs either `path` or `name`'],
  [
    'DataClassification',
    '  fields: [{ path: $.a, name: a, label: A }]',
    '6:12 a field needs either',
  ],
  ['DataClassification', '  fields: [{ path: "$.a[-1]", label: A }]', '6:24 field path'],
  [
    'DataClassification',
    '  fields: [{ path: $.a, ignoreCase: true, label: A }]',
    '6:37 `ignoreCase` is for',
  ],
  ['DataClassification', '  values: [{ detector: cart, label: A }]', '6:24 `cart` is not allowed'],
  ['MaskingPolicy', '  rules: [{ labels: [A], operator: keep-last }]', '6:11 `keep` is missing'],
  [
    'MaskingPolicy',
    '  rules: [{ labels: [A], operator: null, keep: 4 }]',
    '6:48 `keep` is for `keep-last`',
  ],
  [
    'MaskingPolicy',
    '  rules: [{ labels: [A], operator: keep-last, keep: 17 }]',
    '6:53 `keep` is out of range',
  ],
  [
    'MaskingPolicy',
    '  rules: [{ labels: [A], operator: keep-last, keep: 1.5 }]',
    '6:53 `keep` is `1.5`',
  ],
  [
    'MaskingPolicy',
    '  rules: [{ labels: [A], operator: keep-last, keep: .inf }]',
    '6:53 `keep` is `Infinity`',
  ],
  ['MaskingPolicy', '  rules: [{ labels: [], operator: redact }]', '6:21 `labels` is empty'],
  [
    'MaskingPolicy',
    '  unreadable: pass\n  rules: [{ labels: [A], operator: redact }]',
    '6:15 `pass` is not allowed',
  ],
])('%s %j is refused', (kind, spec, error) => {
  const errors = errorsOf(other(kind, spec));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(`0.yaml:${error}`);
});

test('a bundle holds 64 hosts and 64 labels, and 16 field paths at one depth', () => {
  const hosts = Array.from({ length: 65 }, (_, i) => `h${i}.test`);
  const labels = Array.from({ length: 65 }, (_, i) => `L${i}`);
  const rules = `    - { name: r, effect: allow, to: [{ hosts: [${hosts}] }], clearance: [${labels}] }`;
  const paths = Array.from({ length: 17 }, (_, i) => `{ path: $.**.a${i}.b, label: L${i % 2} }`);
  const star = Array.from(
    { length: 6 },
    (_, i) => `{ path: $.**${'.*'.repeat(i + 1)}.**.x, label: A }`,
  );
  expect(errorsOf(access(rules))).toEqual([
    '0.yaml:1:1 policies for service `orders` name 65 different hosts',
    '0.yaml:1:1 policies for service `orders` name 65 different labels',
  ]);
  const mask = `---\n${other('MaskingPolicy', '  rules: [{ labels: [A, L0, L1], operator: redact }]\n')}`;
  const tangled = other('DataClassification', `  fields: [${star}]\n`) + mask;
  expect(errorsOf(tangled)).toEqual([
    '0.yaml:1:1 field paths need more than 16 places at one depth',
  ]);
  // Seventeen names below one `**` are one place: only those whose name comes become active.
  expect(errorsOf(other('DataClassification', `  fields: [${paths}]\n`) + mask)).toEqual([]);
});

test('a label that nothing masks is a warning', () => {
  const text = other('DataClassification', '  fields: [{ name: ssn, label: PII }]');
  const { errors, warnings } = parsePolicySet([{ name: 'a.yaml', text }]);
  expect(errors).toEqual([]);
  expect(warnings).toEqual([
    expect.objectContaining({ message: 'label `PII` is classified but nothing masks it' }),
  ]);
});
