/** The thread of the callers that lose their identity (`revoked-callers.ts`). */
import { type ClientHttp2Session, connect } from 'node:http2';
import { createSecureContext } from 'node:tls';
import { parentPort } from 'node:worker_threads';

import type { Credentials } from '../../envoy/client.ts';
import { EMPTY_MESSAGE, WATCH } from './application.ts';
import { Line } from './line.ts';
import { machineMs } from './machine-clock.ts';
import type { Refusal } from './revoked-callers.ts';

/** A connection that is open. */
interface Open {
  readonly port: number;
  readonly kind: Refusal['kind'];
  /** Asks once: `ok`, `refused` (DTA1008), `cut` (it was on its way, and was reset), or what else came. */
  readonly ask: () => Promise<string>;
  /** Resolves when the stream that runs on it is cut; absent: there is none. */
  readonly cut?: Promise<number>;
  readonly close: () => void;
}

type Order =
  | { readonly kind: 'open'; readonly identity: Credentials; readonly ports: readonly number[] }
  | { readonly kind: 'poll'; readonly withinMs: number };

function openHttp1(port: number, { rootPem, chainPem, keyPem }: Credentials): Open {
  const context = createSecureContext({ ca: rootPem, cert: chainPem, key: keyPem });
  const line = new Line({ port, context }, () => {});
  const ask = async () => {
    const { status, text } = await line.ask('/orders/7');
    return judge(status, text);
  };
  return { port, kind: 'HTTP/1.1', ask, close: () => line.close() };
}

function openHttp2(port: number, identity: Credentials): Open {
  const session = connectTo(port, identity);
  const ask = async () => {
    const { status, body } = await exchange(session, { ':path': '/orders/7' });
    return judge(status, body);
  };
  return { port, kind: 'HTTP/2', ask, close: () => session.destroy() };
}

function openGrpc(port: number, identity: Credentials): Open {
  const session = connectTo(port, identity);
  const long = session.request({ ...grpc, ':path': WATCH }, { endStream: false });
  const { promise: cut, resolve } = Promise.withResolvers<number>();
  long.on('error', () => {});
  long.on('data', () => {});
  long.on('close', () => resolve(machineMs()));
  long.write(EMPTY_MESSAGE);
  const ask = async () => {
    const { grpcStatus, status, message } = await exchange(
      session,
      { ...grpc, ':path': '/orders/Place' },
      EMPTY_MESSAGE,
    );
    if (grpcStatus === '0') return 'ok';
    if (grpcStatus === undefined && (status === 0 || status === 200)) return 'cut';
    return grpcStatus === '7' && message.includes('DTA1008')
      ? 'refused'
      : `${status}, grpc-status ${grpcStatus} ${message}`;
  };
  return { port, kind: 'gRPC', ask, cut, close: () => session.destroy() };
}

function connectTo(port: number, identity: Credentials): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${port}`, {
    ...{ ca: identity.rootPem, cert: identity.chainPem, key: identity.keyPem },
    checkServerIdentity: () => undefined,
  });
  session.on('error', () => {});
  return session;
}

interface Exchanged {
  readonly status: number;
  readonly body: string;
  readonly grpcStatus: string | undefined;
  readonly message: string;
}

function exchange(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  body?: Buffer,
): Promise<Exchanged> {
  return new Promise((resolve) => {
    if (session.destroyed || session.closed) {
      resolve({ status: 0, body: 'the connection is closed', grpcStatus: undefined, message: '' });
      return;
    }
    const stream = session.request({ ...headers }, { endStream: body === undefined });
    let [status, text] = [0, ''];
    let grpcStatus: string | undefined;
    let message = '';
    const take = (received: Readonly<Record<string, unknown>>) => {
      status = Number(received[':status'] ?? status);
      const code = received['grpc-status'];
      if (code !== undefined) grpcStatus = String(code);
      message = String(received['grpc-message'] ?? message);
    };
    stream.on('response', take);
    stream.on('trailers', take);
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    stream.on('error', () => {});
    stream.on('close', () => resolve({ status, body: text, grpcStatus, message }));
    if (body) stream.end(body);
  });
}

function judge(status: number, text: string): string {
  if (status === 200) return 'ok';
  if (status === 0) return 'cut';
  return status === 403 && text.includes('"DTA1008"') ? 'refused' : `${status} ${text}`;
}

async function poll({ port, kind, ask, cut }: Open, endMs: number): Promise<Refusal> {
  let refusedMs: number | undefined;
  let cutSentMs: number | undefined;
  let fault: string | undefined;
  while (refusedMs === undefined && machineMs() < endMs) {
    const sentMs = machineMs();
    const came = await ask();
    if (came === 'refused' || came === 'cut') refusedMs = machineMs();
    else if (came !== 'ok') fault ??= came;
    if (came === 'cut') cutSentMs = sentMs;
    await pause(everyMs);
  }
  // Once refused, always refused; on HTTP/1.1 what was cut took the connection with it.
  for (let i = 0; i < 3 && refusedMs !== undefined; i++) {
    const came = await ask();
    if (came !== 'refused' && !(came === 'cut' && kind === 'HTTP/1.1'))
      fault ??= `after the refusal: ${came}`;
  }
  const cutMs = cut && (await Promise.race([cut, pause(Math.max(0, endMs - machineMs()))]));
  return { port, kind, atMs: refusedMs, cutSentMs, cutMs: cutMs ?? undefined, fault };
}

/**
 * A caller of HTTP/1.1 hears half a second late that its request was cut (`delayed_close_timeout`).
 * One tick of the filter ends all streams of an identity: that of gRPC heard of it at once.
 */
function refusedAt({ kind, port, atMs, cutSentMs }: Refusal, all: readonly Refusal[]) {
  const other = all.find((each) => each.port === port && each.cutMs !== undefined);
  if (kind !== 'HTTP/1.1' || cutSentMs === undefined || other?.cutMs === undefined) return atMs;
  return Math.max(cutSentMs, other.cutMs);
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}

const grpc = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };
/** Between an answer and the next question on a connection. */
const everyMs = 8;
let connections: Open[] = [];

parentPort?.on('message', async (order: Order) => {
  if (order.kind === 'open') {
    for (const each of connections) each.close();
    connections = order.ports.flatMap((port) =>
      [openHttp1, openHttp2, openGrpc].map((open) => open(port, order.identity)),
    );
    const first = await Promise.all(connections.map(({ ask }) => ask()));
    const wrong = first.find((came) => came !== 'ok');
    if (wrong !== undefined) throw new Error(`a caller is refused before it is revoked: ${wrong}`);
    parentPort?.postMessage('open');
    return;
  }
  const endMs = machineMs() + order.withinMs;
  const refusals = await Promise.all(connections.map((each) => poll(each, endMs)));
  parentPort?.postMessage(refusals.map((each) => ({ ...each, atMs: refusedAt(each, refusals) })));
});
