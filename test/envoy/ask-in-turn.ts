/** A connection that sends HTTP/1.1 requests one after another, as written, and reads the statuses. */
import { type Peer, rawConnection } from './client.ts';

/** A request without a body; header names may stand several times. */
export interface WrittenRequest {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Sends them in turn and gives the statuses in their order. Rejects when the connection ends before. */
export async function askInTurn(
  peer: Peer,
  requests: readonly WrittenRequest[],
): Promise<number[]> {
  const socket = await rawConnection(peer);
  const statuses: number[] = [];
  let received = '';
  await new Promise<void>((resolve, reject) => {
    const next = () => {
      const request = requests[statuses.length];
      if (request === undefined) resolve();
      else socket.write(textOf(request));
    };
    socket.on('data', (chunk: string) => {
      received += chunk;
      const end = received.indexOf('\r\n\r\n');
      const head = received.slice(0, end);
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
      if (end < 0 || received.length < end + 4 + length) return;
      statuses.push(Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]));
      received = '';
      next();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`cut after ${statuses.length} answers`)));
    next();
  });
  socket.destroy();
  return statuses;
}

function textOf({ method, path, authority, headers }: WrittenRequest): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n${lines.join('')}\r\n`;
}
