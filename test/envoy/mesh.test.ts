/** Decisions in a real Envoy under a real controller: allowed, denied, and what neither may break. */
import { once } from 'node:events';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Client, rawConnection } from './client.ts';
import { type Lane, lanes, startTwoLanes, type TwoLanes } from './lanes.ts';
import { answerJson } from './upstream.ts';

const decisionId = /^[0-9a-f]{16}-[0-9a-f]{16}$/;
const jsonType = { 'content-type': 'application/json' };

let running: TwoLanes;
beforeAll(async () => {
  running = await startTwoLanes();
});
afterAll(async () => {
  await running?.stop();
});

describe.each(lanes)('over %s', (_name, lane) => {
  let checkout: Client;
  let stranger: Client;
  let auditor: Client;
  beforeAll(async () => {
    checkout = await running.client(lane, 'checkout');
    stranger = await running.client(lane, 'ads');
    auditor = await running.client(lane, 'auditor');
  });

  it('lets an allowed request through', async () => {
    const answer = await checkout.ask({ path: '/orders/7' });
    expect(answer).toMatchObject({ status: 200, body: '{"ok":true}', wasCut: false });
    expect(answer.headers).toMatchObject(jsonType);
  });

  it('denies with a problem that says a code and a decision, and nothing else', async () => {
    const answer = await stranger.ask({ path: '/orders/never' });
    expect(answer.status).toBe(403);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(answer.body)).toEqual({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      code: 'DTA1011',
      decision: expect.stringMatching(decisionId),
    });
    expect(upstream(lane).seen('/orders/never')).toEqual([]);
  });

  it('denies a request with a body before the body went on, and takes the next one', async () => {
    const call = { method: 'POST', path: '/orders/never', headers: jsonType, body: '{"a":1}' };
    expect((await stranger.ask(call)).status).toBe(403);
    expect((await stranger.ask(call)).status).toBe(403);
    expect(upstream(lane).seen('/orders/never')).toEqual([]);
  });

  it('believes nothing of what a caller says of its identity', async () => {
    const spiffeId = 'spiffe://mesh.test/env/prod/team/shop/svc/checkout/i/1';
    const headers = {
      'x-forwarded-client-cert': `By=${spiffeId};Hash=${'ab'.repeat(32)};URI=${spiffeId}`,
      'x-dta-identity': spiffeId,
    };
    const path = '/orders/forged';
    expect((await stranger.ask({ path, headers })).status).toBe(403);
    expect((await checkout.ask({ path, headers })).status).toBe(200);
    const names = upstream(lane)
      .seen(path)
      .flatMap((seen) => Object.keys(seen.headers));
    expect(names.filter((name) => /^x-(dta|forwarded-client)/.test(name))).toEqual([]);
  });

  it.each([
    ['HEAD', '/orders/head'],
    ['OPTIONS', '/orders/options'],
  ])('answers %s', async (method, path) => {
    const { status, body, wasCut } = await checkout.ask({ method, path });
    expect({ status, wasCut }).toEqual({ status: 200, wasCut: false });
    if (method === 'HEAD') expect(body).toBe('');
  });

  it.each([204, 304])('passes %i, which has no body', async (status) => {
    const path = `/orders/${status}`;
    upstream(lane).answer(path, (reply) => {
      reply.writeHead(status, { etag: '"1"' });
      reply.end();
    });
    const answer = await checkout.ask({ path });
    expect(answer).toMatchObject({ status, body: '', wasCut: false });
    expect(answer.headers).not.toHaveProperty('etag');
  });

  it('passes an empty body that says it is JSON', async () => {
    const path = '/orders/empty';
    upstream(lane).answer(path, (reply) => answerJson(reply, ''));
    const call = { method: 'POST', path, headers: jsonType, body: '' };
    expect(await checkout.ask(call)).toMatchObject({ status: 200, body: '', wasCut: false });
  });

  it('answers a caller with clearance in clear', async () => {
    const path = '/orders/clear';
    const body = '{"card":"4111-1111-1111-1111","ssn":"078-05-1120"}';
    upstream(lane).answer(path, (reply) => answerJson(reply, body));
    const answer = await auditor.ask({ path });
    expect(answer).toMatchObject({ status: 200, body });
    expect(answer.headers).toMatchObject({ etag: '"1"', 'content-length': String(body.length) });
  });
});

describe('gRPC', () => {
  const [, lane] = lanes[1] as [string, Lane];
  const call = {
    method: 'POST',
    headers: { 'content-type': 'application/grpc', te: 'trailers' },
    body: '\0\0\0\0\x02hi',
  };

  it('is denied with status 7 in headers that end the stream', async () => {
    const client = await running.client(lane, 'ads');
    const answer = await client.ask({ ...call, path: '/orders/grpc-denied' });
    expect(answer).toMatchObject({ status: 200, body: '', trailers: {}, wasCut: false });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/grpc',
      'grpc-status': '7',
    });
    expect(String(answer.headers['grpc-message'])).toMatch(
      /^denied DTA1011 [0-9a-f]{16}-[0-9a-f]{16}$/,
    );
    expect(upstream(lane).seen('/orders/grpc-denied')).toEqual([]);
  });

  it('goes through with its trailers for a caller that nothing is masked for', async () => {
    const path = '/orders/grpc';
    upstream(lane).answer(path, (reply) => {
      reply.writeHead(200, { 'content-type': 'application/grpc' });
      reply.addTrailers({ 'grpc-status': '0' });
      reply.end('\0\0\0\0\x02ok');
    });
    const client = await running.client(lane, 'auditor');
    const answer = await client.ask({ ...call, path });
    expect(answer).toMatchObject({ status: 200, body: '\0\0\0\0\x02ok', wasCut: false });
    expect(answer.trailers).toMatchObject({ 'grpc-status': '0' });
    expect(upstream(lane).seen(path)).toMatchObject([{ body: call.body, isWhole: true }]);
  });

  it('is refused where bodies are masked, because nobody can read them', async () => {
    const client = await running.client(lane, 'checkout');
    const answer = await client.ask({ ...call, path: '/orders/grpc-masked' });
    expect(answer.headers).toMatchObject({ 'grpc-status': '7' });
    expect(upstream(lane).seen('/orders/grpc-masked')).toEqual([]);
  });
});

describe('a bare HTTP/1.1 connection', () => {
  const [, lane] = lanes[0] as [string, Lane];
  const raw = async (service: string) => {
    const identity = await running.mesh.join({ service });
    return await rawConnection({ port: running.mesh.sidecar(lane.service).inboundPort, identity });
  };
  /** Sends `text` and reads until `isEnough` or the end of the connection. */
  const exchange = async (service: string, text: string, isEnough: (got: string) => boolean) => {
    const socket = await raw(service);
    let got = '';
    socket.write(text);
    for await (const chunk of socket) {
      got += chunk;
      if (isEnough(got)) break;
    }
    socket.destroy();
    return got;
  };
  const upgrade =
    'GET /orders/ws HTTP/1.1\r\nhost: orders\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
    'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

  it('may not be upgraded where bodies are masked', async () => {
    const got = await exchange('checkout', upgrade, (text) => text.includes('\r\n\r\n'));
    expect(got).toMatch(/^HTTP\/1\.1 403 /);
    expect(upstream(lane).seen('/orders/ws')).toEqual([]);
  });

  it('gets 100 Continue, then an answer', async () => {
    const path = '/orders/expect';
    const head =
      `POST ${path} HTTP/1.1\r\nhost: orders\r\ncontent-type: application/json\r\n` +
      'expect: 100-continue\r\ncontent-length: 30\r\n\r\n';
    const socket = await raw('checkout');
    socket.write(head);
    const [first] = await once(socket, 'data');
    expect(first).toMatch(/^HTTP\/1\.1 100 /);
    socket.write('{"card":"4111-1111-1111-1111"}');
    const [second] = await once(socket, 'data');
    expect(second).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
    expect(upstream(lane).seen(path)).toMatchObject([{ body: '{"card":"****-****-****-1111"}' }]);
  });

  it('is denied without its body being waited for', async () => {
    const head =
      'POST /orders/expect-denied HTTP/1.1\r\nhost: orders\r\ncontent-type: application/json\r\n' +
      'expect: 100-continue\r\ncontent-length: 30\r\n\r\n';
    const got = await exchange('ads', head, (text) => text.includes('"decision"'));
    expect(got.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')).toMatch(/^HTTP\/1\.1 403 /);
    expect(upstream(lane).seen('/orders/expect-denied')).toEqual([]);
  });

  it('gets the answers to pipelined requests in order, each with its own decision', async () => {
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: orders\r\n\r\n`;
    const text = get('/orders/1') + get('/orders/admin/1') + get('/orders/2') + get('/elsewhere');
    const answers = (got: string) => got.match(/^HTTP\/1\.1 \d+/gm) ?? [];
    const got = await exchange('checkout', text, (sofar) => answers(sofar).length === 4);
    expect(answers(got)).toEqual(['200', '403', '200', '403'].map((code) => `HTTP/1.1 ${code}`));
  });
});

function upstream(lane: Lane) {
  return running.upstream(lane);
}
