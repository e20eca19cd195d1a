/** The application behind a sidecar: it remembers what reached it and answers as a test says. */
import {
  createServer as createHttp1Server,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

/** A request as it arrived, also while it is still arriving. */
export interface Seen {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As UTF-8. */
  body: string;
  /** The same as it came. */
  bytes: Buffer;
  trailers: Readonly<Record<string, string | string[] | undefined>>;
  isWhole: boolean;
  wasCut: boolean;
}

/** HTTP/1.1 and HTTP/2 answer through the same functions as far as the tests go. */
export type Reply = ServerResponse & Partial<Http2ServerResponse>;

/** Answers one path. `early` handlers start with the headers of the request, others when it is whole. */
export type Handler = (reply: Reply, seen: Seen) => void;

/** A plaintext server on loopback. */
export class Upstream {
  readonly port: number;
  readonly #server: Server | Http2Server;
  readonly #sockets = new Set<Socket>();
  readonly #seen = new Map<string, Seen[]>();
  readonly #handlers = new Map<string, { handler: Handler; isEarly: boolean }>();

  private constructor(server: Server | Http2Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, reply) => this.#take(request, reply as Reply));
  }

  /** Listens on a port of its own; without a handler every path answers `{"ok":true}`. */
  static async start(http2 = false): Promise<Upstream> {
    const server = http2 ? createHttp2Server() : createHttp1Server();
    if (!http2) (server as Server).keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Upstream(server);
  }

  /** Sets the answer of a path, called when the request is whole. */
  answer(path: string, handler: Handler): void {
    this.#handlers.set(path, { handler, isEarly: false });
  }

  /** Sets the answer of a path, called as soon as its headers are there. */
  answerEarly(path: string, handler: Handler): void {
    this.#handlers.set(path, { handler, isEarly: true });
  }

  /** Takes every upgrade from now on, and sends back what it gets. */
  echoUpgrades(): void {
    this.#server.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
      );
      socket.pipe(socket);
    });
  }

  /** The requests that reached a path. */
  seen(path: string): readonly Seen[] {
    return this.#seen.get(path) ?? [];
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take(request: IncomingMessage | Http2ServerRequest, reply: Reply): void {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const { method = '', headers } = request;
    const seen: Seen = {
      method,
      headers,
      body: '',
      bytes: Buffer.alloc(0),
      trailers: {},
      isWhole: false,
      wasCut: false,
    };
    this.#seen.set(path, [...this.seen(path), seen]);
    const { handler, isEarly } = this.#handlers.get(path) ?? { handler: answerOk, isEarly: false };
    const decoder = new StringDecoder('utf8');
    request.on('data', (chunk: Buffer) => {
      seen.bytes = Buffer.concat([seen.bytes, chunk]);
      seen.body += decoder.write(chunk);
    });
    request.on('end', () => {
      // A reset HTTP/2 stream ends too.
      if ('stream' in request && request.stream.rstCode !== 0) return;
      seen.trailers = request.trailers;
      seen.isWhole = true;
      if (!isEarly) handler(reply, seen);
    });
    request.on('error', () => {
      seen.wasCut = true;
    });
    request.on('aborted', () => {
      seen.wasCut = true;
    });
    reply.on('error', () => {});
    if (isEarly) handler(reply, seen);
  }
}

/** Answers JSON with a length and validators that masking makes untrue. */
export function answerJson(reply: Reply, body: string, status = 200): void {
  reply.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    etag: '"1"',
    'accept-ranges': 'bytes',
  });
  reply.end(body);
}

function answerOk(reply: Reply): void {
  answerJson(reply, '{"ok":true}');
}
