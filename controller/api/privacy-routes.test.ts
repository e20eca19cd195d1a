/** Clear values and masking keys through the operator API and its client; the operator's token is `operator-server.test.ts`'s. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Clearances } from '../privacy/clearances.ts';
import { MaskingKeys } from '../privacy/masking-keys.ts';
import { RevealDesk } from '../privacy/reveal-desk.ts';
import { sealToken } from '../privacy/seal-token.test-data.ts';
import { Database } from '../store/database.ts';
import { SqlitePrivacyStore } from '../store/sqlite-privacy-store.ts';
import { createApp, listen } from './app.ts';
import { OperatorClient } from './client.ts';
import { addPrivacyRoutes } from './privacy-routes.ts';

const clock = () => 1_800_000_000_000;
const log = pino({ level: 'silent' });
let dir: string;
let db: Database;
let keys: MaskingKeys;
let clearances: Clearances;
let app: FastifyInstance;
let client: OperatorClient;
let clearance: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dta-privacy-'));
  db = new Database(':memory:');
  const store = new SqlitePrivacyStore(db);
  keys = await MaskingKeys.open({ dir: join(dir, 'masking'), store, clock, log });
  clearances = new Clearances(join(dir, 'masking'), clock);
  const reveals = new RevealDesk({ keys, clearances, store, clock, log });
  app = await createApp({ title: 'test', log });
  addPrivacyRoutes(app, { keys, reveals }, 'operator');
  const port = await listen(app, { host: '127.0.0.1', port: 0 });
  client = new OperatorClient({ address: `http://127.0.0.1:${port}`, token: 'x' });
  clearance = await clearances.clear('alice');
});
afterEach(async () => {
  await app.close();
  db.close();
  rmSync(dir, { recursive: true });
});

const token = (text: string) => ({ text: sealToken(text, keys.active()) });
const reason = 'case 17';

describe('POST /v1/masking/reveal', () => {
  it('answers in the order of the values, and keeps evidence', async () => {
    const values = [
      token('4111111111111111'),
      { text: 'no token' },
      { kind: 'date', text: '2026-11-27', keyId: 1, maxShiftDays: 2 } as const,
    ];
    expect(await client.reveal({ values, reason }, clearance)).toEqual([
      { result: 'revealed', clear: '4111111111111111' },
      { result: 'malformed' },
      { result: 'revealed', clear: expect.stringMatching(/^2026-11-2[5689]$/) },
    ]);
    const common = { actor: 'operator', cleared: 'alice', reason, atMs: clock() };
    expect(await client.reveals()).toMatchObject([
      { ...common, id: 1, kind: 'token', keyId: 1, result: 'revealed' },
      { ...common, id: 2, kind: 'token', result: 'malformed' },
      { ...common, id: 3, kind: 'date', keyId: 1, result: 'revealed' },
    ]);
    expect(await client.reveals({ limit: 1 })).toMatchObject([{ id: 3 }]);
    expect(await client.reveals({ after: 1, limit: 1 })).toMatchObject([{ id: 2 }]);
  });

  it('refuses who is not cleared, and who gives no reason, and keeps evidence', async () => {
    const values = [token('secret')];
    const wrong = clearance.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'));
    for (const each of ['', wrong]) {
      await expect(client.reveal({ values, reason }, each)).rejects.toMatchObject({
        code: 'denied',
        message: 'clear values are for those who are cleared',
      });
    }
    await expect(client.reveal({ values }, clearance)).rejects.toMatchObject({ code: 'usage' });
    expect((await client.reveals()).map(({ result }) => result)).toEqual([
      'notCleared',
      'notCleared',
      'noReason',
    ]);
  });

  it('may not be kept by anybody on the way', async () => {
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/masking/reveal',
      headers: { 'dta-clearance': clearance },
      payload: { values: [token('x')], reason },
    });
    expect(answer.json()).toEqual({ values: [{ result: 'revealed', clear: 'x' }] });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it.each([
    ['no values', { values: [] }],
    ['101 values', { values: new Array(101).fill({ text: 'x' }) }],
    ['a kind that there is not', { values: [{ kind: 'hash', text: 'x' }] }],
    ['a field that there is not', { values: [{ text: 'x', label: 'PCI' }] }],
    ['a long text', { values: [{ text: 'x'.repeat(1_501) }] }],
    ['no shift', { values: [{ kind: 'date', text: 'x', maxShiftDays: 0 }] }],
  ])('refuses %s', async (_what, body) => {
    const payload = { ...body, reason };
    const headers = { 'dta-clearance': clearance };
    const url = '/v1/masking/reveal';
    const answer = await app.inject({ method: 'POST', url, headers, payload });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'usage']);
  });

  it('takes a hundred of the longest values', async () => {
    const values = new Array(100).fill({ text: '\u0001'.repeat(1_500) });
    const results = await client.reveal({ values, reason }, clearance);
    expect(results).toEqual(new Array(100).fill({ result: 'malformed' }));
  });
});

describe('/v1/masking/keys', () => {
  it('lists and rotates; what was masked before is revealed as before', async () => {
    const values = [token('old')];
    const first = { keyId: 1, madeAtMs: clock(), actor: 'controller', reason: 'first start' };
    expect(await client.maskingKeys()).toEqual([{ ...first, isActive: true }]);
    const second = { keyId: 2, madeAtMs: clock(), actor: 'operator', reason: 'lost' };
    expect(await client.rotateMaskingKeys('lost')).toEqual({ ...second, isActive: true });
    expect(await client.maskingKeys()).toEqual([
      { ...first, isActive: false },
      { ...second, isActive: true },
    ]);
    values.push(token('new'));
    const revealed = await client.reveal({ values, reason }, clearance);
    expect(revealed.map(({ clear }) => clear)).toEqual(['old', 'new']);
  });

  it('takes no reason of several lines', async () => {
    await expect(client.rotateMaskingKeys('a\nb')).rejects.toMatchObject({ code: 'usage' });
    expect(await client.maskingKeys()).toHaveLength(1);
  });
});
