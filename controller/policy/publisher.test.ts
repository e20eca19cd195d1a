/** A push replaces what changed, and nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { DtaError } from '../errors.ts';
import { Direction } from '../layout.ts';
import type { MaskKeys } from '../mask-keys.ts';
import { createProver } from '../prove-bundle.ts';
import { Database } from '../store/database.ts';
import { SqliteBundleStore } from '../store/sqlite-bundle-store.ts';
import { type BundleProver, PolicyPublisher, type ProvenBundle } from './publisher.ts';

let dir: string;
let db: Database;
let nowMs: number;
let proved: number;
let publisher: PolicyPublisher;
let keys: MaskKeys | undefined;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dta-publisher-'));
  db = new Database(join(dir, 'store.db'));
  nowMs = Date.UTC(2026, 10, 22, 12);
  proved = 0;
  keys = undefined;
  const clock = () => nowMs;
  const real = await createProver(
    new URL('../../build/filter.wasm', import.meta.url).pathname,
    clock,
  );
  const prove: BundleProver = (bundle) => {
    proved += 1;
    return real(bundle);
  };
  publisher = new PolicyPublisher({
    mesh: 'mesh.test',
    store: new SqliteBundleStore(db),
    prove,
    environments: async () => ['prod'],
    invalid: (errors) => new DtaError('policyInvalid', errors.map((e) => e.message).join('; ')),
    maskKeys: () => keys,
    clock,
    log: pino({ level: 'silent' }),
  });
});

afterEach(() => {
  db.close();
  rmSync(dir, { recursive: true });
});

const policy = (service: string, method: string) => ({
  name: `${service}.yaml`,
  text: `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: ${service} }
spec:
  destination: { service: ${service}, environment: prod }
  rules:
    - name: reads
      effect: allow
      to: [{ methods: [${method}] }]
      when: within(request.time, "09:00-18:00", "Europe/Paris")
`,
});

function versionsOf(bundles: readonly ProvenBundle[]): Map<string, bigint> {
  return new Map(bundles.map((b) => [`${b.service} ${b.direction}`, b.version]));
}

test('bundles that stay the same keep their version and are not proven again', async () => {
  const first = await publisher.push([policy('orders', 'GET'), policy('billing', 'GET')], 'test');
  expect(proved).toBe(4);
  nowMs += 3_600_000;
  const second = await publisher.push([policy('orders', 'PUT'), policy('billing', 'GET')], 'test');
  expect(second.publication.number).toBe(first.publication.number + 1);
  expect(proved).toBe(6);
  const [before, after] = [versionsOf(first.bundles), versionsOf(second.bundles)];
  for (const direction of [0, 1]) {
    expect(after.get(`billing ${direction}`)).toBe(before.get(`billing ${direction}`));
    expect(after.get(`orders ${direction}`)).toBeGreaterThan(
      before.get(`orders ${direction}`) ?? 0n,
    );
  }
});

test('a renewal compiles everything for the time that begins', async () => {
  const first = await publisher.push([policy('orders', 'GET')], 'test');
  nowMs += 12 * 3_600_000;
  await publisher.renew(12 * 3_600_000);
  const renewed = publisher.current()?.bundles ?? [];
  expect(renewed.every(({ compiledAtMs }) => compiledAtMs === nowMs)).toBe(true);
  // What was pushed before the renewal is found unchanged after it, too.
  const again = await publisher.push([policy('orders', 'GET')], 'test');
  expect(versionsOf(again.bundles)).toEqual(versionsOf(renewed));
  expect(versionsOf(again.bundles)).not.toEqual(versionsOf(first.bundles));
});

test('a policy that goes leaves a bundle that denies everything', async () => {
  const first = await publisher.push([policy('orders', 'GET'), policy('billing', 'GET')], 'test');
  const second = await publisher.push([policy('orders', 'GET')], 'test');
  const [before, after] = [versionsOf(first.bundles), versionsOf(second.bundles)];
  expect(after.get('billing 0')).toBeGreaterThan(before.get('billing 0') ?? 0n);
  expect(after.get('orders 0')).toBe(before.get('orders 0'));
});

test('a set with a mistake changes nothing', async () => {
  const first = await publisher.push([policy('orders', 'GET')], 'test');
  const broken = { ...policy('orders', 'GET'), text: 'kind: AccessPolicy' };
  await expect(publisher.push([broken], 'test')).rejects.toThrow('is missing');
  expect(publisher.current()?.publication.number).toBe(first.publication.number);
});

test('masks that need keys are published with those of the mesh, or not at all', async () => {
  const files = [
    {
      name: 'masks.yaml',
      text: `apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: masks }
spec:
  destination: { service: orders, environment: prod }
  rules: [{ labels: [PII], operator: token }]
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: data }
spec:
  destination: { service: orders, environment: prod }
  fields: [{ name: iban, label: PII }]
`,
    },
  ];
  await expect(publisher.push(files, 'ops')).rejects.toThrow(
    'masks of MaskingPolicy `masks` need keys, and this controller has no masking secret',
  );
  const siv = new Uint8Array(32).fill(0x5a);
  keys = {
    keyId: 7,
    hash: new Uint8Array(32),
    siv,
    fpe: new Uint8Array(16),
    dateShift: new Uint8Array(8),
  };
  const { bundles } = await publisher.push(files, 'ops');
  const inbound = bundles.find(({ direction }) => direction === Direction.Inbound);
  expect(Buffer.from(inbound?.bytes ?? []).includes(Buffer.from(siv))).toBe(true);
});
