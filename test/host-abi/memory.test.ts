/** The memory modules on their own: what is full answers 0, what is freed is used again, bytes are what a naive loop says. */
import fc from 'fast-check';
import { beforeAll, beforeEach, expect, test } from 'vitest';

import { compileProbe } from './probe.ts';

const MIB = 1024 * 1024;
const KIB_256 = 256 * 1024;

type Probe = Record<string, (...args: number[]) => number>;

let module: WebAssembly.Module;
let memory: WebAssembly.Memory;
let probe: Probe;

beforeAll(async () => {
  module = await compileProbe('memory');
});

beforeEach(() => {
  const { exports } = new WebAssembly.Instance(module);
  memory = exports.memory as WebAssembly.Memory;
  probe = exports as unknown as Probe;
  probe._initialize?.();
});

const pages = () => memory.buffer.byteLength / 65536;
const call = (name: string, ...args: number[]): number => {
  const found = probe[name];
  if (!found) throw new Error(`the probe has no \`${name}\``);
  return found(...args);
};

/** Takes a block with these bytes in it. */
function place(bytes: Uint8Array): number {
  const ptr = call('blockAlloc', bytes.length);
  new Uint8Array(memory.buffer).set(bytes, ptr);
  return ptr;
}
const read = (ptr: number, len: number) => new Uint8Array(memory.buffer).slice(ptr, ptr + len);

test('the arena starts over when the outermost callback returns, and not before', () => {
  call('arenaEnter');
  const first = call('arenaAlloc', 100);
  call('arenaEnter');
  const nested = call('arenaAlloc', 100);
  call('arenaLeave');
  const after = call('arenaAlloc', 1);
  expect(nested).toBe(first + 112);
  expect(after).toBe(nested + 112);
  call('arenaLeave');
  call('arenaEnter');
  expect(call('arenaAlloc', 1)).toBe(first);
});

test('what overflows the arena is counted and freed at the reset', () => {
  const round = () => {
    call('arenaEnter');
    const taken = Array.from({ length: 8 }, () => call('arenaAlloc', KIB_256 / 4));
    expect(taken.every((ptr) => ptr !== 0)).toBe(true);
    expect(new Set(taken).size).toBe(8);
    call('arenaLeave');
  };
  round();
  expect(call('arenaOverflows')).toBe(4n);
  const before = pages();
  for (let at = 0; at < 1000; at++) round();
  expect(pages()).toBe(before);
  expect(call('blockBytesHeld')).toBeLessThanOrEqual(65536);
});

test('a claimed block survives the reset, a piece of the region is copied', () => {
  call('arenaEnter');
  const big = call('arenaAlloc', 4 * MIB);
  const small = call('arenaAlloc', 3);
  new Uint8Array(memory.buffer).fill(7, big, big + 4 * MIB).set([1, 2, 3], small);
  expect(call('claimBlock', small)).toBe(0);
  expect(call('keepBytes', big, 4 * MIB)).toBe(big);
  const copy = call('keepBytes', small, 3);
  expect(copy).not.toBe(small);
  expect(call('claimBlock', big)).toBe(0);
  call('arenaLeave');
  const other = call('extentAlloc', 4 * MIB);
  new Uint8Array(memory.buffer).fill(9, other, other + 4 * MIB);
  expect(read(big, 4 * MIB).every((byte) => byte === 7)).toBe(true);
  expect([...read(copy, 3)]).toEqual([1, 2, 3]);
  call('blockFree', big);
  expect(call('extentPages', big)).toBe(0);
});

test('20 configurations of 24 MB, the old one freed after the new one came, need the room of two', () => {
  let held = 0;
  const sizes: number[] = [];
  for (let swap = 0; swap < 20; swap++) {
    call('arenaEnter');
    const next = call('arenaAlloc', 24 * MIB + swap * 1000);
    expect(next).not.toBe(0);
    expect(call('claimBlock', next)).toBe(1);
    call('blockFree', held);
    held = next;
    call('arenaLeave');
    sizes.push(pages());
  }
  expect(sizes.at(-1)).toBeLessThan((3 * 24 * MIB + 2 * MIB) / 65536);
  expect(sizes.slice(3).every((size) => size === sizes[3])).toBe(true);
});

test('no room is 0 and no trap, and room that was freed is found again', () => {
  const taken: number[] = [];
  for (let ptr = call('extentAlloc', 16 * MIB); ptr !== 0; ptr = call('extentAlloc', 16 * MIB)) {
    taken.push(ptr >>> 0);
  }
  expect(taken.length).toBeGreaterThanOrEqual(14);
  for (const size of [16 * MIB, 0xffffffff, 0x80000000, 0xffff0001, 300 * MIB]) {
    expect(call('extentAlloc', size)).toBe(0);
    expect(call('blockAlloc', size)).toBe(0);
    expect(call('arenaAlloc', size)).toBe(0);
  }
  const small: number[] = [];
  for (let ptr = call('blockAlloc', 16000); ptr !== 0; ptr = call('blockAlloc', 16000)) {
    small.push(ptr);
  }
  // The headroom is for small ones alone.
  expect(small.length * 16000).toBeGreaterThan(14 * MIB);
  expect(call('arenaAlloc', KIB_256 + 1)).toBe(0);
  for (const ptr of taken) call('extentFree', ptr);
  for (const ptr of small) call('blockFree', ptr);
  expect(call('extentAlloc', 16 * MIB * (taken.length - 1))).toBe(taken[0]);
});

test('extents never overlap, and everything freed becomes one again', () => {
  const sizes = fc.array(fc.record({ size: fc.integer({ min: 1, max: MIB }), free: fc.nat(9) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(sizes, (steps) => {
      const live: { ptr: number; pages: number }[] = [];
      for (const { size, free } of steps) {
        const ptr = call('extentAlloc', size) >>> 0;
        const need = Math.ceil(size / 65536);
        expect(ptr % 65536).toBe(0);
        for (const other of live) {
          const apart = ptr + need * 65536 <= other.ptr || other.ptr + other.pages * 65536 <= ptr;
          expect(apart).toBe(true);
        }
        live.push({ ptr, pages: need });
        if (free < live.length) call('extentFree', live.splice(free, 1)[0]?.ptr ?? 0);
      }
      for (const { ptr } of live) call('extentFree', ptr);
      expect(call('extentTakenPages')).toBe(0);
    }),
    { numRuns: 60 },
  );
  const total = pages();
  call('extentFree', call('extentAlloc', 2 * MIB));
  expect(pages()).toBe(Math.max(total, pages()));
});

test('a double free and a foreign pointer change nothing', () => {
  const ptr = call('extentAlloc', MIB);
  call('extentFree', ptr);
  call('extentFree', ptr);
  call('extentFree', ptr + 65536);
  call('extentFree', 12345);
  const [first, second] = [call('extentAlloc', MIB), call('extentAlloc', MIB)];
  expect(Math.abs(first - second)).toBeGreaterThanOrEqual(MIB);
});

test('blocks of all sizes keep their bytes apart, and 100,000 of them leave the memory flat', () => {
  const live = new Map<number, { size: number; mark: number }>();
  let state = 12345;
  const random = (limit: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % limit;
  };
  let flat = 0;
  for (let at = 0; at < 100_000; at++) {
    const size = random(4) === 0 ? random(70_000) : random(600);
    const ptr = call('blockAlloc', size);
    const mark = at & 255;
    if (live.has(ptr)) throw new Error(`block ${ptr} is taken twice`);
    if (call('blockSize', ptr) < size) throw new Error(`block ${ptr} is too small`);
    new Uint8Array(memory.buffer, ptr, size).fill(mark);
    live.set(ptr, { size, mark });
    if (live.size > 200) {
      const [oldest, wrote] = live.entries().next().value as [
        number,
        { size: number; mark: number },
      ];
      const bytes = Buffer.from(memory.buffer, oldest, wrote.size);
      if (!bytes.equals(Buffer.alloc(wrote.size, wrote.mark)))
        throw new Error(`block ${oldest} changed`);
      call('blockFree', oldest);
      live.delete(oldest);
    }
    if (at === 20_000) flat = pages();
  }
  expect(pages()).toBeLessThanOrEqual(flat * 1.1);
  for (const ptr of live.keys()) call('blockFree', ptr);
  expect(call('blockBytesHeld')).toBeLessThanOrEqual(36 * 65536);
});

function hash32(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function hash64(bytes: Uint8Array): bigint {
  const cut = (value: bigint) => BigInt.asUintN(64, value);
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = cut((hash ^ BigInt(byte)) * 0x100000001b3n);
  hash = cut((hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn);
  hash = cut((hash ^ (hash >> 33n)) * 0xc4ceb9fe1a85ec53n);
  return hash ^ (hash >> 33n);
}

test('hashes are FNV-1a with the final mix of murmur3', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const ptr = place(bytes);
      expect(call('hash32', ptr, bytes.length) >>> 0).toBe(hash32(bytes));
      const wide = call('hash64', ptr, bytes.length) as unknown as bigint;
      expect(BigInt.asUintN(64, wide)).toBe(hash64(bytes));
      call('blockFree', ptr);
    }),
  );
});

test('equal, compare, prefix and find agree with a naive loop', () => {
  const pair = fc
    .tuple(fc.uint8Array({ maxLength: 70 }), fc.nat(70), fc.nat(255), fc.boolean())
    .map(([bytes, at, byte, isSame]) => {
      const other = isSame ? bytes.slice() : bytes.slice(0, at);
      if (at < other.length) other[at] = byte;
      return [bytes, other, byte] as const;
    });
  fc.assert(
    fc.property(pair, ([a, b, byte]) => {
      const [pa, pb] = [place(a), place(b)];
      expect(call('equalBytes', pa, a.length, pb, b.length)).toBe(Buffer.compare(a, b) ? 0 : 1);
      expect(Math.sign(call('compareBytes', pa, a.length, pb, b.length))).toBe(
        Buffer.compare(a, b),
      );
      const isPrefix = b.length <= a.length && Buffer.compare(a.subarray(0, b.length), b) === 0;
      expect(call('startsWith', pa, a.length, pb, b.length)).toBe(isPrefix ? 1 : 0);
      expect(call('findByte', pa, a.length, byte)).toBe(a.indexOf(byte));
      call('blockFree', pa);
      call('blockFree', pb);
    }),
    { numRuns: 1000 },
  );
});

test('spans at the very end of the memory are read without a trap', () => {
  const ptr = pages() * 65536 - 33;
  new Uint8Array(memory.buffer).fill(65, ptr);
  for (let len = 0; len <= 33; len++) {
    const start = ptr + 33 - len;
    expect(call('findByte', start, len, 66)).toBe(-1);
    expect(call('equalBytes', start, len, start, len)).toBe(1);
    call('hash32', start, len);
    call('lowerAscii', start, start, len);
  }
});

test('hexadecimal, decimal and lower case', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const source = place(bytes);
      const target = call('blockAlloc', 100);
      call('writeHex', target, source, bytes.length);
      const hex = Buffer.from(read(target, bytes.length * 2)).toString();
      expect(hex).toBe(Buffer.from(bytes).toString('hex'));
      const back = place(Buffer.from(hex.toUpperCase()));
      expect(call('parseHex', target, back, hex.length)).toBe(1);
      expect(read(target, bytes.length)).toEqual(bytes);
      call('lowerAscii', target, source, bytes.length);
      const lower = bytes.map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));
      expect(read(target, bytes.length)).toEqual(lower);
      for (const ptr of [source, target, back]) call('blockFree', ptr);
    }),
  );
  const target = call('blockAlloc', 32);
  for (const wrong of ['0', '0g', 'g0', '/0', ':0', '@0', '`0', '0x', '\u00000']) {
    expect(call('parseHex', target, place(Buffer.from(wrong)), wrong.length)).toBe(0);
  }
  for (const value of [0n, 9n, 10n, 99n, 100n, 2n ** 63n, 2n ** 64n - 1n]) {
    const len = call('writeDecimal', target, value as unknown as number);
    expect(Buffer.from(read(target, len)).toString()).toBe(String(value));
  }
});
