/** MaskingPolicy: what its rules come to, and every kind of mistake with its place and how to mend it. */
import { expect, test } from 'vitest';

import { Band, DateUnit, MaskOperator, UnreadableAction } from '../../layout.ts';
import { parsePolicySet } from '../parse.ts';

const read = (spec: string, name = 'p') =>
  parsePolicySet([
    {
      name: 'p.yaml',
      text: `apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: ${name} }
spec:
  destination: { service: orders }
  ${spec}`,
    },
  ]);
const ruleOf = (rule: string) => {
  const { set, errors } = read(`rules: [{ labels: [A], ${rule} }]`);
  expect(errors).toEqual([]);
  return set.masking[0]?.rules[0];
};

test.each([
  ['operator: keep-last, keep: 4', MaskOperator.KeepLast, 4, 0, ''],
  ['operator: keep-first, keep: 64', MaskOperator.KeepFirst, 64, 0, ''],
  ['operator: truncate, keep: 0', MaskOperator.Truncate, 0, 0, ''],
  ['operator: date-shift, days: 30', MaskOperator.DateShift, 0, 30, ''],
  ['operator: bucket, width: 10', MaskOperator.Bucket, 0, 10, ''],
  ['operator: bucket, unit: month', MaskOperator.Bucket, 0, DateUnit.Month, ''],
  ['operator: bucket, unit: decade', MaskOperator.Bucket, 0, DateUnit.Decade, ''],
  ['operator: format-preserving', MaskOperator.FormatPreserving, 0, 10, ''],
  [
    'operator: format-preserving, alphabet: letters-digits',
    MaskOperator.FormatPreserving,
    0,
    62,
    '',
  ],
  ['operator: token', MaskOperator.Token, 0, 0, ''],
  ['operator: hash', MaskOperator.Hash, 0, 32, ''],
  ['operator: hash, digits: 8', MaskOperator.Hash, 0, 8, ''],
  ['operator: replace, text: "größe"', MaskOperator.Replace, 0, 0, 'größe'],
  ['operator: redact', MaskOperator.Redact, 0, 0, ''],
  ['operator: null', MaskOperator.Null, 0, 0, ''],
  ['operator: "null"', MaskOperator.Null, 0, 0, ''],
  ['operator: drop', MaskOperator.Drop, 0, 0, ''],
])('%s', (rule, operator, keep, param, text) => {
  expect(ruleOf(rule)).toEqual({
    origin: { file: 'p.yaml', line: 6, column: 11 },
    labels: ['A'],
    operator,
    keep,
    param,
    text,
    minBand: Band.Low,
    ignoresClearance: false,
    inRequests: true,
    inResponses: true,
  });
});

test('a rule has a band, may ignore clearances and is for one direction', () => {
  expect(ruleOf('operator: drop, band: high, clearance: ignore, bodies: [response]')).toMatchObject(
    {
      minBand: Band.High,
      ignoresClearance: true,
      inRequests: false,
      inResponses: true,
    },
  );
});

test('what cannot be read, upgrades and the header of labels', () => {
  const rules = 'rules: [{ labels: [A], operator: drop }]';
  expect(read(rules).set.masking[0]).toMatchObject({
    unreadable: UnreadableAction.Deny,
    routes: [],
    allowsUpgrades: false,
    labelHeader: undefined,
  });
  const { set, errors } = read(`unreadable: pass-unmasked
  routes: [{ paths: [/export/**, '*'], unreadable: redact-body }]
  upgrades: allow
  labelHeader: X-Labels
  ${rules}`);
  expect(errors).toEqual([]);
  expect(set.masking[0]).toMatchObject({
    unreadable: UnreadableAction.PassUnmasked,
    routes: [
      {
        paths: [
          { text: '/export/**', end: 'tail', segments: [{ literal: 'export' }] },
          { text: '*', end: 'tail', segments: [] },
        ],
        unreadable: UnreadableAction.RedactBody,
      },
    ],
    allowsUpgrades: true,
    labelHeader: 'x-labels',
  });
  expect(read(`labelHeader: none\n  ${rules}`).set.masking[0]?.labelHeader).toBe('');
});

const rule = (text: string) => `rules: [{ labels: [A], ${text} }]`;

test.each([
  [rule('operator: mask'), '6:36 `mask` is not allowed for `operator`', 'hash'],
  [rule('operator: keep-first'), '6:11 `keep` is missing', 'keep: 4'],
  [rule('operator: keep-last, keep: 17'), '6:53 `keep` is out of range', 'at most 16'],
  [rule('operator: truncate, keep: 65'), '6:52 `keep` is out of range', 'at most 64'],
  [
    rule('operator: token, keep: 1'),
    '6:49 `keep` is for `keep-last`, `keep-first`, `truncate`',
    '',
  ],
  [rule('operator: replace'), '6:11 `text` is missing', 'text: hidden'],
  [rule('operator: redact, text: x'), '6:50 `text` is for `replace`', 'operator: replace'],
  [rule('operator: replace, text: 5'), '6:51 `text` is `5`, expected a text', '"5"'],
  [
    rule(`operator: replace, text: ${'x'.repeat(65)}`),
    '6:51 replacement is too long',
    'at most 64 bytes',
  ],
  [rule(`operator: replace, text: ${'ü'.repeat(33)}`), '6:51 replacement is too long', ''],
  [rule(String.raw`operator: replace, text: "a\u0007b"`), '6:53 control character in', 'remove it'],
  [rule('operator: hash, digits: 7'), '6:50 `digits` is out of range', 'at least 8'],
  [rule('operator: hash, digits: 65'), '6:50 `digits` is out of range', 'at most 64'],
  [rule('operator: token, digits: 8'), '6:51 `digits` is for `hash`', 'operator: hash'],
  [rule('operator: date-shift'), '6:11 `days` is missing', 'days: 365'],
  [rule('operator: date-shift, days: 0'), '6:54 `days` is out of range', 'at least 1'],
  [rule('operator: date-shift, days: 3651'), '6:54 `days` is out of range', 'at most 3650'],
  [rule('operator: bucket'), '6:11 `bucket` needs either `width` or `unit`', 'unit: year'],
  [rule('operator: bucket, width: 5, unit: year'), '6:11 `bucket` needs either', 'width: 10'],
  [rule('operator: bucket, width: 0'), '6:51 `width` is out of range', 'at least 1'],
  [rule('operator: bucket, unit: day'), '6:50 `day` is not allowed for `unit`', 'month'],
  [rule('operator: drop, width: 5'), '6:49 `width` is for `bucket`', 'operator: bucket'],
  [rule('operator: redact, alphabet: digits'), '6:54 `alphabet` is for `format-preserving`', ''],
  [rule('operator: redact, band: severe'), '6:50 `severe` is not allowed for `band`', 'low'],
  [rule('operator: redact, clearance: none'), '6:55 `none` is not allowed for `clearance`', ''],
  [rule('operator: redact, bodies: [query]'), '6:53 `query` is not allowed', 'request'],
  [`unreadable: drop\n  ${rule('operator: drop')}`, '6:15 `drop` is not allowed', 'redact-body'],
  [
    `routes: [{ paths: [/a*], unreadable: deny }]\n  ${rule('operator: drop')}`,
    '6:22 path `/a*` ends inside a segment',
    '`/**`',
  ],
  [
    `routes: [{ paths: ["*.json"], unreadable: deny }]\n  ${rule('operator: drop')}`,
    '6:23 path `*.json` ends inside a segment',
    '`/**`',
  ],
  [`routes: [{ paths: [/a] }]\n  ${rule('operator: drop')}`, '6:12 `unreadable` is missing', ''],
  [`upgrades: maybe\n  ${rule('operator: drop')}`, '6:13 `maybe` is not allowed', 'deny'],
  [
    `labelHeader: "a b"\n  ${rule('operator: drop')}`,
    '6:17 `a b` is not the name of a header',
    '`none`',
  ],
  [
    `labelHeader: Content-Type\n  ${rule('operator: drop')}`,
    '6:16 header `content-type` means something else',
    'x-dta-labels',
  ],
  [`labelHeader: host\n  ${rule('operator: drop')}`, '6:16 header `host` means', ''],
])('%s is refused', (spec, message, help) => {
  const errors = read(spec).errors.map((e) => ({
    text: `${e.line}:${e.column} ${e.message}`,
    help: e.help,
  }));
  expect(errors).toHaveLength(1);
  expect(errors[0]?.text).toContain(message);
  expect(errors[0]?.help).toContain(help);
});

test('two policies of a destination name the same header for labels', () => {
  const of = (name: string, header: string, environment = '') =>
    `apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: ${name} }
spec:
  destination: { service: orders${environment} }
${header === '' ? '' : `  labelHeader: ${header}\n`}  rules: [{ labels: [A], operator: drop }]
`;
  const errorsOf = (...texts: string[]) =>
    parsePolicySet([{ name: 'p.yaml', text: texts.join('---\n') }]).errors;
  expect(errorsOf(of('a', 'x-a'), of('b', ''), of('c', 'X-A'))).toEqual([]);
  const [prod, test] = [', environment: prod', ', environment: test'];
  expect(errorsOf(of('a', 'x-a', prod), of('b', 'x-b', test))).toEqual([]);
  expect(errorsOf(of('a', 'x-a', prod), of('b', 'none'))).toEqual([
    {
      file: 'p.yaml',
      line: 9,
      column: 1,
      message: '`labelHeader` is `none` here and `x-a` in MaskingPolicy `a`',
      help: 'write the same in both; the other is in p.yaml, line 1',
    },
  ]);
});
