/** Bundles that no compiler made, pushed straight to a real Envoy: refused, said so, and the one before goes on. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { BundleHeader, RESERVED_BYTES } from '../../controller/layout.ts';
import { bundleOf } from '../filter/mesh.ts';
import { type Client, http1Client } from './client.ts';
import { DirectMesh, renewed } from './direct-mesh.ts';
import { isOk, underLoad } from './load.ts';
import { meshPolicies } from './policies.ts';
import { Upstream } from './upstream.ts';

const good = renewed(bundleOf(meshPolicies(['orders']), { nowMs: Date.now() }), 1n);

describe('a real Envoy that is sent', () => {
  let upstream: Upstream;
  let mesh: DirectMesh;
  let client: Client;
  beforeAll(async () => {
    upstream = await Upstream.start();
    mesh = await DirectMesh.start(good, upstream.port);
    client = http1Client({ port: mesh.inboundPort, identity: mesh.credentials('checkout') });
    await vi.waitUntil(async () => (await ask()).status === 200);
  });
  afterAll(async () => {
    client?.close();
    await mesh?.stop();
    await upstream?.close();
  });
  const ask = () => client.ask({ path: '/orders/7' });

  const flipped = Uint8Array.from(good);
  new DataView(flipped.buffer).setUint32(RESERVED_BYTES + BundleHeader.SIZE, 0xffff_fff0, true);
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['the reserved bytes alone', good.slice(0, RESERVED_BYTES)],
    ['half of a bundle', good.slice(0, good.length / 2)],
    ['a bundle with a section of another kind', flipped],
    ['something else', new Uint8Array(4_096).fill(0x61)],
    ['33 MiB', new Uint8Array(33 * 1_024 * 1_024)],
  ])('%s', async (what, configuration) => {
    const result = await underLoad(ask, 1, isOk, async (answers) => {
      const { nack } = await mesh.push(what, configuration);
      expect(nack).toMatch(/dta\/inbound/);
      await answers(20);
    });
    expect(result.failures).toEqual([]);
    expect(mesh.bundleStatus()).toMatchObject({ ackedVersion: '1', nack: { version: what } });
  });

  it('an older version: taken, and not used', async () => {
    const newer = bundleOf(meshPolicies(['orders']), { nowMs: Date.now() });
    expect(await mesh.push('3', renewed(newer, 3n))).toEqual({ version: '3' });
    const denying = meshPolicies(['orders']).replace('service: checkout', 'service: nobody');
    const older = bundleOf(denying, { nowMs: Date.now() });
    const result = await underLoad(ask, 1, isOk, async (answers) => {
      expect(await mesh.push('2', renewed(older, 2n))).toEqual({ version: '2' });
      await answers(50);
    });
    expect(result.failures).toEqual([]);
  });

  it('a good one after all of these: used', async () => {
    const denying = meshPolicies(['orders']).replace('service: checkout', 'service: nobody');
    const bundle = bundleOf(denying, { nowMs: Date.now() });
    expect(await mesh.push('4', renewed(bundle, 4n))).toEqual({ version: '4' });
    await expect.poll(ask).toMatchObject({ status: 403 });
    expect(mesh.bundleStatus()).toMatchObject({ ackedVersion: '4', nack: undefined });
    expect(mesh.envoy.isRunning).toBe(true);
  });
});
