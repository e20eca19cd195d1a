/** Certificates that are renewed while traffic runs through a real Envoy (draft-si-service-mesh-dta-00, certificate rotation). */
import { X509Certificate } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { http1Client, rawConnection } from './client.ts';
import { LiveMesh } from './live-mesh.ts';
import { isOk, underLoad } from './load.ts';
import { meshPolicies } from './policies.ts';
import { Upstream } from './upstream.ts';

const leafTtlMs = 20_000;
/** At least so many before and after. */
const handshakes = 50;
/** Due between 45 % and 55 % of the life, of which a part is before its issue: never sooner than this. */
const earliestMs = 0.3 * leafTtlMs;
/** Never later than this, with what a handshake takes. */
const latestMs = 0.6 * leafTtlMs;

describe('a certificate of 20 seconds', () => {
  let upstream: Upstream;
  let mesh: LiveMesh;
  beforeAll(async () => {
    upstream = await Upstream.start();
    mesh = await LiveMesh.start({
      policies: meshPolicies(['orders']),
      sidecars: [{ service: 'orders', app: { port: upstream.port } }],
      leafTtlMs,
    });
  });
  afterAll(async () => {
    await mesh?.stop();
    await upstream?.close();
  });
  const held = () => {
    const identity = mesh.sidecar('orders').agent.current();
    return new X509Certificate(identity?.chainPem ?? '').fingerprint256;
  };

  it('is renewed without a failed request, and new connections show the new one', async () => {
    const identity = await mesh.join({ service: 'checkout' });
    const port = mesh.sidecar('orders').inboundPort;
    const shown = async () => {
      const socket = await rawConnection({ port, identity });
      const { fingerprint256 = '' } = socket.getPeerX509Certificate() ?? {};
      socket.destroy();
      return fingerprint256;
    };
    const first = await shown();
    // A connection for each request: every one is a handshake.
    const ask = async () => {
      const client = http1Client({ port, identity });
      const answer = await client.ask({ path: '/orders/7' });
      client.close();
      return answer;
    };
    const result = await underLoad(ask, 2, isOk, async (answers) => {
      await answers(handshakes);
      await expect.poll(shown, { timeout: leafTtlMs, interval: 50 }).not.toBe(first);
      await answers(handshakes);
    });
    const { requests, failures } = result;
    console.log(`measured: rotation under ${requests} handshakes: ${failures.length} failed`);
    expect(failures).toEqual([]);
  });

  it('is renewed again at about half of its life', async () => {
    const first = held();
    await expect.poll(held, { timeout: leafTtlMs, interval: 20 }).not.toBe(first);
    const second = held();
    const renewedAt = performance.now();
    await expect.poll(held, { timeout: leafTtlMs, interval: 20 }).not.toBe(second);
    const tookMs = performance.now() - renewedAt;
    console.log(
      `measured: renewed after ${(tookMs / 1_000).toFixed(1)} s of ${leafTtlMs / 1_000} s`,
    );
    expect(tookMs).toBeGreaterThan(earliestMs);
    expect(tookMs).toBeLessThan(latestMs);
  });
});
