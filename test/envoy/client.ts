/** Clients of the mesh that speak mutual TLS themselves: HTTP/1.1 and HTTP/2 with the same face. */
import { connect as connectHttp2, constants } from 'node:http2';
import { Agent, request } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';

import type { HeldIdentity } from '../../controller/agent/identity.ts';

/** What came back. */
export interface Answer {
  /** 0: no response at all. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As UTF-8. */
  readonly body: string;
  /** The same as it came. */
  readonly bytes: Buffer;
  readonly trailers: Readonly<Record<string, string | string[] | undefined>>;
  /** The stream ended before its time. */
  readonly wasCut: boolean;
}

/** What is asked. A `Buffer` or string goes with its length, chunks go without. */
export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | readonly (string | Buffer)[];
  readonly trailers?: Readonly<Record<string, string>>;
  /** Hears of each piece of the response's body. */
  readonly onChunk?: () => void;
}

/** A request whose body is still being sent. */
export interface Exchange {
  write(chunk: string): void;
  end(): void;
  /** Never rejects. */
  readonly answer: Promise<Answer>;
}

/** One identity with one connection, kept open. */
export interface Client {
  /** Opens a request with a body to follow, without a length. */
  open(ask: Ask): Exchange;
  ask(ask: Ask): Promise<Answer>;
  close(): void;
}

/** Which identity, and where to. */
export interface Peer {
  readonly port: number;
  readonly identity: Credentials;
}

/** What a client shows and trusts. */
export type Credentials = Pick<HeldIdentity, 'chainPem' | 'keyPem' | 'rootPem'>;

/** HTTP/1.1. Requests on it wait for one another. */
export function http1Client({ port, identity }: Peer, sockets = 1): Client {
  const agent = new Agent({ ...tlsOptions(identity), keepAlive: true, maxSockets: sockets });
  const send = ({ method, path, headers, onChunk }: Ask, length?: number) => {
    const call = request({
      host: '127.0.0.1',
      port,
      agent,
      path,
      method: method ?? 'GET',
      headers: { ...headers, ...(length !== undefined && { 'content-length': length }) },
    });
    const answer = new Promise<Answer>((resolve) => {
      call.on('response', (response) => {
        const chunks: Buffer[] = [];
        const done = () => {
          const { statusCode: status = 0, headers, trailers, complete } = response;
          resolve({ status, headers, ...bodyOf(chunks), trailers, wasCut: !complete });
        };
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          onChunk?.();
        });
        response.on('error', () => {});
        response.on('close', done);
      });
      call.on('error', () => resolve(nothing));
    });
    return { call, answer };
  };
  return {
    open: (ask) => {
      const { call, answer } = send(ask);
      call.flushHeaders();
      return { write: (chunk) => call.write(chunk), end: () => call.end(), answer };
    },
    ask: (ask) => {
      const { body, trailers } = ask;
      const isWhole = typeof body === 'string' || body instanceof Buffer;
      const { call, answer } = send(ask, isWhole ? Buffer.byteLength(body) : undefined);
      if (isWhole) call.write(body);
      else for (const chunk of body ?? []) call.write(chunk);
      if (trailers) call.addTrailers(trailers);
      call.end();
      return answer;
    },
    close: () => agent.destroy(),
  };
}

/** HTTP/2. */
export function http2Client({ port, identity }: Peer): Client {
  const session = connectHttp2(`https://127.0.0.1:${port}`, tlsOptions(identity));
  session.on('error', () => {});
  const send = ({ method, path, headers, trailers, onChunk }: Ask, hasBody: boolean) => {
    const stream = session.request(
      {
        [constants.HTTP2_HEADER_METHOD]: method ?? 'GET',
        [constants.HTTP2_HEADER_PATH]: path,
        ...headers,
      },
      { endStream: !hasBody, waitForTrailers: trailers !== undefined },
    );
    if (trailers) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    const answer = new Promise<Answer>((resolve) => {
      let status = 0;
      let headers: Answer['headers'] = {};
      let trailers: Answer['trailers'] = {};
      const chunks: Buffer[] = [];
      stream.on('response', (received) => {
        status = received[':status'] ?? 0;
        headers = received;
      });
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        onChunk?.();
      });
      stream.on('trailers', (received) => {
        trailers = received;
      });
      stream.on('error', () => {});
      stream.on('close', () => {
        const wasCut = stream.rstCode !== constants.NGHTTP2_NO_ERROR || status === 0;
        resolve({ status, headers, ...bodyOf(chunks), trailers, wasCut });
      });
    });
    return { stream, answer };
  };
  return {
    open: (ask) => {
      const { stream, answer } = send(ask, true);
      return { write: (chunk) => stream.write(chunk), end: () => stream.end(), answer };
    },
    ask: (ask) => {
      const { body } = ask;
      const isWhole = typeof body === 'string' || body instanceof Buffer;
      const hasBody = body !== undefined || ask.trailers !== undefined;
      const headers: Record<string, string> = { ...ask.headers };
      if (isWhole) headers['content-length'] = String(Buffer.byteLength(body));
      const { stream, answer } = send({ ...ask, headers }, hasBody);
      if (isWhole) stream.write(body);
      else for (const chunk of body ?? []) stream.write(chunk);
      if (hasBody) stream.end();
      return answer;
    },
    close: () => session.destroy(),
  };
}

/** A bare TLS connection for what the libraries do not send. Rejects when there is no handshake. */
export async function rawConnection({ port, identity }: Peer): Promise<TLSSocket> {
  const options = { host: '127.0.0.1', port, ALPNProtocols: ['http/1.1'], ...tlsOptions(identity) };
  return await new Promise((resolve, reject) => {
    const socket = connectTls(options, () => resolve(socket));
    socket.setEncoding('latin1');
    socket.once('error', reject);
  });
}

function tlsOptions(identity: Credentials) {
  return {
    ca: identity.rootPem,
    cert: identity.chainPem,
    key: identity.keyPem,
    // The servers' names are SPIFFE IDs.
    checkServerIdentity: () => undefined,
  };
}

function bodyOf(chunks: readonly Buffer[]): Pick<Answer, 'body' | 'bytes'> {
  const bytes = Buffer.concat(chunks);
  return { bytes, body: bytes.toString() };
}

const nothing: Answer = {
  status: 0,
  headers: {},
  ...bodyOf([]),
  trailers: {},
  wasCut: true,
};
