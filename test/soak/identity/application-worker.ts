/** The thread of the application (`application.ts`). */
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';

import { EMPTY_MESSAGE, WATCH } from './application.ts';

const body = '{"ok":true}';
const headers = { 'content-type': 'application/json', 'content-length': body.length };

const http1 = createServer((request, response) => {
  request.resume();
  response.writeHead(200, headers).end(body);
});
// Longer than Envoy keeps a connection: a server that closes first makes races.
http1.keepAliveTimeout = 3_600_000;

const http2 = createHttp2Server();
http2.on('stream', (stream, request) => {
  stream.on('error', () => {});
  if (request['content-type'] !== 'application/grpc') {
    stream.respond({ ':status': 200, ...headers });
    stream.end(body);
    return;
  }
  const isLong = request[':path'] === WATCH;
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  if (!isLong) {
    stream.resume();
    stream.end(EMPTY_MESSAGE);
    return;
  }
  stream.write(EMPTY_MESSAGE);
  // Gives back what it gets, as long as the caller likes.
  stream.on('data', (chunk: Buffer) => stream.write(chunk));
  stream.on('end', () => stream.end());
});

const listening = [http1, http2].map(
  (server) =>
    new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    ),
);
const [http1Port, http2Port] = await Promise.all(listening);
parentPort?.postMessage({ http1Port, http2Port });
