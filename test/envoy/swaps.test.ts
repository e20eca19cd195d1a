/** Policy swaps, a broken policy and a controller that restarts, all under load in a real Envoy. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Answer, type Client, http1Client, http2Client } from './client.ts';
import { LiveMesh } from './live-mesh.ts';
import { isOk, underLoad } from './load.ts';
import { meshPolicies } from './policies.ts';
import { answerJson, Upstream } from './upstream.ts';

const swapCount = 20;
const answersPerSwap = 100;
const ratePerSecond = 500;
const connections = 8;

describe('under load', () => {
  let upstream: Upstream;
  let mesh: LiveMesh;
  let client: Client;
  let port: number;
  beforeAll(async () => {
    upstream = await Upstream.start();
    upstream.answer('/orders/7', (reply) =>
      answerJson(reply, '{"card":"4111-1111-1111-1111","a":{"ssn":"1"},"b":{"ssn":"2"}}'),
    );
    mesh = await LiveMesh.start({
      policies: meshPolicies(['orders']),
      sidecars: [{ service: 'orders', app: { port: upstream.port } }],
    });
    port = mesh.sidecar('orders').inboundPort;
    client = http1Client({ port, identity: await mesh.join({ service: 'checkout' }) }, connections);
  });
  afterAll(async () => {
    client?.close();
    await mesh?.stop();
    await upstream?.close();
  });
  const ask = () => client.ask({ path: '/orders/7' });
  const version = async () => {
    const { proxies } = await mesh.operator.status();
    return proxies[0]?.resources.find(({ name }) => name === 'dta/inbound')?.ackedVersion ?? '';
  };

  it('20 swaps fail no request, and each is answered under one version', async () => {
    const result = await underLoad(ask, connections, judgeVersion, async (answers) => {
      for (let i = 0; i < swapCount; i++) {
        await mesh.push(meshPolicies(['orders'], i % 2 === 0 ? '"null"' : 'redact'));
        await mesh.untilCurrent();
        await answers(answersPerSwap);
      }
    });
    const { requests, perSecond, failures } = result;
    console.log(
      `measured: ${swapCount} swaps at ${perSecond} requests/s: ${failures.length} of ${requests} failed`,
    );
    expect(failures).toEqual([]);
    expect(perSecond).toBeGreaterThanOrEqual(ratePerSecond);
  });

  it('a broken policy is refused and the one before goes on', async () => {
    const before = await version();
    const broken = meshPolicies(['orders']).replace('effect: allow', 'efect: allow');
    const result = await underLoad(ask, 2, judgeVersion, async () => {
      await expect(mesh.push(broken)).rejects.toMatchObject({ code: 'policyInvalid' });
    });
    expect(result.failures).toEqual([]);
    expect(await version()).toBe(before);
  });

  it('a policy that takes everything away holds at once, and one that gives it back too', async () => {
    const none = meshPolicies(['orders']).replace('service: checkout', 'service: nobody');
    await mesh.push(none);
    await expect.poll(async () => (await ask()).status).toBe(403);
    await mesh.push(meshPolicies(['orders']));
    await expect.poll(async () => (await ask()).status).toBe(200);
  });

  it('a controller that is away changes nothing, and is heard again when it is back', async () => {
    const revoked = await mesh.join({ service: 'checkout' });
    await mesh.operator.revoke(revoked.instance, 'before the restart');
    const before = BigInt(await version());
    const result = await underLoad(ask, 2, isOk, async (answers) => {
      await mesh.stopController();
      await answers(answersPerSwap);
      await mesh.restartController();
      await mesh.push(meshPolicies(['orders'], '"null"'));
      await expect.poll(async () => (await ask()).body, { timeout: 20_000 }).toContain('null');
    });
    expect(result.failures).toEqual([]);
    await mesh.untilCurrent();
    expect(BigInt(await version())).toBeGreaterThan(before);
    const refused = http1Client({ port, identity: revoked });
    expect((await refused.ask({ path: '/orders/7' })).status).not.toBe(200);
    refused.close();
  });

  it('a revocation after the restart reaches the proxy', async () => {
    const identity = await mesh.join({ service: 'checkout' });
    const session = http2Client({ port, identity });
    expect((await session.ask({ path: '/orders/7' })).status).toBe(200);
    await mesh.operator.revoke(identity.instance, 'after the restart');
    const status = async () => (await session.ask({ path: '/orders/7' })).status;
    await expect.poll(status).toBe(403);
    session.close();
  });
});

/** Both personal fields are redacted, or both are null: never one of each. */
function judgeVersion({ status, body }: Answer): string | undefined {
  if (status !== 200) return `status ${status}: ${body}`;
  const isWhole = ['"***"', 'null'].some(
    (value) => body === `{"card":"****-****-****-1111","a":{"ssn":${value}},"b":{"ssn":${value}}}`,
  );
  return isWhole ? undefined : body;
}
