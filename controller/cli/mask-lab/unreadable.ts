/** Where the filter stops reading a body, and what then happens: both asked of the filter. */
import type { PolicySet } from '../../policy/policy-set.ts';
import type { Question } from '../policy-lab/laboratory.ts';
import type { MaskBench, Variant } from './mask-bench.ts';
import type { Message, Passed } from './message.ts';
import { denyingUnreadable } from './parts-of-set.ts';

/** Where reading ended. Bytes, lines and columns count from 1. */
export type UnreadablePlace =
  | { readonly at: 'headers' }
  | { readonly at: 'end' }
  | { readonly at: 'byte'; readonly byte: number; readonly line: number; readonly column: number };

/** What a policy says of bodies that cannot be read. */
export type ActionName = 'deny' | 'redact-body' | 'pass-unmasked';

/**
 * Where a body stops to be what its headers say: the shortest beginning that the filter refuses. Undefined when it reads all
 * of it, and when nothing is masked for the caller. The request itself has to be permitted.
 */
export function findUnreadable(
  bench: MaskBench,
  question: Question,
  message: Message,
): UnreadablePlace | undefined {
  const { body } = message;
  if (body === undefined) return undefined;
  const strict = bench.under(denyingUnreadable(bench.set), question);
  const whole = { ...message, chunkBytes: 0 };
  if (!isRefused(strict.send(whole))) return undefined;
  const refuses = (len: number): boolean =>
    isRefused(strict.send({ ...whole, body: body.subarray(0, len) }, false));
  if (refuses(0)) return { at: 'headers' };
  if (!refuses(body.length)) return { at: 'end' };
  let [read, refused] = [0, body.length];
  while (refused - read > 1) {
    const middle = read + Math.floor((refused - read) / 2);
    if (refuses(middle)) refused = middle;
    else read = middle;
  }
  const before = Buffer.from(body.subarray(0, read)).toString('latin1');
  const line = before.split('\n').length;
  return { at: 'byte', byte: refused, line, column: read - before.lastIndexOf('\n') };
}

/** What happens on this route to a body that cannot be read; undefined when nothing is masked for the caller. */
export function declaredAction(
  bench: MaskBench,
  question: Question,
  message: Message,
): ActionName | undefined {
  const unfinished = Buffer.from('{');
  const broken: Message = {
    ...message,
    body: unfinished,
    contentType: 'application/json',
    chunkBytes: 0,
  };
  const under = (set: PolicySet): Variant => bench.under(set, question);
  if (!isRefused(under(denyingUnreadable(bench.set)).send(broken))) return undefined;
  const passed = under(bench.set).send(broken);
  if (isRefused(passed)) return 'deny';
  return unfinished.equals(passed.body) ? 'pass-unmasked' : 'redact-body';
}

function isRefused({ refusal }: Passed): boolean {
  return refusal !== undefined;
}
