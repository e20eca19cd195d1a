/** Endpoints of bundles, good ones and others, over real TLS. */
import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { Authority } from '../identity/authority.ts';
import { checkEndpointUrl, fetchBundle } from './fetch-bundle.ts';

let server: Server;
let base: string;
let caPem: string;
const seen: string[] = [];
beforeAll(async () => {
  const nowMs = Date.now();
  const authority = await Authority.make('web.test', nowMs);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const leaf = authority.issueNow({
    publicKeySpki: publicKey.export({ type: 'spki', format: 'der' }),
    identity: {
      ...{ trustDomain: 'web.test', environment: 'p', team: 't', service: 's' },
      instance: '00000000-0000-4000-8000-00000000000a',
    },
    ...{ labels: {}, ttlMs: 60_000, nowMs, ips: ['127.0.0.1'] },
  });
  caPem = authority.rootPem;
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  server = createServer({ cert: leaf.chainPem, key }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

function answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  seen.push(`${url} ${headers.authorization ?? ''}`);
  if (url === '/moved') response.writeHead(302, { location: '/good' }).end();
  else if (url === '/plain') response.writeHead(302, { location: 'http://127.0.0.1/' }).end();
  else if (url === '/user') response.writeHead(302, { location: 'https://u:p@127.0.0.1/' }).end();
  else if (url === '/circle') response.writeHead(307, { location: '/circle' }).end();
  else if (url === '/error') response.writeHead(500).end();
  else if (url === '/huge') response.end('x'.repeat(300_000));
  else response.end('{"keys": []}');
}

const get = (path: string, ca: string | undefined = caPem) =>
  fetchBundle({ kind: 'https_web', url: base + path, caPem: ca });

test('a bundle is fetched, also where a redirect leads', async () => {
  expect(await get('/good')).toBe('{"keys": []}');
  expect(await get('/moved')).toBe('{"keys": []}');
});

test.each([
  ['/plain', 'usage', /has the scheme `http`/],
  ['/user', 'usage', /has a user in it/],
  ['/circle', 'unreachable', /redirects more than 3 times/],
  ['/error', 'unreachable', /status 500/],
  ['/huge', 'unreachable', /too long/],
])('not from %s', async (path, code, message) => {
  const failed = await get(path).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code });
  expect((failed as Error).message).toMatch(message);
});

test('not from who is not known', async () => {
  await expect(fetchBundle({ kind: 'https_web', url: base })).rejects.toMatchObject({
    code: 'unreachable',
  });
});

test('not from a file that is not there', async () => {
  await expect(fetchBundle({ kind: 'file', path: '/nowhere' })).rejects.toMatchObject({
    code: 'setup',
  });
});

test.each([
  ['https://b.test', true],
  ['https://[::1]:8443/x?y', true],
  ['http://b.test', false],
  ['https://u@b.test', false],
  ['https://:p@b.test', false],
  ['b.test', false],
  ['', false],
])('the URL %j', (url, isGood) => {
  if (isGood) expect(checkEndpointUrl(url).protocol).toBe('https:');
  else expect(() => checkEndpointUrl(url)).toThrowError(/the URL of the bundle/);
});
