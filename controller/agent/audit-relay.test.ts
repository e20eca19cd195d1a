/**
 * From the filter's post to the controller: spooled first, forwarded in order, kept while nobody
 * takes it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { encodeBatch, sampleRecord } from '../audit/encode-batch.test-data.ts';
import { DtaError } from '../errors.ts';
import { readBatchHeader } from './audit-batch.ts';
import { AuditForwarder } from './audit-forwarder.ts';
import { type AuditRelay, createAuditRelay } from './audit-relay.ts';
import { RungAlarm } from './rung-alarm.test-data.ts';
import { Spool } from './spool.ts';

const lines: string[] = [];
const log = pino({}, { write: (line: string) => lines.push(line) });
let dir: string;
let spool: Spool;
let relay: AuditRelay;
let told: number;
let onSpooled: () => void;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dta-'));
  lines.length = 0;
  told = 0;
  onSpooled = () => told++;
  spool = await Spool.open({ directory: join(dir, 'spool'), maxBytes: 2_000, log });
  relay = await createAuditRelay({
    socketPath: join(dir, 'audit.sock'),
    uid: process.getuid?.() ?? 0,
    spool,
    onSpooled: () => onSpooled(),
    log,
  });
});
afterEach(async () => {
  await relay.close();
  await spool.close();
  rmSync(dir, { recursive: true });
});

function batch(firstSeq: number): Buffer {
  const records = [sampleRecord()];
  const bytes = encodeBatch({
    vmId: '00000000000000ab',
    firstSeq: BigInt(firstSeq),
    dropped: 0n,
    records,
  });
  return Buffer.from(bytes);
}

function post(body: Buffer, options: { path?: string; chunked?: boolean } = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      socketPath: join(dir, 'audit.sock'),
      path: options.path ?? '/v1/audit',
      method: 'POST',
      agent: false,
      headers: options.chunked ? {} : { 'content-length': body.length },
    });
    request.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    request.on('error', reject);
    if (options.chunked) request.write(body);
    request.end(options.chunked ? undefined : body);
  });
}

const seqOf = (bytes: Uint8Array) => Number(readBatchHeader(Buffer.from(bytes))?.firstSeq);

/** A controller that answers as `answers` says, then takes everything. */
function forward(answers: (Error | undefined)[], until: number) {
  const taken: number[] = [];
  const tries: number[] = [];
  const abort = new AbortController();
  const rung = new RungAlarm();
  const forwarder = new AuditForwarder({
    spool,
    send: async (bytes) => {
      tries.push(seqOf(bytes));
      const refusal = answers.shift();
      if (refusal) throw refusal;
      taken.push(seqOf(bytes));
      if (taken.length === until) abort.abort();
    },
    alarm: rung.alarm,
    random: () => 0,
    log,
    signal: abort.signal,
  });
  onSpooled = () => forwarder.notify();
  return { done: forwarder.run(), taken, tries, rung, abort };
}

describe('the relay', () => {
  it('answers 200 when the batch is spooled, as it was posted', async () => {
    expect(await post(batch(1))).toBe(200);
    expect(told).toBe(1);
    expect(batch(1).equals((await spool.peek()) ?? Buffer.alloc(0))).toBe(true);
  });

  it('answers 503 when the spool is full, and takes the batch once there is room', async () => {
    let sent = 0;
    while ((await post(batch(sent + 1))) === 200) sent++;
    expect(sent).toBeGreaterThan(3);
    expect(await post(batch(sent + 1))).toBe(503);
    const { done } = forward([], sent);
    await done;
    expect(await post(batch(sent + 1))).toBe(200);
  });

  it('answers 503 when the disk fails', async () => {
    rmSync(join(dir, 'spool'), { recursive: true });
    expect(await post(batch(1))).toBe(503);
    expect(told).toBe(0);
  });

  it.each([
    ['an empty body', Buffer.alloc(0), {}, 400],
    ['another magic', Buffer.alloc(200), {}, 400],
    ['a cut batch', batch(1).subarray(0, -1), {}, 400],
    ['another path', batch(1), { path: '/v1/join' }, 404],
    ['no length', batch(1), { chunked: true }, 411],
    ['two megabytes', Buffer.alloc(2 * 1024 * 1024), {}, 413],
  ])('refuses %s', async (_what, body, options, expected) => {
    // A server that answers before it has read everything may also just cut the rest of a large
    // body.
    const status = await post(body, options).catch(() => 413);
    expect(status).toBe(expected);
    expect(await spool.peek()).toBeUndefined();
  });
});

describe('the forwarder', () => {
  it('sends what is there and what comes, in order', async () => {
    await post(batch(1));
    await post(batch(2));
    const { done, taken } = forward([], 4);
    await post(batch(3));
    await post(batch(4));
    await done;
    expect(taken).toEqual([1, 2, 3, 4]);
  });

  it('keeps a batch while the controller is away and sends it again before any other', async () => {
    await post(batch(1));
    await post(batch(2));
    const gone = new DtaError('unreachable', 'gone');
    const denied = new DtaError('denied', 'not now');
    const { done, tries, taken, rung } = forward([gone, denied, new Error('odd')], 2);
    expect(await rung.ringNext()).toBe(500);
    expect(await rung.ringNext()).toBe(1_000);
    expect(await rung.ringNext()).toBe(2_000);
    await done;
    expect(tries).toEqual([1, 1, 1, 1, 2]);
    expect(taken).toEqual([1, 2]);
  });

  it('gives up a batch that the controller can never read, and says which', async () => {
    await post(batch(1));
    await post(batch(2));
    const { done, tries } = forward([new DtaError('usage', 'malformed')], 1);
    await done;
    expect(tries).toEqual([1, 2]);
    const given = lines.find((line) => line.includes('cannot read an audit batch'));
    expect(given).toContain('00000000000000ab');
  });

  it('stops while it waits', async () => {
    const { done, abort } = forward([], 9);
    abort.abort();
    await done;
  });
});
