/** The spool: order, bounds, and every way in which a crash can cut it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Spool } from './spool.ts';
import { decodeFrame, encodeFrame, FRAME_HEADER_BYTES, wholeFramesLen } from './spool-frame.ts';

const log = pino({ level: 'silent' });
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dta-spool-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = (options: { maxBytes?: number; segmentBytes?: number } = {}) =>
  Spool.open({ directory, log, ...options });

const append = (spool: Spool, ...texts: string[]) =>
  Promise.all(texts.map((text) => spool.append(Buffer.from(text))));

async function drain(spool: Spool): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const payload = await spool.peek();
    if (!payload) return texts;
    texts.push(Buffer.from(payload).toString());
    await spool.advance();
  }
}

describe('Spool', () => {
  it('gives back what was appended, in order, and leaves no file', async () => {
    const spool = await open({ segmentBytes: 30 });
    const texts = Array.from({ length: 20 }, (_, i) => `batch ${i}`);
    for (const text of texts) expect(await append(spool, text)).toEqual(['spooled']);
    expect(readdirSync(directory).length).toBeGreaterThan(5);
    expect(await drain(spool)).toEqual(texts);
    expect(readdirSync(directory)).toEqual([]);
    expect(spool.sizeBytes).toBe(0);
    await append(spool, 'later');
    expect(await drain(spool)).toEqual(['later']);
    await spool.close();
  });

  it('keeps the order of appends made at once and while it is read', async () => {
    const spool = await open({ segmentBytes: 50 });
    const texts = Array.from({ length: 50 }, (_, i) => `batch ${i}`);
    const appended = append(spool, ...texts);
    const first = drain(spool);
    await appended;
    expect([...(await first), ...(await drain(spool))]).toEqual(texts);
    await spool.close();
  });

  it('is empty when nothing was appended', async () => {
    const spool = await open();
    expect(await spool.peek()).toBeUndefined();
    await spool.advance();
    await spool.close();
  });

  it('refuses what would pass its bound, and takes more when there is room again', async () => {
    const spool = await open({ maxBytes: 3 * (FRAME_HEADER_BYTES + 4), segmentBytes: 1 });
    await append(spool, 'aaaa');
    await append(spool, 'bbbb');
    expect(await append(spool, 'cccc', 'dddd')).toEqual(['spooled', 'full']);
    expect(await append(spool, 'eeee')).toEqual(['full']);
    while ((await spool.peek())?.[0] !== 'c'.charCodeAt(0)) await spool.advance();
    await append(spool, 'ffff');
    expect(await drain(spool)).toEqual(['cccc', 'ffff']);
    await spool.close();
  });

  it('goes on after a restart, and gives the rest of a segment again', async () => {
    const first = await open();
    await append(first, 'one', 'two', 'three');
    await first.advance();
    await first.close();
    const second = await open();
    expect(second.sizeBytes).toBe(first.sizeBytes);
    await append(second, 'four');
    expect(await drain(second)).toEqual(['one', 'two', 'three', 'four']);
    await second.close();
  });

  it('cuts the last frame wherever the crash cut it, and keeps all before', async () => {
    const whole = Buffer.concat(['one', 'two', 'three'].map((t) => encodeFrame(Buffer.from(t))));
    const twoFrames = 2 * (FRAME_HEADER_BYTES + 3);
    for (let len = twoFrames; len < whole.length; len++) {
      writeFileSync(join(directory, '000000000007.spool'), whole.subarray(0, len));
      const spool = await open();
      expect(readFileSync(join(directory, '000000000007.spool')).length).toBe(twoFrames);
      await append(spool, 'new');
      expect(await drain(spool)).toEqual(['one', 'two', 'new']);
      await spool.close();
    }
  });

  it.each([0, 5, 9])('cuts a segment at the frame with a damaged byte %i', async (at) => {
    const frames = ['one', 'two'].map((text) => encodeFrame(Buffer.from(text)));
    const second = frames[1] as Buffer;
    second[at] = (second[at] as number) ^ 0x40;
    writeFileSync(join(directory, '000000000001.spool'), Buffer.concat(frames));
    writeFileSync(join(directory, '000000000002.spool'), encodeFrame(Buffer.from('next')));
    writeFileSync(join(directory, '000000000003.spool'), 'garbage');
    const spool = await open();
    expect(await drain(spool)).toEqual(['one', 'next']);
    await spool.close();
  });

  it('says so when it cannot write, takes nothing, and goes on when it can', async () => {
    const spool = await open();
    rmSync(directory, { recursive: true });
    await expect(append(spool, 'lost')).rejects.toThrow();
    expect(await spool.peek()).toBeUndefined();
    expect(spool.sizeBytes).toBe(0);
    directory = mkdtempSync(join(tmpdir(), 'dta-spool-'));
    await spool.close();
  });
});

describe('frames', () => {
  it('are refused in every prefix and with every bit flipped', () => {
    const frame = encodeFrame(Buffer.from('an audit batch'));
    expect(decodeFrame(frame, 0)?.toString()).toBe('an audit batch');
    expect(wholeFramesLen(Buffer.concat([frame, frame]))).toBe(2 * frame.length);
    for (let len = 0; len < frame.length; len++) {
      expect(decodeFrame(frame.subarray(0, len), 0)).toBeUndefined();
    }
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const flipped = Buffer.from(frame);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(wholeFramesLen(flipped)).toBe(0);
    }
  });
});
