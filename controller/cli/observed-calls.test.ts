import { expect, test } from 'vitest';

import type { AuditRecordReply } from '../api/messages.ts';
import { Reason } from '../layout.ts';
import { observedCalls, readRecordLines } from './observed-calls.ts';

test('calls come from inbound records; the reporter is the destination', () => {
  const { allowed } = observedCalls([record({})]);
  expect(allowed).toMatchObject([
    {
      source: { environment: 'prod', team: 'payments', service: 'checkout' },
      destination: { environment: 'prod', service: 'orders' },
      method: 'GET',
      path: '/orders/7',
      rule: 'orders/checkout',
    },
  ]);
});

test('of the denied only those that no rule permitted are calls', () => {
  const reasons = Object.keys(Reason);
  const { allowed, unpermitted, passedOver } = observedCalls(
    reasons.map((reason) => record({ verdict: 'Deny', reason, decisionId: reason })),
  );
  expect(allowed).toEqual([]);
  expect(unpermitted.map(({ decisionId }) => decisionId)).toEqual(['NoRulePermits']);
  expect(passedOver).toBe(reasons.length - 1);
});

test.each([
  ['without an identity', { source: '' }],
  ['of another mesh', { source: idOf('other.example', 'checkout') }],
  ['of a caller that was revoked meanwhile', { cutByRevocation: true }],
  ['of a caller’s own proxy', { direction: 'Outbound' }],
  ['refused by a restriction', { verdict: 'Degrade', reason: 'RateLimited' }],
])('records %s are passed over', (_, changes) => {
  expect(observedCalls([record(changes)])).toEqual({ allowed: [], unpermitted: [], passedOver: 1 });
});

test('a line that is no record is named', () => {
  const text = `${JSON.stringify(record({}))}\n\n{"id":1}\n`;
  expect(() => readRecordLines('records.jsonl', text)).toThrow(/`records.jsonl`, line 3/);
  expect(readRecordLines('records.jsonl', `${JSON.stringify(record({}))}\n`)).toEqual([record({})]);
});

function idOf(domain: string, service: string): string {
  return `spiffe://${domain}/env/prod/team/payments/svc/${service}/i/00000000-0000-4000-8000-00000000000b`;
}

function record(changes: Partial<AuditRecordReply>): AuditRecordReply {
  return {
    id: 1,
    decisionId: 'vm-1',
    reporter: idOf('mesh.example', 'orders'),
    vmId: 'vm',
    receivedAtMs: 2,
    seq: '1',
    decision: '1',
    timeMs: 1,
    direction: 'Inbound',
    verdict: 'Allow',
    reason: 'Permitted',
    band: 'Low',
    bundleVersion: '1',
    stateEpoch: '1',
    clearance: '0',
    maskedRequest: 0,
    maskedResponse: 0,
    source: idOf('mesh.example', 'checkout'),
    rule: 'orders/checkout',
    method: 'GET',
    path: '/orders/7',
    cutByRevocation: false,
    shadowDiffers: false,
    labels: '0',
    bodyPassed: false,
    bodyRedacted: false,
    ...changes,
  };
}
