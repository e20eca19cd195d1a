/** An HTTP server that reads requests to their end and answers `ok`, as the routes of the other benchmark do. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Keeps the last body that came. */
export class Upstream {
  lastBody = '';
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        this.lastBody = Buffer.concat(chunks).toString('latin1');
        outgoing.writeHead(200, { 'content-length': 3 });
        outgoing.end('ok\n');
      });
    });
  }

  static async listen(): Promise<Upstream> {
    const upstream = new Upstream();
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
