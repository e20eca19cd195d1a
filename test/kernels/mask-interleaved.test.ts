/** Bodies of several streams take turns in one VM: nothing of one may come out of another. */
import { expect, test } from 'vitest';

import { type BodyKind, formats, loadBodyKernel } from './body-kernel.ts';
import { buildMaskBlob, type Profile } from './mask-blob.ts';

const kernel = await loadBodyKernel();
const profile: Profile = { names: [{ name: 'card', rule: { operator: 'Redact' } }] };
const blob = buildMaskBlob(profile);
/** Longer than what is held until it is known to be a document. */
const FILLING = 13_000;

function open(kind: BodyKind): number {
  const arg = kernel.place(Buffer.from(kind.arg ?? ''));
  const format = formats[kind.format];
  return kernel.exports.open(kernel.place(blob), 0n, 0, format, 0, arg, kind.arg?.length ?? 0);
}

function feed(masker: number, piece: string, isEnd = false): { code: number; output: string } {
  const bytes = Buffer.from(piece);
  const code = kernel.exports.feed(masker, kernel.place(bytes), bytes.length, isEnd ? 1 : 0);
  const at = kernel.exports.outPtr();
  const output = kernel.exports.memory.buffer.slice(at, at + kernel.exports.outLen());
  return { code, output: Buffer.from(output).toString() };
}

const starts: [BodyKind, string][] = [
  [{ format: 'Json' }, `{"s":"{\\"a\\":\\"${'x'.repeat(FILLING)}`],
  [{ format: 'Form' }, `s={"a":"${'x'.repeat(FILLING)}`],
  [{ format: 'EventStream' }, `data: {"a":"${'x'.repeat(FILLING)}`],
];

test.each(starts)(
  '$format that fails inside a document leaves nothing to others',
  (kind, start) => {
    const [failing, living] = [open(kind), open({ format: 'Json' })];
    expect(feed(failing, start).code).toBe(0);
    expect(feed(living, starts[0]?.[1] ?? '').code).toBe(0);
    expect(feed(failing, 'SECRET-OF-THE-OTHER\xff%zz\u0001').code).toBe(1);
    const rest = feed(living, 'xyz\\"}"}', true);
    expect(rest.code).toBe(0);
    expect(rest.output).toMatch(/^x*xyz\\"\}"\}$/);
    kernel.exports.shut(failing);
    kernel.exports.shut(living);
  },
);
