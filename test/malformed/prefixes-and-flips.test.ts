/** Damaged bundles and states: refused with a reason, or, when the damage has a meaning, decided with; never a trap. */
import { beforeEach, describe, expect, test } from 'vitest';

import type { Root } from '../../host/vm.ts';
import { bundleOf, CHECKOUT, Mesh, stateOf } from '../filter/mesh.ts';
import { exercise, sampleBundle, sampleState } from './samples.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 20_000);
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_122);

const kinds = [
  { kind: 'bundle', file: sampleBundle, rootId: 'dta' },
  { kind: 'state', file: sampleState, rootId: 'dta-state' },
] as const;

let mesh: Mesh;
let lines: string[];

beforeEach(async () => {
  lines = [];
  mesh = await Mesh.start({ onLog: ({ message }) => lines.push(message) });
});

/** Offers a file; the reason of a refusal, or the accepted root. */
function offer(
  kind: 'bundle' | 'state',
  configuration: Uint8Array,
): { root: Root; reason?: string } {
  lines.length = 0;
  const root = kind === 'bundle' ? mesh.bundle(configuration) : mesh.state(configuration);
  if (root.accepted) return { root };
  // One line says why, and where.
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(new RegExp(`^${kind} refused: .+ \\(section \\d+, record \\d+\\)$`));
  return { root, reason: lines[0] ?? '' };
}

describe.each(kinds)('$kind', ({ kind, file, rootId }) => {
  test('the sample is accepted and used', () => {
    expect(offer(kind, file()).reason).toBeUndefined();
  });

  test('every prefix is refused', () => {
    const whole = file();
    expect(whole.length).toBeLessThan(16_384);
    mesh.vm.startRoot({ rootId, configuration: whole.subarray(0, 700) });
    const pages = mesh.vm.memoryPages;
    const accepted: number[] = [];
    for (let end = 0; end < whole.length; end++) {
      if (offer(kind, whole.subarray(0, end)).reason === undefined) accepted.push(end);
    }
    expect(accepted).toEqual([]);
    expect(mesh.vm.memoryPages).toBe(pages);
  });

  test('a longer file is refused', () => {
    for (const more of [1, 7, 8, 64]) {
      const longer = new Uint8Array(file().length + more);
      longer.set(file());
      expect(offer(kind, longer).reason).toContain('length in the header');
    }
  });

  test('random garbage is refused, with and without a good start', () => {
    const random = new Random(SEED);
    for (let i = 0; i < 2000; i++) {
      const garbage = file();
      const start = random.below(3) * 260;
      for (let at = start; at < garbage.length; at++) garbage[at] = random.below(256);
      expect(offer(kind, garbage).reason).toBeDefined();
    }
  });
});

test('sampled prefixes of a large bundle are refused', () => {
  const rules = Array.from(
    { length: 2000 },
    (_, i) =>
      `    - { name: r${i}, effect: allow, from: [{ service: s${i} }], to: [{ paths: ["/p${i}/{id}"] }] }`,
  );
  const whole = bundleOf(`
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: large }
spec:
  destination: { service: orders }
  rules:
${rules.join('\n')}
`);
  const random = new Random(SEED);
  expect(offer('bundle', whole).reason).toBeUndefined();
  for (let i = 0; i < 500; i++) {
    expect(offer('bundle', whole.subarray(0, random.below(whole.length))).reason).toBeDefined();
  }
});

test(`${RUNS} damaged bundles are refused or decide without a trap`, { timeout: 3_600_000 }, () => {
  const random = new Random(SEED);
  const whole = sampleBundle();
  mesh.state(sampleState());
  const tally = { accepted: 0, refused: 0 };
  for (let i = 0; i < RUNS; i++) {
    const damaged = damage(whole, random);
    const { root, reason } = offer('bundle', damaged);
    if (reason === undefined) {
      tally.accepted += 1;
      try {
        exercise(mesh, root);
        mesh.vm.tick(root);
      } catch (cause) {
        throw new Error(`damaged bundle ${i} of seed ${SEED}: ${differences(whole, damaged)}`, {
          cause,
        });
      }
      answerAudit();
      // The bundle goes with its root, so that the next one is the newest again.
      mesh.vm.deleteRoot(root);
    } else tally.refused += 1;
  }
  console.log(
    `measured: ${RUNS} damaged bundles ${JSON.stringify(tally)}, ${mesh.vm.memoryPages} pages`,
  );
  expect(Math.min(tally.accepted, tally.refused)).toBeGreaterThan(RUNS / 20);
  // Whatever was loaded and dropped in between, a good bundle still decides.
  const root = mesh.bundle(sampleBundle());
  expect(mesh.status(root, CHECKOUT, { method: 'POST' }).status).toBe(200);
});

test(`${RUNS / 4} damaged states are refused or decide without a trap`, {
  timeout: 3_600_000,
}, async () => {
  const random = new Random(SEED + 1);
  const whole = sampleState();
  const tally = { accepted: 0, refused: 0 };
  const root = mesh.bundle(sampleBundle());
  for (let i = 0; i < RUNS / 4; i++) {
    const damaged = damage(whole, random);
    // Newer than all before, unless the damage hit the epoch itself.
    new DataView(damaged.buffer).setBigUint64(512 + 16, BigInt(i + 1), true);
    const offered = offer('state', damaged);
    if (offered.reason === undefined) {
      tally.accepted += 1;
      try {
        exercise(mesh, root);
        mesh.vm.tick(offered.root);
      } catch (cause) {
        throw new Error(`damaged state ${i} of seed ${SEED + 1}: ${differences(whole, damaged)}`, {
          cause,
        });
      }
      answerAudit();
      mesh.vm.deleteRoot(offered.root);
    } else tally.refused += 1;
  }
  console.log(`measured: ${RUNS / 4} damaged states ${JSON.stringify(tally)}`);
  expect(Math.min(tally.accepted, tally.refused)).toBeGreaterThan(RUNS / 100);
  mesh.state(stateOf({ epoch: BigInt(RUNS) }));
  expect(mesh.status(root, CHECKOUT, { method: 'POST' }).code).toBe('');
});

function answerAudit(): void {
  const call = mesh.vm.httpCalls[0];
  if (call !== undefined) mesh.vm.answerHttpCall(call.token, { status: 200 });
}

/** One to three bytes or words of a copy are changed, where the first 512 bytes are mostly left alone. */
function damage(whole: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(whole);
  const view = new DataView(bytes.buffer);
  const words = [0, 1, 2, 3, 7, 8, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, bytes.length];
  for (let left = 1 + random.below(3); left > 0; left--) {
    const first = random.below(50) === 0 ? 0 : 512;
    const at = first + random.below(bytes.length - first);
    const aligned = Math.min(at & ~3, bytes.length - 4);
    const old = view.getUint32(aligned, true);
    const how = random.below(5);
    if (how === 0) bytes[at] = random.below(256);
    else if (how === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    else if (how === 2) view.setUint32(aligned, words[random.below(words.length)] ?? 0, true);
    else if (how === 3) view.setUint32(aligned, old + random.below(5) - 2, true);
    else view.setUint32(aligned, random.below(64), true);
  }
  return bytes;
}

function differences(whole: Uint8Array, damaged: Uint8Array): string {
  const places = [...whole.keys()].filter((at) => whole[at] !== damaged[at]);
  return places.map((at) => `${at}: ${whole[at]} -> ${damaged[at]}`).join(', ');
}

/** Mulberry32: small, seeded, the same everywhere. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * limit);
  }
}
