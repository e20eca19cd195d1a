/** What stands around bodies in a real Envoy: headers, paths, labels, lengths, upgrades, and an access log without a secret. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { maskedPolicy } from '../filter/masked-mesh.ts';
import { type Client, rawConnection } from './client.ts';
import { lanes, startTwoLanes, type TwoLanes } from './lanes.ts';
import { answerJson } from './upstream.ts';

const card = '4111-1111-1111-1111';
const kept = '****-****-****-1111';
const headers = { 'content-type': 'application/json' };
const directory = mkdtempSync(join(tmpdir(), 'dta-logs-'));

let running: TwoLanes;
beforeAll(async () => {
  const policies = ['orders', 'ledger'].map((service) =>
    maskedPolicy({ service, upgrades: 'deny' }),
  );
  running = await startTwoLanes({ policies: policies.join('---\n'), accessLogs: directory });
});
afterAll(async () => {
  await running?.stop();
  await rm(directory, { recursive: true });
});

describe.each(lanes)('over %s', (_name, lane) => {
  let checkout: Client;
  let auditor: Client;
  beforeAll(async () => {
    checkout = await running.client(lane, 'checkout');
    auditor = await running.client(lane, 'auditor');
  });
  const seen = (path: string) => running.upstream(lane).seen(path);
  const answer = (path: string, reply: Parameters<typeof answerJson>[1], status = 200) =>
    running.upstream(lane).answer(path, (to) => answerJson(to, reply, status));

  it('masks headers, cookies, parameters and segments of a request', async () => {
    const came = await checkout.ask({
      path: `/customers/a@example.org/x?iban=DE89&n=${card}&c%61rd=1`,
      headers: {
        'x-customer-email': 'a@example.org',
        'x-key': 'k',
        cookie: 'a=1; session=abc',
        referer: `https://shop/?iban=DE89`,
        'x-dta-labels': 'Public',
      },
    });
    expect(came.status).toBe(200);
    const [request] = seen('/customers/***/x');
    expect(request?.headers).toMatchObject({
      'x-customer-email': '***',
      cookie: 'a=1; session=***',
      referer: 'https://shop/?iban=***',
      'x-dta-labels': 'PCI,PII,Secret',
    });
    expect(request?.headers).not.toHaveProperty('x-key');
  });

  it('leaves them to who is cleared, and tells the labels', async () => {
    const path = '/customers/b@example.org/x';
    await auditor.ask({ path, headers: { 'x-customer-email': 'a@example.org' } });
    expect(seen(path)[0]?.headers).toMatchObject({
      'x-customer-email': 'a@example.org',
      'x-dta-labels': 'PII',
    });
  });

  it('tells the labels of the first bytes of a body', async () => {
    const path = '/orders/labels';
    await checkout.ask({ method: 'POST', path, headers, body: `["${card}"]` });
    expect(seen(path)[0]?.headers).toMatchObject({ 'x-dta-labels': 'PCI' });
  });

  it('masks headers, cookies and redirects of a response', async () => {
    const path = '/orders/redirect';
    running.upstream(lane).answer(path, (reply) => {
      reply.writeHead(302, {
        location: `/paid?n=${card}`,
        'set-cookie': ['session=abc; Path=/', 'theme=dark'],
        'x-customer-email': 'a@example.org',
      });
      reply.end();
    });
    const came = await checkout.ask({ path });
    expect(came.status).toBe(302);
    expect(came.headers).toMatchObject({
      location: `/paid?n=${kept}`,
      'x-customer-email': '***',
    });
    expect([came.headers['set-cookie']].flat().toSorted()).toEqual([
      'session=***; Path=/',
      'theme=dark',
    ]);
  });

  it.each([400, 404, 500, 503])('masks an error of the application: %i', async (status) => {
    const path = `/orders/error-${status}`;
    answer(path, JSON.stringify({ error: `card ${card} refused` }), status);
    const came = await checkout.ask({ path });
    expect(came).toMatchObject({ status, body: JSON.stringify({ error: `card ${kept} refused` }) });
  });

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('drops what is untrue of an answer without a body: %s, %i', async (method, status) => {
    const path = `/orders/bodiless-${status}`;
    running.upstream(lane).answer(path, (reply) => {
      reply.writeHead(status, { ...headers, etag: '"1"', 'content-digest': 'sha-256=:x:' });
      reply.end();
    });
    const came = await checkout.ask({ method, path });
    expect(came).toMatchObject({ status, body: '' });
    for (const name of ['etag', 'content-digest']) expect(came.headers).not.toHaveProperty(name);
  });

  it('masks 10 MB with a length and in pieces, both ways', async () => {
    const row = (id: number, pan: string) => JSON.stringify({ id: 10_000_000 + id, pan });
    const rows = Array.from({ length: 240_000 }, (_, id) => row(id, card));
    const whole = `[${rows.join(',')}]`;
    const expected = whole.replaceAll(card, kept);
    expect(whole.length).toBeGreaterThan(10_000_000);
    const pieces = whole.match(/.{1,65536}/g) ?? [];
    for (const [path, body] of [
      ['/orders/10-mb', whole],
      ['/orders/10-mb-in-pieces', pieces],
    ] as const) {
      running.upstream(lane).answer(path, (reply) => {
        reply.writeHead(200, headers);
        for (const piece of pieces) reply.write(piece);
        reply.end();
      });
      const came = await checkout.ask({ method: 'POST', path, headers, body });
      expect(came).toMatchObject({ status: 200, wasCut: false });
      // No `toBe`: a difference would print megabytes.
      expect(came.body === expected).toBe(true);
      expect(seen(path)[0]?.body === expected).toBe(true);
    }
  });

  it('refuses an upgrade where bodies are masked', async () => {
    if (lane.service === 'ledger') return;
    const { identity } = await peerOf('checkout');
    const status = await upgrade(running.mesh.sidecar(lane.service).inboundPort, identity);
    expect(status).toContain(' 403 ');
  });

  it('writes an access log without a secret', async () => {
    const secret = 'DE89370400440532013000';
    await checkout.ask({ path: `/customers/c@example.org?iban=${secret}&n=${card}` });
    await auditor.ask({ path: `/customers/c@example.org?iban=${secret}&n=${card}` });
    await checkout.ask({ path: `/customers//c@example.org?iban=${secret}&n=${card}` });
    const file = join(directory, `${lane.service}.log`);
    const lines = () => readFileSync(file, 'utf8').split('\n').filter(Boolean);
    const wanted = `/customers/***?iban=***&n=${kept}`;
    await expect
      .poll(() => lines().filter((line) => line.includes(wanted)).length, { timeout: 15_000 })
      .toBeGreaterThanOrEqual(2);
    const text = lines().join('\n');
    for (const part of [secret, card, 'example.org', '4111']) expect(text).not.toContain(part);
    const record = lines()
      .map((line) => JSON.parse(line))
      .find(({ path }) => path === wanted);
    expect(record).toMatchObject({ status: 200, labels: 'PCI,PII' });
    expect(record.decision).toMatch(/^[0-9a-f]{16}-[0-9a-f]{16}$/);
  });

  it('writes no secret into the audit log', async () => {
    await expect
      .poll(async () => JSON.stringify(await running.mesh.operator.audit({ limit: '1000' })), {
        timeout: 10_000,
      })
      .toContain('/customers/***');
    const records = JSON.stringify(await running.mesh.operator.audit({ limit: '1000' }));
    for (const part of [card, 'example.org', 'DE89']) expect(records).not.toContain(part);
  });
});

describe('lengths of HTTP/1.1 that lie', () => {
  const send = async (head: string[], body: string) => {
    const { identity, port } = await peerOf('checkout');
    const socket = await rawConnection({ port, identity });
    socket.write(['POST /orders/lengths HTTP/1.1', 'host: orders', ...head, '', ''].join('\r\n'));
    socket.end(body);
    let text = '';
    for await (const chunk of socket) text += chunk;
    return text;
  };
  const type = 'content-type: application/json';

  it('shorter than the document: what is left is no request', async () => {
    const doc = `["${card}"]`;
    const text = await send([type, `content-length: ${doc.length - 3}`], doc);
    expect(text).toMatch(/^HTTP\/1.1 (403|400)|^$/);
  });

  it('longer than the document: never a whole one', async () => {
    await send([type, 'content-length: 100'], `["${card}"]`);
    const seen = running.upstream({ service: 'orders' } as never).seen('/orders/lengths');
    expect(seen.filter(({ isWhole }) => isWhole)).toEqual([]);
    expect(seen.some(({ body }) => body.includes(card))).toBe(false);
  });
});

describe('WebSocket where the policy lets it pass', () => {
  it('passes, unmasked', async () => {
    await running.mesh.push(
      ['orders', 'ledger']
        .map((service) => maskedPolicy({ service, upgrades: 'allow' }))
        .join('---\n'),
    );
    await running.mesh.untilCurrent();
    const { identity, port } = await peerOf('checkout');
    running.upstream({ service: 'orders' } as never).echoUpgrades();
    const socket = await rawConnection({ port, identity });
    socket.write(upgradeRequest);
    await expect.poll(() => socket.read()?.toString() ?? '').toContain(' 101 ');
    socket.write(`frame ${card}`);
    let text = '';
    await expect
      .poll(() => {
        text += socket.read() ?? '';
        return text;
      })
      .toContain(`frame ${card}`);
    socket.destroy();
  });
});

async function peerOf(service: string) {
  const identity = await running.mesh.join({ service });
  return { identity, port: running.mesh.sidecar('orders').inboundPort };
}

/** Status line of the answer to an upgrade. */
async function upgrade(port: number, identity: Awaited<ReturnType<typeof peerOf>>['identity']) {
  const socket = await rawConnection({ port, identity });
  socket.write(upgradeRequest);
  const [line] = await new Promise<string[]>((resolve) =>
    socket.once('data', (data: string) => resolve(data.split('\r\n'))),
  );
  socket.destroy();
  return line ?? '';
}

const upgradeRequest = [
  'GET /orders/socket HTTP/1.1',
  'host: orders',
  'connection: upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
  '',
  '',
].join('\r\n');
