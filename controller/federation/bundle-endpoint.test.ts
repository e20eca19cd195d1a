/** The endpoint of our own bundle, asked over real TLS. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { Authority } from '../identity/authority.ts';
import { type BundleEndpoint, openBundleEndpoint } from './bundle-endpoint.ts';

const dir = mkdtempSync(join(tmpdir(), 'dta-endpoint-'));
const [certificatePath, keyPath] = [join(dir, 'web.pem'), join(dir, 'web-key.pem')];
const log = pino({ level: 'silent' });
let endpoint: BundleEndpoint;
let caPem: string;
let document = '{"keys": []}';
beforeAll(async () => {
  const nowMs = Date.now();
  const authority = await Authority.make('web.test', nowMs);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const instance = '00000000-0000-4000-8000-00000000000a';
  const leaf = authority.issueNow({
    publicKeySpki: publicKey.export({ type: 'spki', format: 'der' }),
    identity: { trustDomain: 'web.test', environment: 'p', team: 't', service: 's', instance },
    ...{ labels: {}, ttlMs: 60_000, nowMs, ips: ['127.0.0.1'] },
  });
  caPem = authority.rootPem;
  writeFileSync(certificatePath, leaf.chainPem);
  writeFileSync(keyPath, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const address = { host: '127.0.0.1', port: 0, certificatePath, keyPath };
  endpoint = await openBundleEndpoint({ ...address, bundle: () => document, log });
});
afterAll(async () => {
  await endpoint.close();
  rmSync(dir, { recursive: true });
});

function ask(method: string, path: string) {
  const options = { host: '127.0.0.1', port: endpoint.port, ca: caPem, agent: false };
  return new Promise<{ status: number; type: string; body: string }>((resolve, reject) => {
    request({ ...options, method, path }, async (answer) => {
      const { statusCode: status = 0, headers } = answer;
      resolve({ status, type: headers['content-type'] ?? '', body: await text(answer) });
    })
      .once('error', reject)
      .end();
  });
}

test('gives the newest bundle to whoever asks, and nothing else', async () => {
  const type = 'application/json';
  expect(await ask('GET', '/bundle.json')).toEqual({ status: 200, type, body: '{"keys": []}' });
  document = '{"keys": [1]}';
  expect((await ask('GET', '/bundle.json?x')).body).toBe('{"keys": [1]}');
  expect(await ask('HEAD', '/bundle.json')).toEqual({ status: 200, type, body: '' });
  expect((await ask('POST', '/bundle.json')).status).toBe(405);
  expect((await ask('GET', '/')).status).toBe(404);
});

test.each([
  [{ certificatePath: '/nowhere' }, 'setup'],
  [{ keyPath: certificatePath }, 'setup'],
  [{ host: '192.0.2.1' }, 'portInUse'],
])('does not start with %j', async (wrong, code) => {
  const address = { host: '127.0.0.1', port: 0, certificatePath, keyPath, ...wrong };
  const opened = openBundleEndpoint({ ...address, bundle: () => document, log });
  await expect(opened).rejects.toMatchObject({ code });
});
