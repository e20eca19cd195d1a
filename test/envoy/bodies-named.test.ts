/** The bodies by name through a real Envoy, on HTTP/1.1 and HTTP/2, both ways: with a length, in pieces, with trailers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bytesOf, type NamedBody, namedBodies, secretsOf } from '../bodies/named-bodies.ts';
import { maskedPolicy } from '../filter/masked-mesh.ts';
import type { Client } from './client.ts';
import { lanes, startTwoLanes, type TwoLanes } from './lanes.ts';
import type { Reply } from './upstream.ts';

const rules = [
  '{ labels: [PCI], operator: keep-last, keep: 4 }',
  '{ labels: [PII, Secret], operator: redact }',
];

let running: TwoLanes;
beforeAll(async () => {
  const policies = ['orders', 'ledger'].map((service) => maskedPolicy({ service, rules }));
  running = await startTwoLanes({ policies: policies.join('---\n') });
});
afterAll(async () => {
  await running?.stop();
});

/** Pieces of a few bytes. */
function piecesOf(body: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; at += 7) pieces.push(body.subarray(at, at + 7));
  return pieces;
}

const ways = ['with its length', 'in pieces', 'with trailers'] as const;

describe.each(lanes)('over %s', (_name, lane) => {
  let checkout: Client;
  beforeAll(async () => {
    checkout = await running.client(lane, 'checkout');
  });
  const pathOf = (one: NamedBody, way: string, side: string) =>
    `/${side}/${encodeURIComponent(one.name)}/${way.replaceAll(' ', '-')}`;

  const cases = namedBodies.flatMap((one) =>
    ways.map((way) => ({ one, way, title: `${one.name}, ${way}` })),
  );

  it.each(cases)('a request: $title', async ({ one, way }) => {
    const body = bytesOf(one.body);
    const path = pathOf(one, way, 'request');
    const headers: Record<string, string> =
      one.type === undefined ? {} : { 'content-type': one.type };
    const came = await checkout.ask({
      method: 'POST',
      path,
      headers: way === 'with trailers' ? { ...headers, trailer: 'x-other' } : headers,
      body: way === 'with its length' ? body : piecesOf(body),
      ...(way === 'with trailers' && { trailers: { 'x-other': '1' } }),
    });
    const seen = running.upstream(lane).seen(path);
    if (one.masked === undefined) {
      expect(came.status === 403 || came.wasCut).toBe(true);
      expect(seen.filter(({ isWhole }) => isWhole)).toEqual([]);
    } else {
      expect(came.status).toBe(200);
      expect(seen[0]?.bytes.toString('latin1')).toBe(bytesOf(one.masked).toString('latin1'));
    }
    for (const secret of secretsOf(one)) {
      expect(seen.some(({ bytes }) => bytes.includes(secret))).toBe(false);
    }
  });

  it.each(cases)('a response: $title', async ({ one, way }) => {
    const body = bytesOf(one.body);
    const path = pathOf(one, way, 'response');
    running.upstream(lane).answer(path, (reply) => answer(reply, one, body, way));
    const came = await checkout.ask({ path });
    if (one.masked === undefined) {
      expect(came.status === 502 || came.wasCut).toBe(true);
    } else {
      expect(came).toMatchObject({ status: 200, wasCut: false });
      expect(came.bytes.toString('latin1')).toBe(bytesOf(one.masked).toString('latin1'));
    }
    for (const secret of secretsOf(one)) expect(came.bytes.includes(secret)).toBe(false);
  });

  it('goes on after all that', async () => {
    expect((await checkout.ask({ path: '/orders/7' })).status).toBe(200);
    const { envoy } = running.mesh.sidecar(lane.service);
    expect(envoy.isRunning).toBe(true);
    expect(envoy.log.filter((line) => /critical|wasm.*(fail|trap|abort)/i.test(line))).toEqual([]);
  });
});

function answer(reply: Reply, one: NamedBody, body: Buffer, way: (typeof ways)[number]): void {
  const headers: Record<string, string | number> =
    one.type === undefined ? {} : { 'content-type': one.type };
  if (way === 'with its length') {
    reply.writeHead(200, { ...headers, 'content-length': body.length });
    reply.end(body);
    return;
  }
  reply.writeHead(200, way === 'with trailers' ? { ...headers, trailer: 'x-other' } : headers);
  for (const piece of piecesOf(body)) reply.write(piece);
  if (way === 'with trailers') reply.addTrailers({ 'x-other': '1' });
  reply.end();
}
