/** Content codings with Envoy's decompressors around the filter: decoded and masked, or refused; never raw, never as whole when cut. */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { maskedPolicy } from '../filter/masked-mesh.ts';
import type { Client } from './client.ts';
import { lanes, startTwoLanes, type TwoLanes } from './lanes.ts';

const card = '4111-1111-1111-1111';
const doc = JSON.stringify({ card, pad: 'x'.repeat(3_000) });
const masked = doc.replace('4111-1111-1111', '****-****-****');
const text = `paid with ${card}`;
const json = 'application/json';

let running: TwoLanes;
beforeAll(async () => {
  const policies = ['orders', 'ledger'].map((service) => maskedPolicy({ service }));
  running = await startTwoLanes({ policies: policies.join('---\n'), decompress: true });
});
afterAll(async () => {
  await running?.stop();
});

interface Encoded {
  readonly name: string;
  readonly coding: string;
  readonly type?: string;
  readonly body: Buffer;
  /** Absent: refused, or cut off. */
  readonly masked?: string;
}

const bomb = gzipSync(`["${' '.repeat(5_000_000)}"]`);
const long = JSON.stringify(Array.from({ length: 40_000 }, (_, id) => ({ id, pan: card })));

const cases: readonly Encoded[] = [
  { name: 'gzip', coding: 'gzip', body: gzipSync(doc), masked },
  { name: 'br', coding: 'br', body: brotliCompressSync(doc), masked },
  { name: 'zstd', coding: 'zstd', body: zstdCompressSync(doc), masked },
  { name: 'GZIP', coding: 'GZIP', body: gzipSync(doc), masked },
  {
    name: 'text in gzip',
    coding: 'gzip',
    type: 'text/plain',
    body: gzipSync(text),
    masked: 'paid with ****-****-****-1111',
  },
  {
    name: 'text in br',
    coding: 'br',
    type: 'text/plain',
    body: brotliCompressSync(text),
    masked: 'paid with ****-****-****-1111',
  },
  {
    name: 'a long one',
    coding: 'gzip',
    body: gzipSync(long, { level: 0 }),
    masked: long.replaceAll('4111-1111-1111', '****-****-****'),
  },
  { name: 'none at all', coding: 'identity', body: Buffer.from(doc), masked },
  { name: 'gzip twice', coding: 'gzip, gzip', body: gzipSync(gzipSync(doc)) },
  { name: 'deflate', coding: 'deflate', body: deflateSync(doc) },
  { name: 'x-gzip', coding: 'x-gzip', body: gzipSync(doc) },
  { name: 'an unknown one', coding: 'sdch', body: Buffer.from(doc) },
  { name: 'gzip that is none', coding: 'gzip', body: Buffer.from(doc) },
  { name: 'br that is none', coding: 'br', body: Buffer.from(doc) },
  { name: 'zstd that is none', coding: 'zstd', body: Buffer.from(doc) },
  {
    name: 'text in gzip that is none',
    coding: 'gzip',
    type: 'text/plain',
    body: Buffer.from(text),
  },
  { name: 'gzip that is cut off', coding: 'gzip', body: gzipSync(doc).subarray(0, 40) },
  { name: 'br that is cut off', coding: 'br', body: brotliCompressSync(doc).subarray(0, 20) },
  { name: 'zstd that is cut off', coding: 'zstd', body: zstdCompressSync(doc).subarray(0, 20) },
  { name: 'gzip over the ratio', coding: 'gzip', body: bomb },
];

describe.each(lanes)('over %s', (_name, lane) => {
  let checkout: Client;
  beforeAll(async () => {
    checkout = await running.client(lane, 'checkout');
  });
  const pathOf = (side: string, name: string) => `/${side}/${encodeURIComponent(name)}`;

  // Twice: with a warm connection the upstream gets its bytes at once.
  it.each([...cases, ...cases.map((one) => ({ ...one, name: `${one.name} again` }))])(
    'a request in $name',
    async ({ name, coding, type = json, body, masked }) => {
      const path = pathOf('request', name);
      const headers = { 'content-type': type, 'content-encoding': coding };
      const came = await checkout.ask({ method: 'POST', path, headers, body });
      const seen = running.upstream(lane).seen(path);
      expect(seen.some((one) => one.body.includes('4111-1111'))).toBe(false);
      if (masked === undefined) {
        expect(came.status === 403 || came.wasCut).toBe(true);
        expect(seen.filter(({ isWhole }) => isWhole)).toEqual([]);
        return;
      }
      expect(came.status).toBe(200);
      // No `toBe`: a difference would print megabytes.
      expect(seen[0]?.body === masked).toBe(true);
      expect([undefined, 'identity']).toContain(seen[0]?.headers['content-encoding']);
      expect(JSON.stringify(seen[0]?.trailers)).not.toContain('decompressor');
    },
  );

  it.each(cases)('a response in $name', async ({ name, coding, type = json, body, masked }) => {
    const path = pathOf('response', name);
    running.upstream(lane).answer(path, (reply) => {
      reply.writeHead(200, { 'content-type': type, 'content-encoding': coding, etag: '"1"' });
      reply.end(body);
    });
    const came = await checkout.ask({ path, headers: { 'accept-encoding': 'br, gzip;q=0.5, x' } });
    expect(running.upstream(lane).seen(path)[0]?.headers['accept-encoding']).toBe('gzip, br');
    expect(came.body).not.toContain('4111-1111');
    if (masked === undefined) {
      expect(came.status === 502 || came.wasCut).toBe(true);
      return;
    }
    expect(came).toMatchObject({ status: 200, wasCut: false });
    expect(came.body === masked).toBe(true);
    expect(came.headers).not.toHaveProperty('etag');
    expect(JSON.stringify(came.trailers)).not.toContain('decompressor');
  });

  it('an empty body stays one', async () => {
    const path = '/request/empty';
    const headers = { 'content-type': json, 'content-encoding': 'gzip' };
    const came = await checkout.ask({ method: 'POST', path, headers, body: Buffer.alloc(0) });
    expect(came.status).toBe(200);
    expect(running.upstream(lane).seen(path)).toMatchObject([{ body: '', isWhole: true }]);
  });

  it('no-transform says nothing to a mask', async () => {
    const path = '/response/no-transform';
    running.upstream(lane).answer(path, (reply) => {
      reply.writeHead(200, {
        'content-type': json,
        'content-encoding': 'gzip',
        'cache-control': 'no-transform',
      });
      reply.end(gzipSync(doc));
    });
    const came = await checkout.ask({ path, headers: { 'accept-encoding': 'gzip' } });
    expect(came).toMatchObject({ status: 200, body: masked });
  });

  it('goes on after all that', async () => {
    const { envoy } = running.mesh.sidecar(lane.service);
    expect(envoy.isRunning).toBe(true);
    expect(envoy.log.filter((line) => /critical|wasm.*(fail|trap|abort)/i.test(line))).toEqual([]);
  });
});
