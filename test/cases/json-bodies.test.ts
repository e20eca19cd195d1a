/** The JSON test suite through the whole filter: what must parse passes unchanged, what must not parse never passes. */
import { beforeAll, expect, test } from 'vitest';

import type { Root } from '../../host/vm.ts';
import { bundleOf, CHECKOUT, Mesh, stateOf, statusOf } from '../filter/mesh.ts';
import { jsonCases } from './shared-cases.ts';

const POLICY = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: all }
spec:
  destination: { service: orders }
  rules: [{ name: all, effect: allow }]
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: data }
spec:
  destination: { service: orders }
  fields: [{ name: never-there, label: PII }]
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: masks }
spec:
  destination: { service: orders }
  rules: [{ labels: [PII], operator: redact }]
`;

let mesh: Mesh;
let root: Root;

beforeAll(async () => {
  mesh = await Mesh.start();
  root = mesh.bundle(bundleOf(POLICY));
  mesh.state(stateOf());
});

function open() {
  const stream = mesh.stream(root, CHECKOUT);
  mesh.ask(stream, CHECKOUT, {
    method: 'POST',
    end: false,
    headers: [['content-type', 'application/json']],
  });
  return stream;
}

/** Sends a body in pieces; the bytes that went on, and how the stream ended. */
function send(bytes: Uint8Array, pieceLen: number, endsWithLast: boolean) {
  const stream = open();
  let outcome = stream.requestBody('', false);
  for (let at = 0; at < bytes.length && outcome.localResponse === undefined && !outcome.reset; ) {
    const next = Math.min(bytes.length, at + pieceLen);
    outcome = stream.requestBody(bytes.subarray(at, next), endsWithLast && next === bytes.length);
    at = next;
  }
  if (!endsWithLast || bytes.length === 0) outcome = stream.requestBody('', true);
  const { body, ended } = stream.forwardedRequest;
  stream.end();
  return { outcome, body: Buffer.from(body), ended };
}

const shapes = (bytes: Uint8Array) => [
  send(bytes, bytes.length || 1, true),
  send(bytes, bytes.length || 1, false),
  send(bytes, 1, true),
  send(bytes, 1, false),
  send(bytes, 7, true),
];

// As a test each: a document of 100,000 brackets byte by byte is the slowest.
test.each(jsonCases('y'))('$name', ({ bytes }) => {
  for (const { outcome, body, ended } of shapes(bytes)) {
    expect(outcome.localResponse).toBeUndefined();
    expect(outcome.reset).toBeUndefined();
    expect(ended).toBe(true);
    expect(body.equals(bytes)).toBe(true);
  }
});

// A body of no bytes is no document: there is nothing in it to mask.
const unreadable = jsonCases('n').filter(({ bytes }) => bytes.length > 0);

test('an empty body passes as an empty body', () => {
  expect(jsonCases('n').length).toBe(unreadable.length + 1);
  for (const { outcome, body, ended } of shapes(new Uint8Array())) {
    expect(outcome.localResponse).toBeUndefined();
    expect(ended).toBe(true);
    expect(body.length).toBe(0);
  }
});

test.each(unreadable)('$name', ({ bytes }) => {
  for (const [i, { outcome, body, ended }] of shapes(bytes).entries()) {
    expect(ended).toBe(false);
    // Too late for a status only when bytes went on, which were then a prefix of the document.
    if (i === 0) expect(statusOf(outcome)).toEqual({ status: 403, code: 'DTA1014' });
    if (outcome.localResponse !== undefined) expect(body.length).toBe(0);
    else expect(outcome.reset).toBe(true);
    expect(Buffer.from(bytes).subarray(0, body.length).equals(body)).toBe(true);
  }
});

test.each(jsonCases('i'))('$name', ({ bytes }) => {
  const isWhole = shapes(bytes).map(({ outcome, body, ended }) => {
    const passes = outcome.localResponse === undefined && outcome.reset === undefined;
    expect(ended).toBe(passes);
    if (passes) expect(body.equals(bytes)).toBe(true);
    return passes;
  });
  // However it is cut, it is the same document.
  expect(new Set(isWhole).size).toBe(1);
});
