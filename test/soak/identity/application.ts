/** The application behind every sidecar, on a thread of its own: HTTP/1.1 and HTTP/2, and gRPC streams that stay open. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A running application. */
export interface Application {
  readonly http1Port: number;
  /** Plaintext HTTP/2: answers GET as the other, and each gRPC call with one message; `/orders/Watch` stays open. */
  readonly http2Port: number;
  stop(): Promise<void>;
}

/** Starts it. */
export async function startApplication(): Promise<Application> {
  const worker = new Worker(new URL('./application-worker.ts', import.meta.url));
  const [ports] = (await once(worker, 'message')) as [Pick<Application, 'http1Port' | 'http2Port'>];
  return { ...ports, stop: async () => void (await worker.terminate()) };
}

/** Path of the gRPC method whose streams stay open. */
export const WATCH = '/orders/Watch';
/** One empty gRPC message, not compressed. */
export const EMPTY_MESSAGE: Buffer = Buffer.alloc(5);
