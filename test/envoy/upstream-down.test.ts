/** Answers that Envoy itself makes on a masked route: the application is away, or goes away in the middle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Lane, lanes, startTwoLanes, type TwoLanes } from './lanes.ts';

let running: TwoLanes;
beforeAll(async () => {
  running = await startTwoLanes();
});
afterAll(async () => {
  await running?.stop();
});

describe.each(lanes)('over %s', (_name, lane: Lane) => {
  it('passes on that an application went away in the middle of its answer', async () => {
    const client = await running.client(lane, 'checkout');
    const path = '/orders/half';
    running.upstream(lane).answer(path, (reply) => {
      reply.writeHead(200, { 'content-type': 'application/json' });
      reply.write(`{"list":["${'x'.repeat(100_000)}",`, () => reply.destroy());
    });
    const came = await client.ask({ path });
    expect(came.wasCut || came.status >= 500).toBe(true);
    expect(running.mesh.sidecar(lane.service).envoy.isRunning).toBe(true);
  });

  it('gives an answer when the application is away, for masked callers and for cleared ones', async () => {
    const checkout = await running.client(lane, 'checkout');
    const auditor = await running.client(lane, 'auditor');
    await running.upstream(lane).close();
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    for (let i = 0; i < 20; i++) {
      const masked = await checkout.ask({ path: '/orders/7' });
      const posted = await checkout.ask({ ...post, path: '/orders/8' });
      const cleared = await auditor.ask({ path: '/orders/7' });
      for (const { status, wasCut } of [masked, posted, cleared]) {
        expect(status).toBe(503);
        expect(wasCut).toBe(false);
      }
    }
    expect(running.mesh.sidecar(lane.service).envoy.isRunning).toBe(true);
  });
});
