/** Bodies in a real Envoy: masked in both directions, refused when they cannot be read, and never a raw byte of those. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Client } from './client.ts';
import { type Lane, lanes, startTwoLanes, type TwoLanes } from './lanes.ts';
import { answerJson, type Reply } from './upstream.ts';

const headers = { 'content-type': 'application/json' };
const card = '4111-1111-1111-1111';
const maskedCard = '****-****-****-1111';
const clear = JSON.stringify({ id: 7, card, ssn: '078-05-1120' });
const masked = JSON.stringify({ id: 7, card: maskedCard, ssn: '***' });
/** Far over Envoy's buffer limit of 1 MiB. */
const largeCount = 80_000;

let running: TwoLanes;
beforeAll(async () => {
  running = await startTwoLanes();
});
afterAll(async () => {
  await running?.stop();
});

describe.each(lanes)('over %s', (_name, lane) => {
  let checkout: Client;
  beforeAll(async () => {
    checkout = await running.client(lane, 'checkout');
  });
  const answer = (path: string, handler: (reply: Reply) => void) =>
    running.upstream(lane).answer(path, handler);
  const seen = (path: string) => running.upstream(lane).seen(path);
  const post = (path: string, body: string | readonly string[], more = {}) =>
    checkout.ask({ method: 'POST', path, headers: { ...headers, ...more }, body });

  it('masks a request that has a length', async () => {
    const path = '/orders/with-length';
    const more = { 'content-md5': 'x', digest: 'sha-256=x' };
    expect((await post(path, clear, more)).status).toBe(200);
    expect(seen(path)).toMatchObject([{ body: masked, isWhole: true }]);
    const names = Object.keys(seen(path)[0]?.headers ?? {});
    expect(names).not.toContain('content-length');
    expect(names).not.toContain('content-md5');
    expect(names).not.toContain('digest');
  });

  it('masks a request in chunks, wherever they are cut', async () => {
    const path = '/orders/chunked';
    expect((await post(path, clear.match(/.{1,5}/g) ?? [])).status).toBe(200);
    expect(seen(path)).toMatchObject([{ body: masked, isWhole: true }]);
  });

  it('masks a request that ends with trailers, and passes them', async () => {
    const path = '/orders/trailers';
    const trailers = { 'x-checksum': 'abc' };
    const call = { method: 'POST', path, headers: { ...headers, trailer: 'x-checksum' }, trailers };
    expect((await checkout.ask({ ...call, body: [clear] })).status).toBe(200);
    expect(seen(path)).toMatchObject([{ body: masked, isWhole: true }]);
    // Envoy drops trailers of HTTP/1.1 unless it is told otherwise.
    if (lane.service === 'ledger') expect(seen(path)[0]?.trailers).toMatchObject(trailers);
  });

  it('refuses a request that its trailers cut off', async () => {
    const path = '/orders/cut-by-trailers';
    const trailers = { 'x-checksum': 'abc' };
    const call = { method: 'POST', path, headers: { ...headers, trailer: 'x-checksum' }, trailers };
    const came = await checkout.ask({ ...call, body: ['{"card":"4111'] });
    expect(came.status === 403 || came.wasCut).toBe(true);
    expect(seen(path).filter(({ isWhole }) => isWhole)).toEqual([]);
  });

  it('masks a response, and drops what would be untrue of it', async () => {
    const path = '/orders/masked';
    answer(path, (reply) => answerJson(reply, clear));
    const came = await checkout.ask({ path, headers: { range: 'bytes=0-3', 'if-match': '"1"' } });
    expect(came).toMatchObject({ status: 200, body: masked, wasCut: false });
    for (const name of ['content-length', 'etag', 'accept-ranges']) {
      expect(came.headers).not.toHaveProperty(name);
    }
    expect(seen(path)[0]?.headers['accept-encoding']).toBe('identity');
    for (const name of ['range', 'if-match']) {
      expect(seen(path)[0]?.headers).not.toHaveProperty(name);
    }
  });

  it('masks bodies of megabytes as they stream, both ways', async () => {
    const path = '/orders/large';
    const large = (number: string) =>
      JSON.stringify(
        Array.from({ length: largeCount }, (_, id) => ({ id, pan: number, text: 'abcdefgh' })),
      );
    const text = large(card);
    expect(text.length).toBeGreaterThan(4_500_000);
    answer(path, (reply) => answerJson(reply, text));
    const came = await post(path, text);
    expect(came).toMatchObject({ status: 200, wasCut: false });
    // No `toBe`: a difference would print megabytes.
    expect(came.body === large(maskedCard)).toBe(true);
    expect(seen(path)[0]?.body === large(maskedCard)).toBe(true);
  });

  it.each([
    ['not JSON', '<card>4111-1111-1111-1111</card>'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]).toString('latin1')],
  ])('refuses a request that is %s before a byte of it went on', async (what, body) => {
    const path = `/orders/unreadable-${what.replaceAll(' ', '-')}`;
    const bytes = Buffer.from(body, 'latin1');
    const came = await checkout.ask({ method: 'POST', path, headers, body: bytes });
    expect(came).toMatchObject({ status: 403 });
    expect(JSON.parse(came.body)).toMatchObject({ code: 'DTA1014' });
    expect(seen(path)).toEqual([]);
  });

  it('never passes a request that is cut off as a whole one', async () => {
    const path = '/orders/cut-off';
    const came = await post(path, '{"card":"4111-1111-1111-1111"');
    // HTTP/1.1 tells the end after the bytes: by then they went on.
    expect(came.status === 403 || (came.status === 0 && came.wasCut)).toBe(true);
    expect(seen(path).filter(({ isWhole }) => isWhole)).toEqual([]);
  });

  it('refuses a request of another type before it went on', async () => {
    const path = '/orders/image';
    const came = await post(path, card, { 'content-type': 'image/png' });
    expect(came.status).toBe(403);
    expect(seen(path)).toEqual([]);
  });

  it('resets a request that turns unreadable after bytes of it went on', async () => {
    const path = '/orders/unreadable-later';
    const exchange = checkout.open({ method: 'POST', path, headers });
    exchange.write('{"items":[1,2,3,');
    await expect.poll(() => seen(path)[0]?.body).toContain('{"items":[1,2');
    exchange.write('"4111-1111-1111-1111" oops');
    const came = await exchange.answer;
    expect(came).toMatchObject({ status: 0, wasCut: true });
    await expect.poll(() => seen(path)[0]?.wasCut).toBe(true);
    expect(seen(path)[0]).toMatchObject({ isWhole: false });
    expect(seen(path)[0]?.body).not.toContain('4111');
  });

  it.each([
    ['an image', 'image/png', card],
    ['of no type', undefined, card],
    ['not the JSON it says', 'application/json', `{"card": ${card}`],
  ])('turns a response that is %s into 502', async (what, type, body) => {
    const path = `/orders/response-${what.replaceAll(' ', '-')}`;
    answer(path, (reply) => {
      reply.writeHead(200, type === undefined ? {} : { 'content-type': type });
      reply.end(body);
    });
    const came = await checkout.ask({ path });
    expect(came).toMatchObject({ status: 502, wasCut: false });
    expect(came.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(came.body)).toMatchObject({ status: 502, code: 'DTA1014' });
    expect(came.body).not.toContain('1111');
  });

  it('turns a compressed or a partial response into 502', async () => {
    answer('/orders/gzip', (reply) => {
      reply.writeHead(200, { ...headers, 'content-encoding': 'gzip' });
      reply.end(clear);
    });
    answer('/orders/partial', (reply) => {
      reply.writeHead(206, { ...headers, 'content-range': 'bytes 0-3/9' });
      reply.end('{"a"');
    });
    expect((await checkout.ask({ path: '/orders/gzip' })).status).toBe(502);
    expect((await checkout.ask({ path: '/orders/partial' })).status).toBe(502);
  });

  it('resets a response that turns unreadable after bytes of it went on', async () => {
    const path = '/orders/response-later';
    const { promise: goOn, resolve } = Promise.withResolvers<void>();
    answer(path, (reply) => {
      reply.writeHead(200, headers);
      reply.write(`{"list":["${'x'.repeat(1_000)}",`);
      void goOn.then(() => reply.end(`"${card}" oops`));
    });
    const came = await checkout.ask({ path, onChunk: resolve });
    expect(came).toMatchObject({ status: 200, wasCut: true });
    expect(came.body).not.toContain('4111');
  });

  it('masks a response that ends with trailers', async () => {
    const path = '/orders/response-trailers';
    answer(path, (reply) => {
      reply.writeHead(200, { ...headers, trailer: 'x-checksum' });
      reply.write(clear);
      reply.addTrailers({ 'x-checksum': 'abc' });
      reply.end();
    });
    const came = await checkout.ask({ path });
    expect(came).toMatchObject({ status: 200, body: masked, wasCut: false });
  });

  it('goes on after all that', async () => {
    expect((await checkout.ask({ path: '/orders/7' })).status).toBe(200);
    const { envoy } = running.mesh.sidecar(lane.service);
    expect(envoy.isRunning).toBe(true);
    expect(envoy.log.filter((line) => /critical|wasm.*(fail|trap|abort)/i.test(line))).toEqual([]);
  });
});

describe('on the way out', () => {
  const [, inbound] = lanes[0] as [string, Lane];
  const call = async (path: string, init: RequestInit) => {
    const port = running.mesh.sidecar('ledger').outboundPorts.get('orders');
    return await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, ...init });
  };

  it('masks plaintext before it is encrypted, and the answer too', async () => {
    const path = '/orders/outbound';
    const upstream = running.upstream(inbound);
    upstream.answer(path, (reply) => answerJson(reply, clear));
    const came = await call(path, { body: clear });
    expect({ status: came.status, body: await came.text() }).toEqual({ status: 200, body: masked });
    expect(upstream.seen(path)).toMatchObject([{ body: masked }]);
  });

  it('refuses what cannot be read before it leaves', async () => {
    const came = await call('/orders/outbound-unreadable', { body: '{"card": 4111 1111' });
    expect(came.status).toBe(403);
    expect(running.upstream(inbound).seen('/orders/outbound-unreadable')).toEqual([]);
  });
});
