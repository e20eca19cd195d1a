/** The service `checkout` of the demo: it calls orders in plaintext through its own sidecar. `node checkout.ts <sidecar port>` */
import { Agent, createServer, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';

const sidecarPort = Number(process.argv[2]);
const agent = new Agent({ keepAlive: true });

const server = createServer(async (incoming, outgoing) => {
  const body = await text(incoming);
  const type = incoming.headers['content-type'];
  const call = httpRequest(
    {
      host: '127.0.0.1',
      port: sidecarPort,
      method: incoming.method,
      path: incoming.url,
      agent,
      headers: { ...(type && { 'content-type': type }), 'x-dta-identity': 'somebody-else' },
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, {
        'content-type': answer.headers['content-type'] ?? 'text/plain',
      });
      answer.pipe(outgoing);
    },
  );
  call.once('error', (error) => {
    outgoing.writeHead(502, { 'content-type': 'text/plain' });
    outgoing.end(`${error.message}\n`);
  });
  call.end(body);
});

server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  console.log(`listening on ${typeof address === 'object' ? address?.port : address}`);
});
