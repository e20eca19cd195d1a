/** What is known of the trust of proxies. */
import { expect, it } from 'vitest';

import { TrustOfProxies } from './trust-of-proxies.ts';
import type { ProxyStatus, ResourceStatus } from './xds/model.ts';

let nowMs = 1_000_000;

function context(name: string, ackedVersion: string | undefined): ResourceStatus {
  return { name, ackedVersion, sentVersion: '9.9', nack: undefined, ackLatencyMs: undefined };
}

function proxy(spiffeId: string, ...resources: ResourceStatus[]): ProxyStatus {
  return { spiffeId, nodeId: 'node', connectedAtMs: 0, resources };
}

it('knows of each proxy the oldest context that it acknowledged, and remembers it for a minute', () => {
  const trust = new TrustOfProxies(() => nowMs);
  trust.note([
    proxy('a', context('dta-validation', '7.3'), context('dta-validation/prod/x', '5.1')),
    proxy('b', context('dta-validation', '7.3'), context('dta-validation/prod/x', undefined)),
    proxy('c', context('dta-validation', 'odd')),
    proxy('d', context('dta-state', '7')),
  ]);
  expect(trust.holders()).toEqual([
    { who: 'a', what: 'proxy', generation: 5 },
    { who: 'b', what: 'proxy', generation: undefined },
    { who: 'c', what: 'proxy', generation: undefined },
  ]);
  nowMs += 60_000;
  trust.note([proxy('a', context('dta-validation', '8.1'))]);
  expect(trust.holders()).toHaveLength(3);
  nowMs += 1;
  trust.note([]);
  expect(trust.holders()).toEqual([{ who: 'a', what: 'proxy', generation: 8 }]);
});
