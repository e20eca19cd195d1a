/** The context table and the header-pairs cursor on their own. */
import fc from 'fast-check';
import { beforeAll, beforeEach, expect, test } from 'vitest';

import { HeaderMap } from '../../host/header-map.ts';
import { compileProbe } from './probe.ts';

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
  call('_initialize');
});

const call = (name: string, ...args: number[]): number => {
  const found = probe[name];
  if (!found) throw new Error(`the probe has no \`${name}\``);
  return found(...args);
};
const global = (name: string) =>
  (probe as unknown as Record<string, { value: number }>)[name]?.value;

test('the context table agrees with a Map over random steps', () => {
  const step = fc.record({
    kind: fc.constantFrom('insert', 'insert', 'find', 'remove', 'terminate'),
    id: fc.integer({ min: 0, max: 40 }).map((id) => id * 1024 + (id % 3)),
    value: fc.integer({ min: 0, max: 1000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const model = new Map<number, { value: number; isTerminated: boolean }>();
      for (const { kind, id, value } of steps) {
        const known = model.get(id);
        if (kind === 'insert') {
          const isTaken = id !== 0 && value !== 0 && !known;
          expect(call('contextInsert', id, value)).toBe(isTaken ? 1 : 0);
          if (isTaken) model.set(id, { value, isTerminated: false });
        } else if (kind === 'find') {
          expect(call('contextFind', id)).toBe(known?.value ?? 0);
        } else if (kind === 'remove') {
          expect(call('contextRemove', id)).toBe(known?.value ?? 0);
          model.delete(id);
        } else {
          const isFirst = known !== undefined && !known.isTerminated;
          expect(call('contextIsTerminated', id)).toBe(isFirst ? 0 : 1);
          expect(call('contextTerminate', id)).toBe(isFirst ? 1 : 0);
          if (known) known.isTerminated = true;
        }
        expect(call('contextCount')).toBe(model.size);
      }
      for (const id of model.keys()) call('contextRemove', id);
    }),
    { numRuns: 200 },
  );
});

test('a hundred thousand contexts at once, then a million one after the other, in bounded memory', () => {
  for (let id = 1; id <= 100_000; id++) expect(call('contextInsert', id, id)).toBe(1);
  for (let id = 1; id <= 100_000; id++) expect(call('contextRemove', id)).toBe(id);
  const before = memory.buffer.byteLength;
  for (let id = 100_001; id <= 1_100_000; id++) {
    if (call('contextInsert', id, id) !== 1) throw new Error(`context ${id} was refused`);
    if (call('contextRemove', id) !== id) throw new Error(`context ${id} was lost`);
  }
  expect(memory.buffer.byteLength).toBe(before);
});

/** Reads encoded pairs with the cursor; undefined when it calls them malformed. */
function readPairs(encoded: Uint8Array): [string, string][] | undefined {
  const ptr = call('blockAlloc', encoded.length);
  const text = (at = 0, len = 0) => {
    expect(at).toBeGreaterThanOrEqual(ptr);
    expect(at + len).toBeLessThanOrEqual(ptr + encoded.length);
    return Buffer.from(new Uint8Array(memory.buffer, at, len)).toString();
  };
  new Uint8Array(memory.buffer).set(encoded, ptr);
  const pairs: [string, string][] = [];
  if (call('pairsOpen', ptr, encoded.length)) {
    while (call('pairsNext')) {
      const name = text(global('pairNamePtr'), global('pairNameLen'));
      pairs.push([name, text(global('pairValuePtr'), global('pairValueLen'))]);
    }
  }
  call('blockFree', ptr);
  return global('pairsMalformed') ? undefined : pairs;
}

const someHeaders: [string, string][] = [
  [':path', '/orders?id=1'],
  ['x-empty', ''],
  ['cookie', 'a=1'],
  ['cookie', 'b=2'],
];

test('header pairs are read as they were written', () => {
  expect(readPairs(new HeaderMap(someHeaders).encode())).toEqual(someHeaders);
  expect(readPairs(new Uint8Array())).toEqual([]);
  expect(readPairs(new Uint8Array(4))).toEqual([]);
});

test('every prefix of header pairs is malformed, and no flipped bit leads out of them', () => {
  const encoded = new HeaderMap(someHeaders).encode();
  for (let len = 1; len < encoded.length; len++) {
    expect(readPairs(encoded.subarray(0, len)), `${len} bytes`).toBeUndefined();
  }
  for (let bit = 0; bit < encoded.length * 8; bit++) {
    const flipped = Buffer.from(encoded);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    readPairs(flipped);
  }
  // Lengths whose sum wraps around in 32 bits to one that fits.
  for (const lengths of [[0xffffffff, 5] as const, [0xffffffff, 0xfffffffe] as const]) {
    const huge = Buffer.from(encoded);
    huge.writeUInt32LE(lengths[0], 4);
    huge.writeUInt32LE(lengths[1], 8);
    expect(readPairs(huge)).toBeUndefined();
  }
});
