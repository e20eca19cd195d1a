/** Audit records and counters as the filter hands them out, and streams that a revocation cuts. */
import { beforeEach, expect, test } from 'vitest';

import { decodeAuditBatch } from '../../controller/audit/decode-batch.ts';
import type { Root } from '../../host/vm.ts';
import { bundleOf, CHECKOUT, digestOf, Mesh, STRANGER, stateOf } from './mesh.ts';

const POLICY = (audit: string) => `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders }
  rules:
    - { name: checkout, effect: allow, audit: ${audit}, from: [{ service: checkout }] }
`;

/** Masks a field of both bodies. */
const MASKS = `---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: data }
spec: { destination: { service: orders }, fields: [{ name: ssn, label: PII }] }
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: masks }
spec: { destination: { service: orders }, rules: [{ labels: [PII], operator: redact }] }
`;

let mesh: Mesh;
let root: Root;

/** The batch that is under way. */
function underway() {
  const [call] = mesh.vm.httpCalls;
  if (!call) throw new Error('no batch was sent');
  return { token: call.token, batch: decodeAuditBatch(call.body) };
}

beforeEach(async () => {
  mesh = await Mesh.start();
  root = mesh.bundle(bundleOf(POLICY('always'), { version: 7n }));
  mesh.state(stateOf({ epoch: 3n }));
});

test('a decision becomes a record, a batch is sent again until it is taken', () => {
  mesh.status(root, CHECKOUT, { path: '/orders/1?token=secret' });
  mesh.status(root, STRANGER, { method: 'DELETE' });
  mesh.vm.tick(root);
  const { token, batch } = underway();
  expect(batch.firstSeq).toBe(1n);
  expect(batch.records).toMatchObject([
    {
      verdict: 'Allow',
      source: CHECKOUT,
      rule: 'orders/checkout',
      method: 'GET',
      path: '/orders/1',
      bundleVersion: 7n,
      stateEpoch: 3n,
    },
    { verdict: 'Deny', reason: 'NoRulePermits', source: STRANGER, rule: '', method: 'DELETE' },
  ]);
  mesh.vm.answerHttpCall(token, { status: 503 });
  mesh.vm.tick(root);
  const again = underway();
  expect(again.batch).toEqual(batch);
  mesh.vm.answerHttpCall(again.token, { status: 200 });
  mesh.status(root, CHECKOUT);
  mesh.vm.tick(root);
  expect(underway().batch.firstSeq).toBe(3n);
});

test('a batch whose root goes before the answer is sent again at once, from another root', () => {
  mesh.status(root, CHECKOUT);
  const old = mesh.state(stateOf({ epoch: 4n }));
  mesh.vm.tick(old);
  const lost = underway();
  mesh.state(stateOf({ epoch: 5n }));
  mesh.vm.tick(root);
  expect(mesh.vm.httpCalls).toHaveLength(1);
  mesh.vm.deleteRoot(old);
  mesh.vm.tick(root);
  const again = mesh.vm.httpCalls.at(-1);
  expect(again?.token).not.toBe(lost.token);
  expect(decodeAuditBatch(again?.body ?? new Uint8Array())).toEqual(lost.batch);
  // An answer to the lost one that comes after all is none to this one.
  mesh.vm.answerHttpCall(again?.token ?? 0, { status: 200 });
  mesh.vm.tick(root);
  expect(mesh.vm.httpCalls.filter(({ token }) => token !== lost.token)).toEqual([]);
});

test('the tick flushes the counters', () => {
  mesh.status(root, CHECKOUT);
  mesh.status(root, CHECKOUT);
  mesh.status(root, STRANGER);
  mesh.vm.tick(root);
  expect(mesh.vm.metrics.get('dta_decisions_total_effect=allow')).toBe(2n);
  expect(mesh.vm.metrics.get('dta_decisions_total_effect=deny')).toBe(1n);
  expect(mesh.vm.metrics.get('dta_cache_total_result=hit')).toBe(1n);
  expect(mesh.vm.metrics.get('dta_state_epoch')).toBe(3n);
});

test('a full queue drops and counts, but a synchronous rule denies', async () => {
  for (let i = 0; i < 10_000; i++) mesh.status(root, CHECKOUT);
  mesh.vm.tick(root);
  for (let i = 0; i < 10_000; i++) mesh.status(root, CHECKOUT);
  expect(mesh.status(root, CHECKOUT).status).toBe(200);
  mesh.vm.tick(root);
  expect(mesh.vm.metrics.get('dta_audit_records_total_result=dropped')).toBeGreaterThan(0n);
  mesh.bundle(bundleOf(POLICY('synchronous'), { version: 8n }));
  expect(mesh.status(root, CHECKOUT)).toEqual({ status: 403, code: 'DTA1015' });
});

test('sampled rules record one in sixteen', () => {
  mesh.bundle(bundleOf(POLICY('sampled'), { version: 8n }));
  for (let i = 0; i < 160; i++) mesh.status(root, CHECKOUT);
  mesh.vm.tick(root);
  expect(underway().batch.records).toHaveLength(10);
});

test('a running stream is cut when its source is revoked, others go on', () => {
  const doomed = mesh.stream(root, CHECKOUT);
  mesh.ask(doomed, CHECKOUT, { end: false });
  const twin = mesh.stream(root, CHECKOUT);
  mesh.ask(twin, CHECKOUT, { end: false });
  mesh.state(stateOf({ epoch: 4n, revokedDigests: [digestOf(STRANGER)] }));
  mesh.vm.tick(root);
  expect(doomed.outcome().reset).toBeFalsy();
  mesh.vm.answerHttpCall(underway().token, { status: 200 });
  mesh.state(stateOf({ epoch: 5n, revokedDigests: [digestOf(CHECKOUT)] }));
  mesh.vm.tick(root);
  mesh.vm.tick(root);
  expect(doomed.outcome().reset).toBe(true);
  expect(twin.outcome().reset).toBe(true);
  doomed.end();
  twin.end();
  const cuts = underway().batch.records.filter((record) => record.cutByRevocation);
  expect(cuts).toMatchObject([
    { verdict: 'Deny', reason: 'Revoked', source: CHECKOUT, decision: 2n },
    { verdict: 'Deny', reason: 'Revoked', source: CHECKOUT, decision: 1n },
  ]);
  expect(mesh.status(root, CHECKOUT).code).toBe('DTA1008');
});

test('a source is found by its streams, whatever became of others', () => {
  // More sources than the table has buckets, so that most share one.
  const callers = Array.from({ length: 3000 }, (_, i) =>
    CHECKOUT.replace(/[0-9a-f]{12}$/, String(i).padStart(12, '0')),
  );
  const streams = callers.map((uri) => {
    const stream = mesh.stream(root, uri);
    mesh.ask(stream, uri, { end: false });
    return stream;
  });
  for (const [i, stream] of streams.entries()) if (i % 3 !== 0) stream.end();
  const doomed = callers.filter((_, i) => i % 30 < 2);
  mesh.state(stateOf({ epoch: 4n, revokedDigests: doomed.map(digestOf) }));
  mesh.vm.tick(root);
  const cut = callers.filter((_, i) => i % 3 === 0 && streams[i]?.outcome().reset);
  expect(cut).toEqual(callers.filter((_, i) => i % 30 === 0));
  for (const [i, stream] of streams.entries()) if (i % 3 === 0) stream.end();
});

test('a synchronous decision on a masked route is recorded at once and completed at the end', async () => {
  const masked = `${POLICY('synchronous')}
${MASKS}`;
  mesh.bundle(bundleOf(masked, { version: 8n }));
  const stream = mesh.stream(root, CHECKOUT);
  mesh.ask(stream, CHECKOUT, {
    method: 'POST',
    end: false,
    headers: [['content-type', 'application/json']],
  });
  stream.requestBody('{"ssn":"1"}', true);
  stream.end();
  mesh.status(root, CHECKOUT);
  mesh.vm.tick(root);
  expect(underway().batch.records).toMatchObject([
    { decision: 1n, verdict: 'Allow', maskedRequest: 0 },
    { decision: 1n, verdict: 'Allow', maskedRequest: 1 },
    { decision: 2n, verdict: 'Allow', maskedRequest: 0 },
  ]);
});

test('a denial for an unreadable body carries the id of its own decision', () => {
  const masked = bundleOf(
    `${POLICY('always')}
${MASKS}`,
    { version: 8n },
  );
  mesh.bundle(masked);
  const stream = mesh.stream(root, CHECKOUT);
  mesh.ask(stream, CHECKOUT, {
    method: 'POST',
    end: false,
    headers: [['content-type', 'application/json']],
  });
  mesh.status(root, CHECKOUT);
  const { localResponse } = stream.requestBody('nonsense', true);
  expect(Buffer.from(localResponse?.body ?? []).toString()).toMatch(/-0{15}1"/);
});

test('an agent that is slow is waited for, however many roots tick', () => {
  const roots = [2n, 3n, 4n].map((version) => mesh.bundle(bundleOf(POLICY('always'), { version })));
  mesh.status(root, CHECKOUT);
  const tickAll = () => {
    for (const each of [root, ...roots]) mesh.vm.tick(each);
  };
  for (let i = 0; i < 140; i++) {
    mesh.nowMs += 100;
    tickAll();
  }
  expect(mesh.vm.httpCalls).toHaveLength(1);
  mesh.nowMs += 1_100;
  tickAll();
  expect(mesh.vm.httpCalls).toHaveLength(2);
});
