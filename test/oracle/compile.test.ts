/** Bundles: a golden of a whole one, masks per direction, sharing, determinism and limits. */
import { expect, test } from 'vitest';

import { DtaError } from '../../controller/errors.ts';
import { Band, Direction, MaskOperator, NONE } from '../../controller/layout.ts';
import { compileBundle, targetsOf } from '../../controller/policy/compile.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import { readBundle, readMaskBlob } from './read-sections.ts';

const nowMs = Date.UTC(2026, 2, 27, 12);
const inbound = {
  mesh: 'mesh.test',
  environment: 'prod',
  service: 'orders',
  direction: Direction.Inbound,
};
const options = { version: 7n, nowMs };

const parse = (...texts: string[]) => {
  const { set, errors } = parsePolicySet(texts.map((text, i) => ({ name: `${i}.yaml`, text })));
  expect(errors).toEqual([]);
  return set;
};

const access = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders, environment: prod }
  rules:
    - name: checkout-reads
      effect: allow
      from: [{ service: checkout, team: payments, environment: same, labels: { tier: web } }]
      to: [{ methods: [GET, PURGE], paths: ["/orders/{id}", "/orders/{id}/lines/**"], hosts: ["*.test"] }]
      when: >-
        within(request.time, "Mon-Fri 09:00-18:00", "Europe/Paris")
        && source.cpu < 0.8 && source.worstCve < "high" && !has(environment.alert)
      maxRisk: guarded
      clearance: [PII]
      audit: always
    - { name: no-admin, effect: deny, to: [{ paths: [/admin/**] }] }
    - { name: health, effect: allow, to: [{ methods: [GET] }] }
    - name: reports
      effect: allow
      from: [{ team: [data, "fin*"], notLabels: { tier: [web, "*-old"] } }]
      to:
        - paths: ["/reports/{year}/q*", "*.csv", /reports]
          headers: { X-Tenant: [north, "south-*"] }
          notParameters: { debug: "*" }
      when: >-
        environment.alert <= 2 && request.path != "/reports/secret" && source.domain.endsWith(".test")
        && !(request.host == "old.test" || "PII" in request.labels)
        && onDate(request.time, ["03-28..03-29"], "UTC")
`;

const data = `apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: orders-data }
spec:
  destination: { service: orders }
  fields:
    - { path: $.customer.iban, label: PII }
    - { path: $.customer.iban, label: PCI }
    - { path: "$.lines[*].card", label: PCI }
    - { name: SSN, label: PII }
    - { name: note, label: Unmasked }
  values: [{ detector: card, label: PCI }, { detector: card, label: PII }]
  headers: [{ name: x-customer, label: PII }]
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: orders-masks }
spec:
  destination: { service: orders }
  rules:
    - { labels: [PCI], operator: keep-last, keep: 6 }
    - { labels: [PCI], operator: keep-last, keep: 4, bodies: [request] }
    - { labels: [PII], operator: redact, bodies: [response] }
`;

test('a whole bundle', async () => {
  const { header, records, numbers } = readBundle(
    compileBundle(parse(access, data), inbound, options),
  );
  const shown = JSON.stringify(
    { header, numbers, records },
    (_, value) => (typeof value === 'bigint' ? `${value}` : value),
    1,
  );
  const oneLineRecords = shown.replaceAll(/\n {3,}/g, ' ').replaceAll(/\n {2}([\]}])/g, '$1');
  await expect(`${oneLineRecords}\n`).toMatchFileSnapshot('../goldens/bundle.json');
});

const masks = (direction: Direction) => {
  const { records, bytes } = readBundle(
    compileBundle(parse(data), { ...inbound, direction }, options),
  );
  const labels = records.Labels?.map((label) => String(label.name)) ?? [];
  const nameBits = (bits: unknown) =>
    labels.filter((_, i) => (BigInt(String(bits)) >> BigInt(i)) & 1n);
  return (records.MaskProfiles ?? []).map((profile) => {
    const start = Number(profile.blobOff);
    const blob = readMaskBlob(
      bytes.MaskBlobs?.subarray(start, start + Number(profile.blobLen)) ?? new Uint8Array(),
    );
    const ruleOf = (index: unknown) => {
      const { labels: bits, operator, keep, minBand } = blob.MaskRule?.[Number(index)] ?? {};
      const isFoundOnly = Number(minBand) > Band.Critical;
      return `${nameBits(bits)} ${isFoundOnly ? 'only found' : `${operator}/${keep}`}`;
    };
    return {
      side: profile.side,
      rules: blob.MaskRule?.map((_, i) => ruleOf(i)),
      detectors: blob.MaskDetector?.map(({ kind, rule }) => `${kind} ${ruleOf(rule)}`),
      names: blob.MaskName?.map((name) => `${name.key} ${name.mode} ${ruleOf(name.rule)}`),
      values: blob.MaskValue?.map(({ place, key, rule }) => `${place} ${key} ${ruleOf(rule)}`),
      nodes: blob.MaskNode?.flatMap((node) => (node.rule === NONE ? [] : [ruleOf(node.rule)])),
      keys: blob.MaskEdge?.map((edge) => edge.key),
    };
  });
};

test('an inbound bundle masks both bodies, the strongest rule of each label wins', () => {
  const { KeepLast, Redact } = MaskOperator;
  expect(masks(Direction.Inbound)).toEqual([
    {
      side: 0,
      rules: [`PCI ${KeepLast}/4`, 'PII only found', 'Unmasked only found'],
      detectors: [`1 PCI ${KeepLast}/4`, '1 PII only found'],
      names: ['ssn 1 PII only found', 'note 1 Unmasked only found'],
      values: ['0 x-customer PII only found'],
      nodes: ['PII only found', `PCI ${KeepLast}/4`, `PCI ${KeepLast}/4`],
      keys: ['lines', 'customer', 'iban', 'iban', '', 'card'],
    },
    {
      side: 1,
      rules: [`PCI ${KeepLast}/6`, `PII ${Redact}/0`, 'Unmasked only found'],
      detectors: [`1 PCI ${KeepLast}/6`, `1 PII ${Redact}/0`],
      names: [`ssn 1 PII ${Redact}/0`, 'note 1 Unmasked only found'],
      values: [`0 x-customer PII ${Redact}/0`],
      nodes: [`PII ${Redact}/0`, `PCI ${KeepLast}/6`, `PCI ${KeepLast}/6`],
      keys: ['lines', 'customer', 'iban', 'iban', '', 'card'],
    },
  ]);
});

test('an outbound bundle masks requests only', () => {
  expect(masks(Direction.Outbound).map((profile) => profile.side)).toEqual([0]);
});

test('the order of files does not show, version and time do', () => {
  const bytes = compileBundle(parse(access, data), inbound, options);
  const renamed = (text: string) => parsePolicySet([{ name: 'a', text }]).set;
  const forth = compileBundle(renamed(`${access}---\n${data}`), inbound, options);
  const documents = data.split('---\n');
  const back = compileBundle(renamed(`${documents[1]}---\n${documents[0]}`), inbound, options);
  const data1 = compileBundle(renamed(data), inbound, options);
  expect(Buffer.compare(back, data1)).toBe(0);
  expect(Buffer.compare(compileBundle(parse(access, data), inbound, options), bytes)).toBe(0);
  expect(Buffer.compare(forth, bytes)).toBe(0);
  const later = compileBundle(parse(access, data), inbound, { version: 8n, nowMs });
  expect(Buffer.compare(later, bytes)).not.toBe(0);
});

test('only policies of the destination are in its bundle; none denies everything', () => {
  const rulesOf = (environment: string, service: string) =>
    readBundle(compileBundle(parse(access), { ...inbound, environment, service }, options)).records
      .Rules;
  expect(rulesOf('prod', 'orders')).toHaveLength(4);
  expect(rulesOf('test', 'orders')).toEqual([]);
  expect(rulesOf('prod', 'cart')).toEqual([]);
});

test('targets are the destinations of all kinds', () => {
  expect(targetsOf(parse(access, data))).toEqual([
    { service: 'orders' },
    { service: 'orders', environment: 'prod' },
  ]);
});

const many = (count: number, ruleOf: (i: number) => string) => `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: many }
spec:
  destination: { service: orders }
  rules:
${Array.from({ length: count }, (_, i) => ruleOf(i)).join('\n')}
`;

test('ten thousand rules share what they can', () => {
  const text = many(10_000, (i) => {
    const from = `[{ service: s${i % 500}, environment: same }]`;
    const to = `[{ methods: [GET, POST], paths: ["/api/v${i % 10}/r${i % 2_000}/{id}"] }]`;
    const when = `'source.cpu < 0.${(i % 9) + 1}'`;
    return `    - { name: r${i}, effect: allow, from: ${from}, to: ${to}, when: ${when} }`;
  });
  const { records } = readBundle(compileBundle(parse(text), inbound, options));
  expect(records.Rules).toHaveLength(10_000);
  expect(records.Outcomes).toHaveLength(1);
  expect(records.Selectors).toHaveLength(500);
  expect(records.IdentityTests).toHaveLength(501);
  expect(records.PathPatterns).toHaveLength(2_000);
  expect(records.Routes).toHaveLength(2_000);
  expect(records.Programs).toHaveLength(9);
  expect(records.Atoms).toHaveLength(9);
}, 60_000);

test('ten thousand rules that share nothing have 240 bytes each', () => {
  const text = many(10_000, (i) => {
    const from = `[{ service: caller-${i}, environment: same }]`;
    const to = `[{ methods: [GET], paths: ["/resource-${i}/{id}"] }]`;
    const window = `Mon-Fri 09:00-18:${10 + (Math.floor(i / 99) % 50)}`;
    const when = `source.cpu < ${((i % 99) + 1) / 100} && within(request.time, "${window}", "UTC")`;
    return `    - { name: rule-${i}, effect: allow, from: ${from}, to: ${to}, when: '${when}' }`;
  });
  const bytes = compileBundle(parse(text), inbound, options);
  // Of 100,000 rules there is room for 24 MB, so a tenth of that here.
  expect(bytes.length).toBeLessThan(2_400_000);
  const { records } = readBundle(bytes);
  for (const section of ['Selectors', 'Services', 'Routes', 'PathPatterns', 'PathEdges']) {
    expect(records[section], section).toHaveLength(10_000);
  }
}, 60_000);

test('a set of more than a bundle holds is refused with its size', () => {
  const [policy] = parse(many(1, () => '    - { name: r, effect: allow }')).access;
  const [rule] = policy?.rules ?? [];
  if (policy === undefined || rule === undefined) throw new Error('nothing was parsed');
  const rules = Array.from({ length: 50_000 }, (_, i) => {
    const literal = `${i}-${'x'.repeat(600)}`;
    const end = 'exact' as const;
    const paths = [{ text: `/${literal}`, segments: [{ literal }], end, affix: '' }];
    return { ...rule, to: [{ methods: [], hosts: [], paths, also: undefined }] };
  });
  const set = { access: [{ ...policy, rules }], classifications: [], masking: [] };
  expect(() => compileBundle(set, inbound, options)).toThrow(DtaError);
  expect(() => compileBundle(set, inbound, options)).toThrow(
    /would have \d{8} bytes, at most 33554432/,
  );
});
