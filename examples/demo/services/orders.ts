/** The service `orders` of the demo: it knows nothing of meshes. `node orders.ts` prints the port that it took. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const order = (id: string) => ({
  id,
  card: '4111-1111-1111-1111',
  amount: 4200,
  customer: { name: 'Ada', iban: 'DE89370400440532013000', ssn: '078-05-1120' },
});

/** What the service really got in its last POST, for who wants to see what was masked on the way. */
let lastBody = '';

const server = createServer(async (request, response) => {
  const answer = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (request.method === 'POST') {
    lastBody = await text(request);
    return answer(201, { accepted: true });
  }
  if (request.url === '/received') return answer(200, { body: lastBody, headers: request.headers });
  if (request.url === '/html') {
    response.writeHead(200, { 'content-type': 'text/html' });
    return response.end('<p>4111-1111-1111-1111</p>');
  }
  answer(200, order(request.url?.split('/')[2] ?? ''));
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  console.log(`listening on ${typeof address === 'object' ? address?.port : address}`);
});
