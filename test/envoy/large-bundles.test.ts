/** Bundles of 24 MB swapped in a real Envoy while streams are held open: memory stays bounded and nothing traps. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { largeBundle } from '../soak/large-bundle.ts';
import { type Client, http1Client, http2Client } from './client.ts';
import { DirectMesh, renewed } from './direct-mesh.ts';
import { isOk, underLoad } from './load.ts';
import { meshPolicies } from './policies.ts';
import { Upstream } from './upstream.ts';

const swaps = 20;
const streams = 100;
const bytes = 24 * 1_024 * 1_024;
/** Rules of the filler; their paths fill the rest. */
const rules = 2_000;

describe('bundles of 24 MB', () => {
  let upstream: Upstream;
  let mesh: DirectMesh;
  let bundle: Uint8Array;
  const clients: Client[] = [];
  beforeAll(async () => {
    bundle = largeBundle(meshPolicies(['orders']), rules, Math.floor(bytes / rules));
    upstream = await Upstream.start();
    mesh = await DirectMesh.start(renewed(bundle, 1n), upstream.port);
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await mesh?.stop();
    await upstream?.close();
  });
  const connect = <T extends Client>(client: T): T => {
    clients.push(client);
    return client;
  };
  const peer = () => ({ port: mesh.inboundPort, identity: mesh.credentials('checkout') });

  it('are swapped 20 times with 100 open streams', async () => {
    console.log(`measured: bundle of ${(bundle.length / 1_048_576).toFixed(1)} MiB`);
    const path = '/orders/held';
    const { promise: end, resolve: endAll } = Promise.withResolvers<void>();
    upstream.answerEarly(path, (reply) => {
      reply.writeHead(200, { 'content-type': 'application/json' });
      reply.write('[1,');
      void end.then(() => reply.end('"4111-1111-1111-1111"]'));
    });
    const client = connect(http1Client(peer()));
    const ask = () => client.ask({ path: '/orders/7' });
    await expect.poll(ask).toMatchObject({ status: 200 });
    const holder = connect(http2Client(peer()));
    const held = Array.from({ length: streams }, () => holder.ask({ path }));
    await expect.poll(() => upstream.seen(path).length).toBe(streams);
    const before = mesh.envoy.rssMiB();
    const sizes: number[] = [];
    const startedAt = performance.now();
    const result = await underLoad(ask, 1, isOk, async (answers) => {
      for (let i = 0; i < swaps; i++) {
        const version = BigInt(i + 2);
        const verdict = await mesh.push(String(version), renewed(bundle, version));
        expect(verdict).toEqual({ version: String(version) });
        await answers(5);
        sizes.push(mesh.envoy.rssMiB());
      }
    });
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    console.log(
      `measured: ${swaps} swaps in ${seconds} s, RSS ${before} MiB -> ${sizes.join(' ')}`,
    );
    expect(result.failures).toEqual([]);
    endAll();
    for (const { status, body } of await Promise.all(held)) {
      expect({ status, body }).toEqual({ status: 200, body: '[1,"****-****-****-1111"]' });
    }
    // Nothing piles up: the second half of the swaps takes what the first half took.
    const highest = (of: readonly number[]) => Math.max(...of);
    expect(highest(sizes.slice(swaps / 2))).toBeLessThan(highest(sizes.slice(0, swaps / 2)) * 1.25);
    expect(mesh.envoy.isRunning).toBe(true);
    expect(await mesh.envoy.stats('^wasm')).toMatchObject({
      'wasm.dta/inbound.vm_reload': 0,
      'wasm.dta/inbound.vm_reload_failure': 0,
      // The main thread, two workers, and one that proves the next configuration.
      'wasm.wasm_vm_count': 4,
      'wasmcustom.dta_bundles_total_result=no_room': 0,
      'wasmcustom.dta_bundles_total_result=refused': 0,
      'wasmcustom.dta_decisions_total_effect=deny': 0,
    });
  });
});
