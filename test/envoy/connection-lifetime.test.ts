/** Connections that are bounded in time, so that certificates are checked again, in a real Envoy (NIST SP 800-207A). */
import { type ClientHttp2Session, connect } from 'node:http2';
import { Agent, request } from 'node:https';
import type { Socket } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { HeldIdentity } from '../../controller/agent/identity.ts';
import { http2Client } from './client.ts';
import { LiveMesh } from './live-mesh.ts';
import { isOk, underLoad } from './load.ts';
import { meshPolicies } from './policies.ts';
import { type Reply, Upstream } from './upstream.ts';

const connectionS = 1;
const streamS = 4;
/** How many connections one after another are looked at. */
const generations = 3;
/** What a drain may take: an answer that runs, and Envoy's timers. */
const slackMs = 6_000;

describe(`connections that live ${connectionS} s`, () => {
  let upstream: Upstream;
  let mesh: LiveMesh;
  let identity: HeldIdentity;
  let port: number;
  beforeAll(async () => {
    upstream = await Upstream.start();
    upstream.answer('/orders/slow', answerSlowly);
    upstream.answer('/orders/endless', answerForever);
    mesh = await LiveMesh.start({
      policies: meshPolicies(['orders', 'checkout']),
      sidecars: [
        { service: 'orders', app: { port: upstream.port } },
        { service: 'checkout', app: { port: upstream.port }, callees: ['orders'] },
      ],
      lifetimes: { connection: connectionS, stream: streamS },
    });
    identity = await mesh.join({ service: 'checkout' });
    port = mesh.sidecar('orders').inboundPort;
  });
  afterAll(async () => {
    await mesh?.stop();
    await upstream?.close();
  });
  const tls = () => ({
    ca: identity.rootPem,
    cert: identity.chainPem,
    key: identity.keyPem,
    checkServerIdentity: () => undefined,
  });

  it('are replaced one after another over HTTP/1.1, and no request fails', async () => {
    const agent = new Agent({ ...tls(), keepAlive: true, maxSockets: 1 });
    const opened = new Map<Socket, number>();
    const lasted: number[] = [];
    agent.on('free', (socket: Socket) => {
      if (opened.has(socket)) return;
      opened.set(socket, performance.now());
      socket.once('close', () => lasted.push(performance.now() - (opened.get(socket) ?? 0)));
    });
    const { requests, failures } = await underLoad(
      () => askHttp1(agent, port),
      1,
      isOk,
      () => until(() => lasted.length >= generations),
    );
    agent.destroy();
    tell('HTTP/1.1', requests, failures.length, lasted);
    expect(failures).toEqual([]);
    expect(Math.max(...lasted.slice(0, generations))).toBeLessThan(connectionS * 1_000 + slackMs);
  });

  it('are replaced one after another over HTTP/2, and what runs on them is finished', async () => {
    let session: ClientHttp2Session | undefined;
    const lasted: number[] = [];
    const open = () => {
      const openedAt = performance.now();
      session = connect(`https://127.0.0.1:${port}`, tls());
      session.on('error', () => {});
      session.once('close', () => lasted.push(performance.now() - openedAt));
      return session;
    };
    const ask = () => {
      // Node closes a session, but for what runs on it, when it hears GOAWAY.
      const current = session && !session.closed ? session : open();
      return askHttp2(current, '/orders/slow');
    };
    const { requests, failures } = await underLoad(ask, 4, isWholeSlowAnswer, () =>
      until(() => lasted.length >= generations),
    );
    session?.destroy();
    tell('HTTP/2', requests, failures.length, lasted);
    expect(failures).toEqual([]);
    expect(Math.max(...lasted.slice(0, generations))).toBeLessThan(connectionS * 1_000 + slackMs);
  });

  it('are replaced between two sidecars, and the application notices nothing', async () => {
    const before = await handshakes();
    const outbound = mesh.sidecar('checkout').outboundPorts.get('orders') ?? 0;
    const ask = async () => {
      const answer = await fetch(`http://127.0.0.1:${outbound}/orders/7`);
      return { ...nothing, status: answer.status, body: await answer.text() };
    };
    const { requests, failures } = await underLoad(ask, 2, isOk, () =>
      untilAsync(async () => (await handshakes()) >= before + 2 * generations),
    );
    console.log(`measured: ${requests} requests between sidecars, ${failures.length} failed`);
    expect(failures).toEqual([]);
  });

  it(`end a stream that runs for ${streamS} s`, async () => {
    const client = http2Client({ port, identity });
    const startedAt = performance.now();
    const answer = await client.ask({ path: '/orders/endless' });
    client.close();
    expect(answer).toMatchObject({ status: 200, wasCut: true });
    expect(performance.now() - startedAt).toBeGreaterThan(streamS * 1_000 - 100);
    expect(performance.now() - startedAt).toBeLessThan(streamS * 1_000 + slackMs);
  });

  /** TLS handshakes that the inbound listener of orders has done. */
  async function handshakes(): Promise<number> {
    const found = await mesh.sidecar('orders').envoy.stats('^listener.*ssl.handshake$');
    return Object.values(found).reduce((sum, each) => sum + each, 0);
  }
});

interface Came {
  readonly status: number;
  readonly body: string;
  readonly wasCut: boolean;
}

const nothing = { headers: {}, trailers: {}, bytes: Buffer.alloc(0), wasCut: false };

function askHttp1(agent: Agent, port: number) {
  return new Promise<Came & typeof nothing>((resolve) => {
    const failed = (error: Error) => resolve({ ...nothing, status: 0, body: error.message });
    const options = { host: '127.0.0.1', port, agent, path: '/orders/7' };
    const call = request(options, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      answer.on('end', () => resolve({ ...nothing, status: answer.statusCode ?? 0, body }));
      answer.on('error', failed);
    });
    call.on('error', failed);
    call.end();
  });
}

function askHttp2(session: ClientHttp2Session, path: string) {
  return new Promise<Came & typeof nothing>((resolve) => {
    const stream = session.request({ ':path': path });
    let status = 0;
    let body = '';
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    stream.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    stream.on('error', (error) => {
      body += error.message;
    });
    stream.on('close', () => {
      resolve({ ...nothing, status, body, wasCut: stream.rstCode !== 0 });
    });
  });
}

/** An answer that takes longer than what is left of most connections when it begins. */
function answerSlowly(reply: Reply): void {
  reply.writeHead(200, { 'content-type': 'text/plain' });
  reply.write('first');
  setTimeout(() => reply.end(' last'), 700);
}

function answerForever(reply: Reply): void {
  reply.writeHead(200, { 'content-type': 'text/plain' });
  const timer = setInterval(() => reply.write('.'), 100);
  reply.once('close', () => clearInterval(timer));
}

function isWholeSlowAnswer({ status, body, wasCut }: Came): string | undefined {
  const isWhole = status === 200 && body === 'first last' && !wasCut;
  return isWhole ? undefined : `status ${status}: ${body}`;
}

function until(isSo: () => boolean): Promise<void> {
  return untilAsync(() => Promise.resolve(isSo()));
}

async function untilAsync(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('the connections were not replaced in 30 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function tell(protocol: string, requests: number, failed: number, lasted: number[]): void {
  const seconds = lasted.map((each) => (each / 1_000).toFixed(1)).join(', ');
  console.log(
    `measured: ${protocol}, ${requests} requests, ${failed} failed; connections lasted ${seconds} s`,
  );
}
