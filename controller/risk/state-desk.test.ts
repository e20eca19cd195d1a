/** One epoch for all proxies, and an edition that cannot be encoded never takes the place of one that can. */
import { expect, test } from 'vitest';

import { Attribute, Band, RESERVED_BYTES, StateHeader } from '../layout.ts';
import type { LiveNow } from './live-value-desk.ts';
import { StateDesk } from './state-desk.ts';

function desk() {
  let epoch = 0n;
  const revoked = { digests: [] as string[], instances: [] as string[] };
  const live: { now: LiveNow } = { now: { signals: [], bands: [], restrictions: [] } };
  const made = new StateDesk({
    mesh: 'mesh.test',
    store: { nextEpoch: async () => ++epoch },
    revoked: async () => ({ digests: [...revoked.digests], instances: [...revoked.instances] }),
    live: async () => live.now,
    clock: () => 1_000,
  });
  return { made, revoked, live };
}

const reader = { spiffeId: 'spiffe://mesh.test/x', labels: { tier: 'gold', zone: 'a' } };

test('there is no state before the first epoch', async () => {
  const { made } = desk();
  expect(made.epoch).toBe(0n);
  expect(made.stateFor(reader)).toBeUndefined();
});

test('a state names its proxy, its labels and what is revoked', async () => {
  const { made, revoked } = desk();
  revoked.digests.push('ab'.repeat(32));
  await made.advance();
  const bytes = made.stateFor(reader);
  expect(bytes).toBe(made.stateFor(reader));
  expect(Buffer.from(bytes ?? []).toString('latin1')).toContain(
    'OU=label.tier=gold,OU=label.zone=a',
  );
  const epochAt = RESERVED_BYTES + StateHeader.epoch;
  expect(Buffer.from(bytes ?? []).readBigUInt64LE(epochAt)).toBe(1n);
  expect(made.isRevoked('ab'.repeat(32))).toBe(true);
});

test('revocations that do not fit are reported, and the last edition goes on', async () => {
  const { made, revoked } = desk();
  await made.advance();
  for (let i = 0; i < 40_000; i++) revoked.digests.push(i.toString(16).padStart(64, '0'));
  await expect(made.advance()).rejects.toThrow('bytes, at most');
  expect(made.epoch).toBe(1n);
  expect(made.stateFor(reader)).toBeDefined();
  revoked.digests.length = 0;
  await made.advance();
  expect(made.epoch).toBe(3n);
});

test('live values are those of the moment of the epoch', async () => {
  const { made, live } = desk();
  const signal = { attribute: Attribute.EnvironmentFact, value: 1, observedAtMs: 1, maxAgeMs: 0 };
  live.now = {
    signals: [{ subject: 'freeze', ...signal }],
    bands: [{ subject: 'prod/orders', band: Band.Low }],
    restrictions: [],
  };
  await made.advance();
  const text = () => Buffer.from(made.stateFor(reader) ?? []).toString('latin1');
  expect(text()).toContain('freeze');
  expect(text()).toContain('prod/orders');
  live.now = { signals: [], bands: [], restrictions: [] };
  expect(text()).toContain('freeze');
  await made.advance();
  expect(text()).not.toContain('freeze');
});
