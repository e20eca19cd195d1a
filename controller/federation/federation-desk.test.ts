/** Foreign domains over time: what is taken, what goes on, and when it is said. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { Authority } from '../identity/authority.ts';
import { checkTrustDomain } from '../identity/spiffe-id.ts';
import { Database } from '../store/database.ts';
import { SqliteFederationStore } from '../store/sqlite-federation-store.ts';
import { FederationDesk } from './federation-desk.ts';
import type { BundleSource } from './model.ts';
import { writeBundle } from './write-bundle.ts';

let dir: string;
let path: string;
let source: BundleSource;
let db: Database;
let nowMs: number;
let told: number;
const results: string[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-desk-'));
  path = join(dir, 'b.json');
  source = { kind: 'file', path };
  db = new Database(':memory:');
  nowMs = Date.now();
  told = 0;
  results.length = 0;
});
afterEach(() => {
  db.close();
  rmSync(dir, { recursive: true });
});

async function open(domainsMax = 2): Promise<FederationDesk> {
  const desk = new FederationDesk({
    ...{ trustDomain: 'a.test', checkTrustDomain, domainsMax },
    store: new SqliteFederationStore(db),
    clock: () => nowMs,
    log: pino({ level: 'silent' }),
    observer: { onRefresh: (name, result) => results.push(`${name} ${result}`) },
  });
  await desk.open();
  desk.onChange(() => {
    told += 1;
  });
  return desk;
}

async function write(sequence: number, roots = 1): Promise<void> {
  const made = await Promise.all(
    Array.from({ length: roots }, () => Authority.make('b.test', nowMs)),
  );
  const rootPem = made.map((authority) => authority.rootPem).join('');
  writeFileSync(path, writeBundle({ rootPem, sequence, refreshHintSeconds: 60 }));
}

test('a domain is there with its bundle, also after a restart', async () => {
  await write(5, 2);
  const desk = await open();
  expect(await desk.add('b.test', source, 'ann')).toMatchObject({ actor: 'ann', isStale: false });
  expect(told).toBe(1);
  const [trusted] = (await open()).trusted();
  expect(trusted?.trustDomain).toBe('b.test');
  expect(trusted?.rootPem.match(/BEGIN/g)).toHaveLength(2);
  await desk.remove('b.test', 'ann');
  expect((await open()).list()).toEqual([]);
  await expect(desk.remove('b.test', 'ann')).rejects.toMatchObject({ code: 'notFound' });
});

test.each([
  ['a.test', /is the trust domain of this mesh/],
  ['B.test', /not valid/],
  ['', /not valid/],
])('%j is not federated', async (name, message) => {
  await write(1);
  await expect((await open()).add(name, source, 'ann')).rejects.toThrowError(message);
});

test('there are only so many', async () => {
  await write(1);
  const desk = await open(1);
  await desk.add('b.test', source, 'ann');
  await desk.add('b.test', source, 'ann');
  await expect(desk.add('c.test', source, 'ann')).rejects.toMatchObject({ code: 'usage' });
});

test('a change is taken when it is due, an older bundle never', async () => {
  await write(5);
  const desk = await open();
  await desk.add('b.test', source, 'ann');
  const before = desk.trusted();
  await write(6);
  await desk.refreshDue();
  expect(desk.trusted()).toEqual(before);
  nowMs += 5_000;
  await desk.refreshDue();
  expect(desk.trusted()).not.toEqual(before);
  expect(told).toBe(2);
  const current = desk.trusted();
  await write(4);
  nowMs += 5_000;
  await desk.refreshDue();
  expect(desk.trusted()).toEqual(current);
  expect(desk.show('b.test').fault).toMatch(
    /`spiffe_sequence` of the bundle is 4, it was 6 before/,
  );
  expect(results).toEqual(['b.test changed', 'b.test failed']);
  expect(told).toBe(2);
});

test('the last good bundle goes on, and is stale after an hour', async () => {
  await write(5);
  const desk = await open();
  await desk.add('b.test', source, 'ann');
  expect(desk.faults()).toEqual([]);
  writeFileSync(path, 'oops');
  const failedAtMs = nowMs + 5_000;
  nowMs = failedAtMs;
  await desk.refreshDue();
  expect(desk.trusted()).toHaveLength(1);
  expect(desk.faults()[0]).toMatchObject({ sinceMs: failedAtMs });
  expect(desk.faults()[0]?.what).toMatch(/^the bundle of b.test is not refreshed, .*is no JSON/);
  nowMs += 3_600_000;
  expect(desk.show('b.test').isStale).toBe(true);
  expect(desk.faults()[0]?.what).toMatch(/^the bundle of b.test is stale/);
  await expect(desk.refresh('b.test')).rejects.toMatchObject({ code: 'usage' });
  await write(5);
  expect(await desk.refresh('b.test')).toMatchObject({ isStale: false });
  expect(desk.show('b.test').fault).toBeUndefined();
});

test('a bundle without roots trusts nobody', async () => {
  await write(5);
  const desk = await open();
  await desk.add('b.test', source, 'ann');
  writeFileSync(path, '{"keys": [], "spiffe_sequence": 6}');
  await desk.refresh('b.test');
  expect(desk.trusted()).toEqual([]);
  expect(told).toBe(2);
});

test('a removal does not wait for an endpoint that hangs', async () => {
  await write(5);
  await (await open()).add('b.test', source, 'ann');
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
  const store = new SqliteFederationStore(db);
  const [known] = await store.federatedDomains();
  if (!known) throw new Error('nothing stored');
  await store.keepFederated({ ...known, source: { kind: 'https_web', url } });
  const desk = await open();
  const asked = new Promise<Socket>((resolve) => silent.once('connection', resolve));
  const refreshed = desk.refresh('b.test');
  const socket = await asked;
  await desk.remove('b.test', 'ann');
  expect(desk.trusted()).toEqual([]);
  socket.destroy();
  await expect(refreshed).rejects.toMatchObject({ code: 'notFound' });
  expect(desk.list()).toEqual([]);
  silent.close();
});

test('a stored document that is not understood trusts nobody, and nothing fails', async () => {
  await write(5);
  await (await open()).add('b.test', source, 'ann');
  db.run(`UPDATE federated_domain SET document = '{}'`);
  const desk = await open();
  expect(desk.trusted()).toEqual([]);
  await desk.refresh('b.test');
  expect(desk.trusted()).toHaveLength(1);
});
