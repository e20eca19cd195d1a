/** What every body format has to hold: the output does not depend on the chunks, and what is refused leaks nothing. */
import { expect } from 'vitest';

import type { BodyKernel, BodyKind } from './body-kernel.ts';
import type { Masked } from './kernel.ts';
import { buildMaskBlob, type Profile } from './mask-blob.ts';

/** Random cases of a fuzz test. */
export const fuzzRuns = Number(process.env.FUZZ_RUNS ?? 2_000);

/** Bytes of a text, each character one byte when it has one. */
export function bytesOf(text: string | Uint8Array): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : Buffer.from(text);
}

/** Masks a body in one piece; throws when it is refused. */
export function maskWhole(
  kernel: BodyKernel,
  kind: BodyKind,
  profile: Profile | Uint8Array,
  input: string | Uint8Array,
): Buffer {
  const { status, output } = kernel.mask(kind, profile, [bytesOf(input)]);
  if (status !== 'ok') throw new Error(status);
  return output;
}

/** Cuts at every position (of long bodies at 300 of them), in single bytes with and without empty chunks, and in pieces of a few sizes. */
export function* cutsOf(bytes: Buffer): Generator<Buffer[]> {
  yield [bytes];
  yield [bytes, Buffer.alloc(0)];
  const step = bytes.length > 1_500 ? Math.ceil(bytes.length / 300) : 1;
  for (let cut = 1; cut < bytes.length; cut += step)
    yield [bytes.subarray(0, cut), bytes.subarray(cut)];
  const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  yield single;
  yield single.flatMap((one) => [one, Buffer.alloc(0)]);
  for (const size of [2, 3, 5, 7, 16, 17]) {
    yield Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
  }
}

/** Expects the same output and count for every cut. */
export function expectOutput(
  kernel: BodyKernel,
  kind: BodyKind,
  profile: Profile | Uint8Array,
  input: string | Uint8Array,
  output: string | Uint8Array,
): void {
  const blob = profile instanceof Uint8Array ? profile : buildMaskBlob(profile);
  let count: number | undefined;
  for (const chunks of cutsOf(bytesOf(input))) {
    const masked = kernel.mask(kind, blob, chunks);
    expect(outcome(masked)).toEqual({ status: 'ok', output: show(bytesOf(output)) });
    count ??= masked.count;
    expect(masked.count).toBe(count);
  }
}

/** Expects that a body is refused for every cut, and that nothing that went out before holds a secret. */
export function expectRefused(
  kernel: BodyKernel,
  kind: BodyKind,
  profile: Profile | Uint8Array,
  input: string | Uint8Array,
  secrets: readonly string[] = [],
): void {
  const blob = profile instanceof Uint8Array ? profile : buildMaskBlob(profile);
  for (const chunks of cutsOf(bytesOf(input))) {
    const masked = kernel.mask(kind, blob, chunks);
    expect({ ...outcome(masked), chunks: chunks.length }).toMatchObject({ status: 'malformed' });
    for (const secret of secrets) expect(masked.output.toString('latin1')).not.toContain(secret);
  }
}

/** Random numbers of a seed (mulberry32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** One of several. */
export function pick<T>(random: (below: number) => number, values: readonly T[]): T {
  return values[random(values.length)] as T;
}

/** Random chunks of a body. */
export function chunksOf(random: (below: number) => number, bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random(random(4) === 0 ? 3 : 40);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks.length === 0 ? [bytes] : chunks;
}

function outcome({ status, output }: Masked): { status: string; output: string } {
  return { status, output: show(output) };
}

/** Bytes as text that shows each of them. */
function show(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : bytes.toString('latin1');
}
