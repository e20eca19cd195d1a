import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Database } from '../store/database.ts';
import { SqlitePrivacyStore } from '../store/sqlite-privacy-store.ts';
import { Clearances } from './clearances.ts';
import { MaskingKeys } from './masking-keys.ts';
import type { MaskedValue } from './model.ts';
import { RevealDesk } from './reveal-desk.ts';
import { sealToken } from './seal-token.test-data.ts';

let root: string;
let db: Database;
let store: SqlitePrivacyStore;
let keys: MaskingKeys;
let clearances: Clearances;
let desk: RevealDesk;
let clearance: string;
const clock = () => 1_800_000_000_000;
const log = pino({ level: 'silent' });

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'dta-reveal-'));
  db = new Database(':memory:');
  store = new SqlitePrivacyStore(db);
  keys = await MaskingKeys.open({ dir: join(root, 'masking'), store, clock, log });
  clearances = new Clearances(join(root, 'masking'), clock);
  desk = new RevealDesk({ keys, clearances, store, clock, log });
  clearance = await clearances.clear('alice');
});
afterEach(() => {
  db.close();
  rmSync(root, { recursive: true });
});

const token = (text: string | Buffer, from = keys.active()): MaskedValue => ({
  kind: 'token',
  text: sealToken(text, from),
});
const ask = (values: MaskedValue[], changes: { reason?: string; clearance?: string } = {}) =>
  desk.reveal({ values, reason: 'case 17', clearance, actor: 'operator', ...changes });
const evidence = () => desk.log({ limit: 100 });
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('with a clearance and a reason', () => {
  it('reveals tokens of every length and of every generation, and writes down each', async () => {
    const texts = ['', 'x', '4111111111111111', 'J\u00fcrgen \u{1f511}', 'long '.repeat(200)];
    const values = texts.map((text) => token(text));
    await keys.rotate('', 'operator');
    values.push(token('new'));
    expect(await ask(values)).toEqual(
      [...texts, 'new'].map((clear) => ({ result: 'revealed', clear })),
    );
    const written = await evidence();
    expect(written.map(({ keyId }) => keyId)).toEqual([1, 1, 1, 1, 1, 2]);
    expect(written[2]).toEqual({
      id: 3,
      atMs: clock(),
      actor: 'operator',
      cleared: 'alice',
      kind: 'token',
      keyId: 1,
      valueSha256: sha256(values[2]?.text ?? ''),
      reason: 'case 17',
      result: 'revealed',
    });
    expect(JSON.stringify(written)).not.toContain('4111111111111111');
  });

  it('gives bytes that are no UTF-8 as base64', async () => {
    const bytes = Buffer.from('ff00fe', 'hex');
    expect(await ask([token(bytes)])).toEqual([
      { result: 'revealed', clearBase64: bytes.toString('base64') },
    ]);
  });

  it('says of each value why it cannot be revealed, and writes that down', async () => {
    const good = token('x').text;
    const values: MaskedValue[] = [
      { kind: 'token', text: 'hello' },
      { kind: 'token', text: good.replace('dtk1.0001', 'dtk1.0002') },
      { kind: 'token', text: good.slice(0, -1) + (good.endsWith('A') ? 'B' : 'A') },
      { kind: 'token', text: `dtk1.0001.${Buffer.alloc(20).toString('base64url')}` },
      { kind: 'digits', text: '123456' },
      { kind: 'digits', text: '12345', keyId: 1 },
      { kind: 'digits', text: '123456', keyId: 9 },
      { kind: 'date', text: '2026-11-27', keyId: 1 },
      token('y'),
    ];
    const results = (await ask(values)).map(({ result }) => result);
    expect(results[2]).toMatch(/^(malformed|notOurs)$/);
    results.splice(2, 1);
    const expected = ['malformed', 'unknownKey', 'notOurs', 'malformed', 'malformed'];
    expect(results).toEqual([...expected, 'unknownKey', 'malformed', 'revealed']);
    const written = (await evidence()).map(({ result }) => result);
    written.splice(2, 1);
    expect(written).toEqual(results);
  });

  it('undoes preserved formats and shifted dates with the keys that are named', async () => {
    const values: MaskedValue[] = [
      { kind: 'digits', text: '4111-1111-1111-1111', keyId: 1 },
      { kind: 'characters', text: 'aB3-xYz9', keyId: 1 },
      { kind: 'number', text: '1234567', keyId: 1 },
      { kind: 'date', text: '2026-11-27', keyId: 1, maxShiftDays: 30 },
    ];
    const revealed = await ask(values);
    const shapes = [/^\d{4}(-\d{4}){3}$/, /^\w{3}-\w{4}$/, /^[1-9]\d{6}$/, /^2026-1[0-2]-\d\d$/];
    for (const [i, shape] of shapes.entries()) {
      expect(revealed[i]?.clear).toMatch(shape);
      expect(revealed[i]?.clear).not.toBe(values[i]?.text);
    }
  });
});

describe('refuses and writes down', () => {
  it.each([undefined, '', 'x'.repeat(43)])('the clearance %j', async (wrong) => {
    const value = token('secret');
    const request = { values: [value], reason: 'a\nb', clearance: wrong, actor: 'operator' };
    await expect(desk.reveal(request)).rejects.toMatchObject({ code: 'denied' });
    expect(await evidence()).toEqual([
      {
        id: 1,
        atMs: clock(),
        actor: 'operator',
        cleared: undefined,
        kind: 'token',
        keyId: 1,
        valueSha256: sha256(value.text),
        reason: 'a b',
        result: 'notCleared',
      },
    ]);
  });

  it('a clearance that was taken away', async () => {
    await clearances.withdraw('alice');
    await expect(ask([token('x')])).rejects.toMatchObject({ code: 'denied' });
    expect(await evidence()).toMatchObject([{ result: 'notCleared' }]);
  });

  it.each(['', '  ', 'two\nlines', 'x'.repeat(501)])('the reason %j', async (reason) => {
    await expect(ask([token('x')], { reason })).rejects.toMatchObject({ code: 'usage' });
    expect(await evidence()).toMatchObject([{ result: 'noReason', cleared: 'alice', keyId: 1 }]);
  });
});

it('answers nothing when the evidence cannot be written', async () => {
  const value = token('secret');
  const broken = new RevealDesk({
    keys,
    clearances,
    store: {
      addReveals: async () => {
        throw new Error('disk full');
      },
      reveals: (query) => store.reveals(query),
    },
    clock,
    log,
  });
  const request = { values: [value], reason: 'x', clearance, actor: 'operator' };
  await expect(broken.reveal(request)).rejects.toThrow('disk full');
});
