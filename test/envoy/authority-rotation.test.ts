/** Issuing keys that are replaced while traffic runs through real Envoys: nobody may notice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { HeldIdentity } from '../../controller/agent/identity.ts';
import { DtaError } from '../../controller/errors.ts';
import { type Answer, http1Client, rawConnection } from './client.ts';
import { LiveMesh } from './live-mesh.ts';
import { isOk, underLoad } from './load.ts';
import { meshPolicies } from './policies.ts';
import { Upstream } from './upstream.ts';

describe('an issuing key', () => {
  let upstream: Upstream;
  let mesh: LiveMesh;
  beforeAll(async () => {
    upstream = await Upstream.start();
    const app = { port: upstream.port };
    mesh = await LiveMesh.start({
      policies: meshPolicies(['orders', 'checkout']),
      sidecars: [
        { service: 'orders', app },
        { service: 'checkout', app, callees: ['orders'] },
      ],
    });
  });
  afterAll(async () => {
    await mesh?.stop();
    await upstream?.close();
  });

  const held = (service: string): HeldIdentity => {
    const identity = mesh.sidecar(service).agent.current();
    if (!identity) throw new Error(`${service} has no identity`);
    return identity;
  };
  const services = ['orders', 'checkout'];

  /** With the identity that the agent of checkout holds now, each time in a new handshake. */
  const handshake = async (): Promise<Answer> => {
    const client = http1Client({
      port: mesh.sidecar('orders').inboundPort,
      identity: held('checkout'),
    });
    const answer = await client.ask({ path: '/orders/7' });
    client.close();
    return answer;
  };
  /** Through both sidecars: the Envoy of checkout checks the one of orders. */
  const throughBoth = async (): Promise<Answer> => {
    const port = mesh.sidecar('checkout').outboundPorts.get('orders');
    const response = await fetch(`http://127.0.0.1:${port}/orders/7`);
    const bytes = Buffer.from(await response.arrayBuffer());
    return {
      ...{ status: response.status, headers: {}, trailers: {}, wasCut: false },
      ...{ bytes, body: bytes.toString() },
    };
  };

  /** Lets the prepared key sign as soon as everybody knows it; gives how long that took. */
  async function activate(): Promise<number> {
    const startedAt = performance.now();
    for (;;) {
      try {
        await mesh.operator.activateIssuer({});
        return performance.now() - startedAt;
      } catch (error) {
        if (!(error instanceof DtaError) || error.code !== 'conflict') throw error;
        if (performance.now() - startedAt > 30_000) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Replaces the active key; gives the old one, of which no instance lives any more. */
  async function rotate(sameRoot: boolean): Promise<string> {
    const old = (await mesh.operator.authority()).issuers[0]?.id ?? '';
    const before = services.map((service) => held(service).chainPem);
    await mesh.operator.prepareIssuer({ sameRoot });
    const knownMs = await activate();
    await mesh.operator.taintIssuer(old, {});
    const renewed = () => services.every((service, i) => held(service).chainPem !== before[i]);
    await expect.poll(renewed, { timeout: 20_000, interval: 20 }).toBe(true);
    console.log(`measured: issuing key known everywhere after ${knownMs.toFixed(0)} ms`);
    return old;
  }

  /** What a connection with this identity gets to hear first. */
  async function firstLine(identity: HeldIdentity): Promise<string> {
    const socket = await rawConnection({ port: mesh.sidecar('orders').inboundPort, identity });
    // TLS 1.3: the client hears of a refusal only when it reads.
    const said = new Promise<string>((resolve) => {
      socket.on('data', (text) => resolve(String(text).split('\r\n')[0] ?? ''));
      socket.on('error', (error) => resolve(error.message));
      socket.on('close', () => resolve('closed'));
    });
    socket.write('GET /orders/7 HTTP/1.1\r\nhost: x\r\n\r\n');
    const line = await said;
    socket.destroy();
    return line;
  }

  it.each([
    [false, () => (Math.random() < 0.5 ? handshake() : throughBoth())],
    // Not on connections of before: what the first case revoked is refused on them too.
    [true, handshake],
  ])('is replaced without a failed request (same root: %s)', async (sameRoot, ask) => {
    const kept = held('checkout');
    let old = '';
    const { requests, failures } = await underLoad(ask, 2, isOk, async (answers) => {
      await answers(40);
      old = await rotate(sameRoot);
      await answers(40);
    });
    console.log(`measured: rotation under ${requests} requests: ${failures.length} failed`);
    expect(failures).toEqual([]);
    await mesh.operator.revokeIssuer(old, {});
    expect((await mesh.operator.authority()).issuers).toHaveLength(1);
    // What the old key signed opens no connection any more, also under a root that stays.
    const before = { ...kept, rootPem: held('checkout').rootPem };
    await expect.poll(() => firstLine(before), { timeout: 5_000 }).toMatch(/alert|closed|RESET/);
    await expect.poll(() => firstLine(held('checkout')), { timeout: 5_000 }).toContain('200');
  });
});
