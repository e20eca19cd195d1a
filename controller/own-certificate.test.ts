/** The controller's own certificate while its clock is set and its key cannot be reached. */
import { X509Certificate } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { LiveMesh } from './api/live-mesh.test-data.ts';
import { OwnCertificate } from './own-certificate.ts';

const hourMs = 3_600_000;

let mesh: LiveMesh;
let own: OwnCertificate;
let startMs: number;
let used: X509Certificate[];
let faults: Set<string>;
let isReachable: boolean;
let retries: { later: () => void; ms: number }[];

beforeEach(async () => {
  mesh = new LiveMesh();
  await mesh.open('mesh.test');
  startMs = mesh.nowMs;
  used = [];
  faults = new Set();
  isReachable = true;
  retries = [];
  const parts = {
    certify: async () => {
      if (!isReachable) throw new Error('the program does not answer');
      return await mesh.certificate();
    },
    use: ({ chainPem }: { chainPem: string }) => used.push(new X509Certificate(chainPem)),
    clock: mesh.clock,
    facade: {
      degrade: (key: string) => faults.add(key),
      mend: (key: string) => faults.delete(key),
    },
    log: pino({ level: 'silent' }),
  };
  own = new OwnCertificate(await mesh.certificate(), parts, (later, ms) => {
    const retry = { later, ms };
    retries.push(retry);
    return () => {
      retries = retries.filter((each) => each !== retry);
    };
  });
});

afterEach(() => mesh.close());

it('makes another after half of its life', async () => {
  for (const afterMs of [0, 5 * hourMs, 11.9 * hourMs]) {
    mesh.nowMs = startMs + afterMs;
    await own.look();
  }
  expect(used).toHaveLength(0);
  mesh.nowMs = startMs + 12.1 * hourMs;
  await own.look();
  await own.look();
  expect(used).toHaveLength(1);
});

it.each([-6 * hourMs, -25 * hourMs, 30 * hourMs])(
  'makes another at once when the clock is set by %d ms, valid then',
  async (byMs) => {
    // As if the authority were of long ago: a clock from before it has no remedy.
    mesh.nowMs = startMs + 48 * hourMs;
    await own.look();
    used.splice(0);
    mesh.nowMs += byMs;
    await own.look();
    await own.look();
    expect(used).toHaveLength(1);
    expect(Date.parse(used[0]?.validFrom ?? '')).toBeLessThanOrEqual(mesh.nowMs);
    expect(Date.parse(used[0]?.validTo ?? '')).toBeGreaterThan(mesh.nowMs + 20 * hourMs);
  },
);

it('bears a clock that is set back by less than it was backdated', async () => {
  mesh.nowMs = startMs - 4 * 60_000;
  await own.look();
  expect(used).toHaveLength(0);
});

it('tries again by itself, and looks do not hurry it', async () => {
  isReachable = false;
  mesh.nowMs = startMs + 13 * hourMs;
  await own.look();
  await own.look();
  expect(retries.map(({ ms }) => ms)).toEqual([1_000]);
  expect(faults).toContain('certificate');
  await again();
  expect(retries.map(({ ms }) => ms)).toEqual([2_000]);
  isReachable = true;
  await again();
  expect(used).toHaveLength(1);
  expect(faults.size).toBe(0);
  expect(retries).toEqual([]);
});

it('makes one when the roots have changed, though the one there is fresh', async () => {
  isReachable = false;
  await own.renew();
  isReachable = true;
  await Promise.all([own.renew(), own.look()]);
  expect(used).toHaveLength(1);
  expect(retries).toEqual([]);
});

it('does nothing more when it is closed', async () => {
  isReachable = false;
  await own.renew();
  own.close();
  await own.renew();
  expect(retries).toEqual([]);
  expect(used).toEqual([]);
});

/** Lets the wait pass; the try that follows has ended then. */
async function again(): Promise<void> {
  const [retry] = retries.splice(0);
  retry?.later();
  await vi.waitFor(() => expect(retries.length + used.length).toBe(1));
}
