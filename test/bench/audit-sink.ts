/** An HTTP server on a Unix socket that takes audit batches as an agent does and counts them. */
import { Buffer } from 'node:buffer';
import { createServer, type Server } from 'node:http';

import { AuditHeader } from '../../controller/layout.ts';

/** Takes `POST /v1/audit`. */
export class AuditSink {
  /** Records that arrived since the start. */
  records = 0;
  /** Batches that they came in. */
  batches = 0;
  readonly #server: Server;
  #wanted: { records: number; resolve: () => void } | undefined;

  private constructor() {
    this.#server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        this.#count(Buffer.concat(chunks));
        outgoing.end();
      });
    });
  }

  /** Listens on `socketPath`. */
  static async listen(socketPath: string): Promise<AuditSink> {
    const sink = new AuditSink();
    await new Promise<void>((resolve) => sink.#server.listen(socketPath, resolve));
    return sink;
  }

  /** Resolves when `records` have arrived since the start. */
  waitFor(records: number): Promise<void> {
    if (this.records >= records) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wanted = { records, resolve };
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #count(batch: Buffer): void {
    this.batches += 1;
    this.records += batch.readUInt32LE(AuditHeader.count);
    if (this.#wanted === undefined || this.records < this.#wanted.records) return;
    this.#wanted.resolve();
    this.#wanted = undefined;
  }
}
