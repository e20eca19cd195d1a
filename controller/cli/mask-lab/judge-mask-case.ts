/** Compares what came out of a message with what a case expects. */
import type { MaskedExpectation } from '../../policy/kinds/mask-case.ts';
import { reasonCode } from '../policy-lab/explain.ts';
import type { Mismatch } from '../policy-lab/mismatch.ts';
import { type Recorded, refusedBecause } from './message.ts';
import type { MaskQuestion } from './message-of.ts';

/** How what came differs; `labels` are the names of those found. */
export function judgeMaskCase(
  { message, expectedBody }: MaskQuestion,
  expected: MaskedExpectation,
  recorded: Recorded,
  labels: readonly string[],
): Mismatch[] {
  const reason = refusedBecause(recorded);
  const refused = reason === undefined ? 'none' : `${reasonCode(reason)} ${reason}`;
  const awaited = expected.refused ?? 'none';
  const mismatches: Mismatch[] = [];
  const compare = (field: string, wanted: string, got: string): void => {
    if (wanted !== got) mismatches.push({ field, expected: wanted, got });
  };
  compare('refused', awaited === 'none' ? awaited : `${reasonCode(awaited)} ${awaited}`, refused);
  // What did not come out lacks everything: that would be no answer.
  if (mismatches.length > 0) return mismatches;
  const body = Buffer.from(recorded.body);
  const out = [...lines(recorded), body.toString()].join('\n');
  if (expectedBody !== undefined && !body.equals(expectedBody)) {
    const at = firstDifference(body, expectedBody);
    compare('body', shown(expectedBody, at), shown(body, at));
  }
  for (const text of expected.contains ?? []) {
    compare(`contains ${JSON.stringify(text)}`, 'true', String(out.includes(text)));
  }
  for (const text of expected.lacks ?? []) {
    compare(`lacks ${JSON.stringify(text)}`, 'true', String(!out.includes(text)));
  }
  if (expected.masked !== undefined) {
    const { maskedRequest, maskedResponse } = recorded.record;
    const masked = message.side === 'request' ? maskedRequest : maskedResponse;
    compare('masked', String(expected.masked), String(masked));
  }
  if (expected.labels !== undefined) compare('labels', listed(expected.labels), listed(labels));
  compareHeaders(expected, recorded, compare);
  return mismatches;
}

function compareHeaders(
  { path, headers = [], noHeaders = [] }: MaskedExpectation,
  recorded: Recorded,
  compare: (field: string, wanted: string, got: string) => void,
): void {
  const linesOf = (name: string): string[] =>
    (recorded.headers ?? []).filter(([one]) => one === name).map(([, value]) => value);
  if (path !== undefined) compare('path', path, linesOf(':path').join(', ') || 'none');
  for (const { name, texts } of headers) {
    compare(`headers.${name}`, quotedLines(texts), quotedLines(linesOf(name)));
  }
  for (const name of noHeaders) compare(`headers.${name}`, 'absent', quotedLines(linesOf(name)));
}

function lines({ headers = [] }: Recorded): string[] {
  return headers
    .filter(([name]) => name !== 'x-forwarded-client-cert')
    .map(([name, value]) => `${name}: ${value}`);
}

function quotedLines(texts: readonly string[]): string {
  return texts.map((text) => JSON.stringify(text)).join(', ') || 'absent';
}

function listed(labels: readonly string[]): string {
  return [...new Set(labels)].sort().join(', ') || 'none';
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

// What stands around the first difference.
function shown(body: Uint8Array, at: number): string {
  const start = Math.max(0, at - AROUND);
  const text = Buffer.from(body.subarray(start, at + AROUND)).toString();
  const [before, after] = [start > 0 ? '...' : '', at + AROUND < body.length ? '...' : ''];
  return `${before}${JSON.stringify(text)}${after} from byte ${start + 1}`;
}

const AROUND = 24;
