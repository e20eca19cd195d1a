/** Mask blobs: what classification and masking come to, by label, band, direction and place. */
import { expect, test } from 'vitest';

import {
  Direction,
  MaskFlag,
  MaskOperator,
  NameMode,
  NONE,
  SegmentMatch,
  UnreadableAction,
  ValuePlace,
} from '../../controller/layout.ts';
import {
  type CompiledMasks,
  compileMasksOf,
  documentOf,
  masksOf,
  nodeRules,
} from './compiled-masks.ts';

const { KeepLast, KeepFirst, Redact, Null, Hash, Bucket, Drop, Token, DateShift } = MaskOperator;

const requestOf = (classification: string, masking: string): CompiledMasks => {
  const { request } = compileMasksOf(masksOf(classification, masking));
  if (request === undefined) throw new Error('no profile');
  return request;
};
const rulesOf = ({ tables, show }: CompiledMasks) => tables.MaskRule?.map((_, i) => show(i));

test('rules stand by strength, whatever the order in the file', () => {
  const fields = 'fields: [{ name: a, label: A }, { name: b, label: B }]';
  const rules = [
    '{ labels: [A], operator: drop, band: critical }',
    '{ labels: [A], operator: hash, digits: 16, band: high }',
    '{ labels: [B], operator: keep-first, keep: 2 }',
    '{ labels: [A], operator: bucket, width: 10, band: guarded }',
    '{ labels: [B], operator: "null", band: high, clearance: ignore }',
    '{ labels: [A], operator: keep-last, keep: 4 }',
  ];
  const expected = [
    `A ${KeepLast} 4 0`,
    `B ${KeepFirst} 2 0`,
    `A ${Bucket} 0 10 from 1`,
    `A ${Hash} 0 16 from 2`,
    `B ${Null} 0 0 from 2 always`,
    `A ${Drop} 0 0 from 3`,
  ];
  for (const order of [rules, [...rules].reverse()]) {
    const compiled = requestOf(fields, `rules: [${order}]`);
    expect(rulesOf(compiled)).toEqual(expected);
    const names = compiled.tables.MaskName?.map(({ key, rule }) => `${key} ${rule}`);
    expect(names?.toSorted()).toEqual(['a 0', 'a 2', 'a 3', 'a 5', 'b 1', 'b 4']);
  }
});

test('a mask for a label masks every value whose label is the same or above it', () => {
  const compiled = requestOf(
    `labels: [{ name: Secret, above: [PII] }]
  fields: [{ name: s, label: Secret }, { name: p, label: PII }, { name: c, label: Confidential },
    { name: i, label: Internal }, { name: x, label: Other }]`,
    'rules: [{ labels: [Confidential], operator: redact }, { labels: [PII], operator: keep-last, keep: 2, band: high }, { labels: [PII], operator: drop, band: critical }]',
  );
  const names = compiled.tables.MaskName?.map(({ key, rule }) => `${key} ${compiled.show(rule)}`);
  expect(names).toEqual([
    `c Confidential ${Redact} 0 0`,
    'i Internal only found',
    `p PII ${Redact} 0 0`,
    `p PII ${Drop} 0 0 from 3`,
    `s Secret ${Redact} 0 0`,
    `s Secret ${Drop} 0 0 from 3`,
    'x Other only found',
  ]);
});

test('each rule of a path has a node, also on the whole document', () => {
  const compiled = requestOf(
    `fields: [{ path: $, label: A }, { path: "$.a[0].b", label: A }, { path: "$.a[*]", label: B }]`,
    `rules: [{ labels: [A], operator: keep-last, keep: 1 }, { labels: [A], operator: "null", band: high },
      { labels: [B], operator: redact }]`,
  );
  expect(nodeRules(compiled)).toEqual([
    `$.**: A ${Null} 0 0 from 2`,
    `$.a[*]: B ${Redact} 0 0`,
    `$.a[0].b: A ${KeepLast} 1 0`,
    `$.a[0].b: A ${Null} 0 0 from 2`,
    `$: A ${KeepLast} 1 0`,
  ]);
  expect(Number(compiled.tables.MaskHeader?.[0]?.flags)).toBe(MaskFlag.HasElements);
});

test('values beside the body are masked in their directions', () => {
  const classification = `headers: [{ name: X-A, label: A }]
  cookies: [{ name: Sid, label: A }]
  parameters: [{ name: iban, label: A, match: words }]
  pathParameters: [{ path: "/c/{id}/**", parameter: id, label: A }]`;
  const masking = 'rules: [{ labels: [A], operator: token }]';
  const { request, response } = compileMasksOf(masksOf(classification, masking));
  const shown = (side: CompiledMasks | undefined) =>
    side?.tables.MaskValue?.map(({ place, mode, key, rule }) => [
      place,
      mode,
      key,
      side.show(rule),
    ]);
  const token = `A ${Token} 0 0`;
  const both = [
    [ValuePlace.Header, NameMode.AnyCase, 'x-a', token],
    [ValuePlace.Cookie, NameMode.Exact, 'Sid', token],
  ];
  const query = [ValuePlace.Query, NameMode.Words, 'iban', token];
  expect(shown(request)).toEqual([...both, query]);
  // Of responses, the parameters of addresses that they redirect to.
  expect(shown(response)).toEqual([...both, query]);
  const { Literal, Any, Rest } = SegmentMatch;
  expect(request?.tables.MaskSegment).toEqual([
    { kind: Literal, rule: NONE, key: 'c' },
    { kind: Any, rule: 0, key: '' },
    { kind: Rest, rule: NONE, key: '' },
  ]);
  expect(request?.tables.MaskPath).toEqual([{ segmentStart: 0, segmentCount: 3 }]);
  expect(response?.tables.MaskPath).toEqual([]);
  expect(request?.tables.MaskHeader?.[0]?.labelHeader).toBe('x-dta-labels');
  expect(response?.tables.MaskHeader?.[0]?.labelHeader).toBe('');
});

test('headers that nothing masks are found in requests, fields only where something is masked', () => {
  const headers = documentOf('DataClassification', 'data', 'headers: [{ name: x-a, label: A }]');
  const { request, response } = compileMasksOf(headers);
  expect(request && rulesOf(request)).toEqual(['A only found']);
  expect(response).toBeUndefined();
  const fields = documentOf('DataClassification', 'data', 'fields: [{ name: a, label: A }]');
  expect(compileMasksOf(fields)).toEqual({ request: undefined, response: undefined });
  const other = masksOf(
    'fields: [{ name: a, label: A }]',
    'rules: [{ labels: [B], operator: drop }]',
  );
  expect(compileMasksOf(other).request).toBeUndefined();
});

test('an outbound bundle has no profile of responses', () => {
  const text = masksOf(
    'fields: [{ name: a, label: A }]',
    'rules: [{ labels: [A], operator: drop }]',
  );
  const { request, response } = compileMasksOf(text, { direction: Direction.Outbound });
  expect(request && rulesOf(request)).toEqual([`A ${Drop} 0 0`]);
  expect(Number(request?.tables.MaskHeader?.[0]?.flags)).toBe(MaskFlag.HasDrops);
  expect(response).toBeUndefined();
});

test('keys are written where a rule works with one: those that are given, else well-known ones', () => {
  const fields = 'fields: [{ name: a, label: A }, { name: b, label: B }]';
  const rules = (
    bodies: string,
  ) => `rules: [{ labels: [A], operator: date-shift, days: 9, bodies: [${bodies}] },
    { labels: [B], operator: redact }]`;
  const text = masksOf(fields, rules('request'));
  const known = compileMasksOf(text);
  expect(known.request?.tables.MaskKey).toMatchObject([{ id: 0 }]);
  expect(known.response?.tables.MaskKey).toEqual([]);
  expect(known.request && rulesOf(known.request)).toEqual([
    `A ${DateShift} 0 9`,
    `B ${Redact} 0 0`,
  ]);
  const fill = (byte: number, count: number) => new Uint8Array(count).fill(byte);
  const maskKeys = {
    keyId: 513,
    hash: fill(1, 32),
    siv: fill(2, 32),
    fpe: fill(3, 16),
    dateShift: fill(4, 8),
  };
  expect(compileMasksOf(text, { maskKeys }).request?.tables.MaskKey).toEqual([
    {
      id: 513,
      hash: '01'.repeat(32),
      siv: '02'.repeat(32),
      fpe: '03'.repeat(16),
      dateShift: 0x0404040404040404n,
    },
  ]);
});

test('what cannot be read: by route, and the strictest of several policies', () => {
  const classification = documentOf(
    'DataClassification',
    'data',
    'fields: [{ name: a, label: A }]',
  );
  const policy = (name: string, spec: string) =>
    documentOf('MaskingPolicy', name, `${spec}\n  rules: [{ labels: [A], operator: drop }]`);
  const compile = (...specs: string[]) => {
    const texts = specs.map((spec, i) => policy(`m${i}`, spec));
    const { request } = compileMasksOf([classification, ...texts].join('---\n'));
    const { MaskRoute = [], MaskSegment = [], MaskHeader = [] } = request?.tables ?? {};
    const routes = MaskRoute.map(({ segmentStart, segmentCount, action }) => {
      const start = Number(segmentStart);
      const segments = MaskSegment.slice(start, start + Number(segmentCount));
      return `/${segments.map(({ kind, key }) => ['', '{}', '**'][Number(kind)] || key).join('/')} ${action}`;
    });
    return { unreadable: request?.profile.unreadable, routes, flags: MaskHeader[0]?.flags };
  };
  const { Deny, RedactBody, PassUnmasked } = UnreadableAction;
  const { AllowUpgrades, HasDrops } = MaskFlag;
  const exports = 'routes: [{ paths: [/export/**, "/a/{id}"], unreadable: pass-unmasked }]';
  expect(compile('')).toEqual({ unreadable: Deny, routes: [], flags: HasDrops });
  expect(compile(`unreadable: redact-body\n  upgrades: allow\n  ${exports}`)).toEqual({
    unreadable: RedactBody,
    routes: [`/export/** ${PassUnmasked}`, `/a/{} ${PassUnmasked}`],
    flags: HasDrops | AllowUpgrades,
  });
  expect(
    compile(
      `unreadable: pass-unmasked\n  upgrades: allow`,
      `unreadable: redact-body\n  ${exports}`,
    ),
  ).toEqual({
    unreadable: RedactBody,
    routes: [`/export/** ${PassUnmasked}`, `/a/{} ${PassUnmasked}`],
    flags: HasDrops,
  });
  expect(compile(exports, 'unreadable: redact-body').routes).toEqual([
    `/export/** ${RedactBody}`,
    `/a/{} ${RedactBody}`,
  ]);
});

test('rules that are always weaker than another one are not written', () => {
  const labels = Array.from({ length: 60 }, (_, i) => `L${i}`);
  const bands = ['low', 'guarded', 'high', 'critical'];
  const rules = Array.from({ length: 1000 }, (_, i) => {
    const band = bands[Math.floor(i / 2) % 4];
    const clearance = i % 2 === 0 ? 'ignore' : 'respect';
    return `{ labels: [${labels}], operator: replace, text: t${i}, band: ${band}, clearance: ${clearance} }`;
  });
  const fields = labels.map((label) => `{ name: f, label: ${label} }`);
  const compiled = requestOf(`fields: [${fields}]`, `rules: [${rules}]`);
  // Eight cases of band and clearance at most for each label: far from RULES_MAX.
  expect(compiled.tables.MaskRule?.length).toBeLessThanOrEqual(60 * 8);
  expect(compiled.tables.MaskRule?.length).toBeGreaterThanOrEqual(60);
});
