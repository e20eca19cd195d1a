/** One HTTP/1.1 connection that is kept open, with one request at a time on it. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';

/** Where a connection goes, and with which identity. */
export interface LineOptions {
  readonly port: number;
  /** Mutual TLS; absent: plaintext. */
  readonly context?: SecureContext;
}

/** What came: a status, or 0 and why there is none. */
export interface LineAnswer {
  readonly status: number;
  readonly text: string;
}

/** A connection. `ask` waits for the handshake. */
export class Line {
  /** No request may follow: the server said so, or the connection is gone. */
  isOver = false;
  /** Resolves when the handshake is over: with what went wrong, or undefined. */
  readonly opened: Promise<string | undefined>;
  readonly #opened = Promise.withResolvers<string | undefined>();
  readonly #socket: Socket;
  #received = '';
  #answer: ((answer: LineAnswer) => void) | undefined;

  /** `onPeer` hears of the SHA-256 of the server's certificate. */
  constructor({ port, context }: LineOptions, onPeer: (fingerprint: string) => void) {
    const socket = context ? connectSecurely(port, context, onPeer) : connect(port, '127.0.0.1');
    this.#socket = socket;
    this.opened = this.#opened.promise;
    socket.once(context ? 'secureConnect' : 'connect', () => this.#opened.resolve(undefined));
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('closed'));
  }

  /** Sends `GET path`; never rejects. */
  ask(path: string): Promise<LineAnswer> {
    return new Promise((resolve) => {
      if (this.isOver) {
        resolve({ status: 0, text: 'closed before the request' });
        return;
      }
      const timer = setTimeout(
        () => this.#end(`no answer in ${answerWithinMs} ms`),
        answerWithinMs,
      );
      this.#answer = (answer) => {
        clearTimeout(timer);
        this.#answer = undefined;
        resolve(answer);
      };
      this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: soak\r\naccept: */*\r\n\r\n`);
    });
  }

  close(): void {
    this.isOver = true;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd).toLowerCase();
    const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
    if (length === undefined) {
      this.#end(`an answer without a length: ${head.slice(0, 80)}`);
      return;
    }
    const end = headEnd + 4 + Number(length);
    if (this.#received.length < end) return;
    const body = this.#received.slice(headEnd + 4, end);
    this.#received = this.#received.slice(end);
    if (/\r\nconnection: close/.test(head)) this.isOver = true;
    this.#answer?.({ status: Number(head.slice(9, 12)), text: body });
  }

  #end(why: string): void {
    this.isOver = true;
    this.#opened.resolve(why);
    this.#answer?.({ status: 0, text: why });
    this.#socket.destroy();
  }
}

function connectSecurely(
  port: number,
  secureContext: SecureContext,
  onPeer: (fingerprint: string) => void,
): TLSSocket {
  const socket = connectTls({
    ...{ host: '127.0.0.1', port, secureContext, ALPNProtocols: ['http/1.1'] },
    // The servers' names are SPIFFE IDs.
    checkServerIdentity: () => undefined,
  });
  socket.once('secureConnect', () => onPeer(socket.getPeerX509Certificate()?.fingerprint256 ?? ''));
  return socket;
}

const answerWithinMs = 10_000;
