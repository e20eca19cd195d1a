/** Live values over a real store: what is taken, what is refused, who is told, what a restart leaves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Attribute, Band, RestrictionSide, Severity, Verdict } from '../layout.ts';
import { Database } from '../store/database.ts';
import { SqliteLiveValueStore } from '../store/sqlite-live-value-store.ts';
import { encodeState } from './encode-state.ts';
import { LiveValueDesk, type RestrictionRequest } from './live-value-desk.ts';

let dir: string;
let db: Database;
let nowMs: number;
let desk: LiveValueDesk;
let told: string[];
let logged: Record<string, unknown>[];

function open(): void {
  const log = pino({ base: null }, { write: (line: string) => logged.push(JSON.parse(line)) });
  db = new Database(join(dir, 'live.db'));
  desk = new LiveValueDesk({ store: new SqliteLiveValueStore(db), clock: () => nowMs, log });
  desk.onChange((change) => told.push(change));
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-live-'));
  [nowMs, told, logged] = [1_000_000, [], []];
  open();
});
afterEach(() => {
  db.close();
  rmSync(dir, { recursive: true });
});

const plain: RestrictionRequest = {
  subject: 'prod/orders',
  side: RestrictionSide.Destination,
  verdict: Verdict.Isolate,
  readOnly: false,
  noClearance: false,
  ratePerSecond: 0,
  burst: 0,
  retryAfterSeconds: 0,
  forMs: 0,
};
const restrict = (change: Partial<RestrictionRequest> = {}) =>
  desk.restrict({ ...plain, ...change }, 'alice', 'drill');

describe('restrictions', () => {
  it('are in force until they end or are released, and survive a restart', async () => {
    const lasting = await restrict();
    const short = await restrict({ verdict: Verdict.Break, forMs: 5_000 });
    expect(short).toMatchObject({ untilMs: 1_005_000, retryAfterSeconds: 10, actor: 'alice' });
    db.close();
    open();
    expect(await desk.restrictions()).toEqual(
      [lasting, short].sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
    nowMs = 1_005_000;
    expect(await desk.restrictions()).toEqual([lasting]);
    await expect(desk.release(short.id, 'bob', '')).rejects.toMatchObject({ code: 'notFound' });
    expect(await desk.release(lasting.id, 'bob', 'over')).toEqual(lasting);
    expect(await desk.restrictions()).toEqual([]);
    await expect(desk.release(lasting.id, 'bob', '')).rejects.toMatchObject({ code: 'notFound' });
    const row = db.row('SELECT * FROM restriction WHERE id = ?', lasting.id);
    expect(row).toMatchObject({ released_by: 'bob', release_reason: 'over' });
  });

  it('are told of at once, and logged with actor and reason', async () => {
    const { id } = await restrict();
    await desk.release(id, 'bob', 'over');
    expect(told).toEqual(['atOnce', 'atOnce']);
    expect(logged).toMatchObject([
      { msg: 'restriction set', id, actor: 'alice', reason: 'drill', subject: 'prod/orders' },
      { msg: 'restriction released', id, actor: 'bob', reason: 'over' },
    ]);
  });

  it('get a burst for their rate', async () => {
    const throttle = { verdict: Verdict.Throttle, retryAfterSeconds: 3 };
    expect(await restrict({ ...throttle, ratePerSecond: 2.5 })).toMatchObject({ burst: 3 });
    expect(await restrict({ ...throttle, ratePerSecond: 0.1 })).toMatchObject({ burst: 1 });
    expect(await restrict({ ...throttle, ratePerSecond: 1, burst: 9 })).toMatchObject({
      burst: 9,
      retryAfterSeconds: 3,
    });
  });

  it.each<[string, Partial<RestrictionRequest>]>([
    ['is no service', { subject: 'orders' }],
    ['is no service', { subject: 'prod/..' }],
    ['is no service', { subject: 'prod/orders/x' }],
    ['throttle needs a rate', { verdict: Verdict.Throttle }],
    ['degrade takes nothing', { verdict: Verdict.Degrade }],
    ['only degrade takes writing', { readOnly: true }],
    ['only degrade takes writing', { noClearance: true, verdict: Verdict.Break }],
    ['only throttle and degrade have a rate', { ratePerSecond: 1 }],
    ['only throttle and degrade have a rate', { burst: 1, verdict: Verdict.Break }],
    ['a burst needs a rate', { burst: 1, verdict: Verdict.Degrade, readOnly: true }],
    ['only throttle and break tell', { retryAfterSeconds: 1 }],
  ])('%s: refused with help, and nothing changes', async (message, change) => {
    await expect(restrict(change)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
      help: expect.any(String),
    });
    expect([await desk.restrictions(), told]).toEqual([[], []]);
  });

  it('that ended long ago are forgotten, others are not', async () => {
    const { id } = await restrict({ forMs: 1 });
    const kept = await restrict();
    await desk.forgetEnded();
    expect(db.rows('SELECT id FROM restriction')).toHaveLength(2);
    nowMs += 91 * 86_400_000;
    await desk.forgetEnded();
    expect(db.rows('SELECT id FROM restriction')).toEqual([{ id: kept.id }]);
    expect(id).not.toBe(kept.id);
  });
});

describe('signals', () => {
  const report = (change: object = {}) =>
    desk.report(
      { subject: 'prod/checkout', name: 'source.cpu', value: 0.5, maxAgeMs: 60_000, ...change },
      'probe',
    );

  it('count while they are young, and the later observed one wins', async () => {
    await report({ observedAtMs: nowMs - 10 });
    await report({ observedAtMs: nowMs - 20, value: 0.9 });
    expect(await desk.signals()).toMatchObject([{ value: 0.5, actor: 'probe' }]);
    nowMs += 59_989;
    expect(await desk.signals()).toHaveLength(1);
    nowMs += 1;
    expect(await desk.signals()).toEqual([]);
    expect(told).toEqual(['soon', 'soon']);
  });

  it('belong to a service or to an instance, in lower case', async () => {
    const uuid = '3F0E8C1A-0000-4000-8000-000000000001';
    await report({ subject: uuid, name: 'source.worstCve', value: Severity.high });
    expect(await desk.signals()).toMatchObject([{ subject: uuid.toLowerCase(), value: 3 }]);
    await desk.removeSignal(uuid, 'source.worstCve', 'alice');
    const again = desk.removeSignal(uuid, 'source.worstCve', 'alice');
    await expect(again).rejects.toMatchObject({ code: 'notFound' });
  });

  it.each([
    ['there is no signal', { name: 'source.heat' }],
    ['cannot be 1.5', { value: 1.5 }],
    ['cannot be -1', { value: -1 }],
    ['cannot be NaN', { value: Number.NaN }],
    ['cannot be 0.5', { name: 'source.cveCount' }],
    ['cannot be 5', { name: 'source.worstCve', value: 5 }],
    ['is no service', { subject: 'checkout' }],
    ['in the future', { observedAtMs: 1_060_001 }],
  ])('%s: refused with help', async (message, change) => {
    await expect(report(change)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
      help: expect.any(String),
    });
  });
});

describe('facts and bands', () => {
  it('hold until they are taken back', async () => {
    await desk.setFact('freeze', 0, 'alice', '');
    await desk.setFact('freeze', 1, 'alice', 'release night');
    await desk.setBand('prod/cart', Band.High, 'alice', 'odd calls');
    db.close();
    open();
    nowMs += 365 * 86_400_000;
    expect(await desk.facts()).toMatchObject([
      { name: 'freeze', value: 1, reason: 'release night' },
    ]);
    expect(await desk.bands()).toMatchObject([{ subject: 'prod/cart', band: Band.High }]);
    await desk.removeFact('freeze', 'bob', '');
    await desk.clearBand('prod/cart', 'bob', '');
    expect([await desk.facts(), await desk.bands()]).toEqual([[], []]);
    await expect(desk.removeFact('freeze', 'bob', '')).rejects.toMatchObject({ code: 'notFound' });
    const again = desk.clearBand('prod/cart', 'bob', '');
    await expect(again).rejects.toMatchObject({ code: 'notFound' });
    expect(told).toEqual(['soon', 'soon', 'atOnce', 'soon', 'atOnce']);
  });

  it.each(['', '9x', 'a-b', 'a b', 'x'.repeat(64)])('a fact is not called %j', async (name) => {
    await expect(desk.setFact(name, 1, 'alice', '')).rejects.toMatchObject({ code: 'usage' });
  });

  it('are part of what states say, facts as signals that do not age', async () => {
    await desk.setFact('freeze', 1, 'alice', '');
    await desk.setBand('prod/cart', Band.High, 'alice', '');
    const { id } = await restrict();
    const now = await desk.current();
    expect(now.signals).toEqual([
      {
        subject: 'freeze',
        attribute: Attribute.EnvironmentFact,
        value: 1,
        observedAtMs: nowMs,
        maxAgeMs: 0,
      },
    ]);
    expect(now.bands).toMatchObject([{ subject: 'prod/cart' }]);
    expect(now.restrictions).toMatchObject([{ id }]);
  });
});

it('reasons are one line', async () => {
  await expect(desk.setFact('x', 1, 'alice', 'a\nb')).rejects.toMatchObject({ code: 'usage' });
});

it('as much as is taken fits into a state beside 9,000 revocations', async () => {
  const long = (i: number) => `${'e'.repeat(63)}/${String(i).padStart(63, 's')}`;
  const common = { mesh: 'mesh.test', self: 'x'.repeat(512), epoch: 1n, nowMs };
  const signals = Array.from({ length: 2_048 }, (_, i) => ({
    subject: long(i),
    attribute: Attribute.SourceCpu,
    value: 0,
    observedAtMs: 0,
    maxAgeMs: 1,
  }));
  const bands = signals.map((_, i) => ({ subject: long(i + 2_048), band: Band.Low }));
  const restrictions = bands
    .slice(0, 512)
    .map((_, i) => ({ ...plain, subject: long(i + 4_096), untilMs: 0, verdict: Verdict.Isolate }));
  const revokedDigests = Array.from({ length: 9_000 }, (_, i) => {
    const digest = Buffer.alloc(32);
    digest.writeUInt32BE(i);
    return digest;
  });
  const state = { ...common, revokedDigests, revokedInstances: [], signals, bands, restrictions };
  expect(() => encodeState(state)).not.toThrow();
});

it('nothing is taken beyond that', async () => {
  db.transaction(() => {
    for (let i = 0; i < 512; i++) {
      db.run(
        `INSERT INTO restriction VALUES (?, 'a/b', 0, 5, 0, 0, 0, 0, 0, 0, '', '', 0, NULL, NULL, NULL)`,
        String(i),
      );
    }
  });
  await expect(restrict()).rejects.toThrow('there are 512 restrictions already');
});
