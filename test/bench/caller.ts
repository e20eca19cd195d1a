/** One HTTP/1.1 connection over mutual TLS that sends one request again and again. */
import { Buffer } from 'node:buffer';
import { connect, type TLSSocket } from 'node:tls';

import type { Leaf } from '../xds/mesh.ts';
import { REQUEST_PATH } from './variants.ts';

/** A connection that stays open for all rounds. */
export class Caller {
  readonly #socket: TLSSocket;
  readonly #request: Buffer;
  #left = 0;
  #received = '';
  #done: { resolve: () => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: TLSSocket, request: Buffer) {
    this.#socket = socket;
    this.#request = request;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#done?.reject(error));
    socket.on('close', () => this.#done?.reject(new Error('envoy closed the connection')));
  }

  /** Connects as `client` to a port on loopback. */
  static async open(port: number, client: Leaf, caPem: string, request: Buffer): Promise<Caller> {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca: caPem,
      cert: client.certificatePem,
      key: client.keyPem,
      // The servers' names are SPIFFE IDs.
      checkServerIdentity: () => undefined,
    });
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return new Caller(socket, request);
  }

  /** Sends `count` requests, one at a time; rejects at the first answer that is not 200. */
  send(count: number): Promise<void> {
    this.#left = count;
    return new Promise((resolve, reject) => {
      this.#done = { resolve, reject };
      this.#socket.write(this.#request);
    });
  }

  close(): void {
    this.#done = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received += chunk.toString('latin1');
    if (!this.#received.startsWith(okStart) && this.#received.length >= okStart.length) {
      this.#done?.reject(new Error(`answer is not 200: \`${this.#received.slice(0, 300)}\``));
      return;
    }
    if (!this.#received.endsWith(okEnd)) return;
    this.#received = '';
    this.#left -= 1;
    if (this.#left === 0) this.#done?.resolve();
    else this.#socket.write(this.#request);
  }
}

/** The request of the decisions. */
export const REQUEST = Buffer.from(
  [
    `GET ${REQUEST_PATH} HTTP/1.1`,
    'host: orders',
    'user-agent: bench',
    'accept: application/json',
    'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '\r\n',
  ].join('\r\n'),
);
const okStart = 'HTTP/1.1 200 ';
/** The body that the route answers with. */
const okEnd = '\r\n\r\nok\n';
