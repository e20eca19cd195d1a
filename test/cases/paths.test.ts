/** Paths as Envoy hands them over: under a rule that allows all, the filter lets pass exactly what has one reading. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import type { Root } from '../../host/vm.ts';
import { bundleOf, CHECKOUT, Mesh, ORDERS, stateOf, statusOf } from '../filter/mesh.ts';
import { isNormalForm } from './path-normal-form.ts';
import { pathCases } from './shared-cases.ts';

const POLICY = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: all }
spec:
  destination: { service: orders }
  rules:
    - { name: all, effect: allow, to: [{ paths: ["/**"] }] }
`;
const ALLOWED = { status: 200, code: '' };
const AMBIGUOUS = { status: 403, code: 'DTA1010' };

let mesh: Mesh;
let root: Root;

beforeAll(async () => {
  mesh = await Mesh.start();
  root = mesh.bundle(bundleOf(POLICY));
  mesh.state(stateOf());
});

const wanted = (path: Uint8Array) => (isNormalForm(path) ? ALLOWED : AMBIGUOUS);

// Values of headers are bytes; most paths here are no UTF-8.
function ask(path: Uint8Array) {
  const stream = mesh.stream(root, CHECKOUT);
  const digest = stream.properties['connection.sha256_peer_certificate_digest'];
  const outcome = stream.requestHeaders(
    [
      [':method', 'GET'],
      [':path', path],
      [':authority', 'orders'],
      ['x-forwarded-client-cert', `By=${ORDERS};Hash=${digest}`],
    ],
    true,
  );
  const result = statusOf(outcome);
  stream.end();
  return result;
}

// Escapes with lower-case digits or of bytes beyond ASCII: what they stand for is a matter of its own.
const escapesToJudge = /%([89a-fA-F][0-9a-fA-F]|[0-7][a-f])/;

describe('of the shared cases, as Envoy 1.40 hands them over and as clients send them', () => {
  const outputs = pathCases().map((entry) => entry.envoy140);
  const inputs = pathCases().map((entry) => entry.input);
  const paths = [...new Set([...outputs.filter((path) => path !== '400'), ...inputs])];
  const wrong = (some: string[]) =>
    some.filter((path) => ask(Buffer.from(path)).code !== wanted(Buffer.from(path)).code);

  test('those in normal form pass and no others', () => {
    expect(pathCases().length).toBeGreaterThanOrEqual(345);
    expect(wrong(paths.filter((path) => !escapesToJudge.test(path)))).toEqual([]);
  });

  test.fails('lower-case escapes, and escapes of what is no UTF-8, do not pass', () => {
    expect(wrong(paths.filter((path) => escapesToJudge.test(path)))).toEqual([]);
  });
});

test.each([
  ['/a?%', ALLOWED],
  ['/a?x=/../b', ALLOWED],
  ['/a/..?x', AMBIGUOUS],
  ['/a/.;x', AMBIGUOUS],
  ['/a/..;x/b', AMBIGUOUS],
  ['/a/..;', AMBIGUOUS],
  ['/a/...;x', ALLOWED],
  ['/a/.b', ALLOWED],
  ['/a/%2', AMBIGUOUS],
  ['/a/%', AMBIGUOUS],
  ['/a/%2?f', AMBIGUOUS],
  ['/a/%00', AMBIGUOUS],
  ['/a/%2F', AMBIGUOUS],
  ['/a/%5C', AMBIGUOUS],
  ['/a/%2E%2E/b', AMBIGUOUS],
  ['/a/%252F', AMBIGUOUS],
  ['/a/%41', AMBIGUOUS],
  ['/a/caf%C3%A9', ALLOWED],
  ['/a/café', ALLOWED],
  ['//a', AMBIGUOUS],
  ['/a//b', AMBIGUOUS],
  ['/a/', ALLOWED],
  ['a', AMBIGUOUS],
  ['', AMBIGUOUS],
  ['*', AMBIGUOUS],
  ['http://orders/a', AMBIGUOUS],
])('%s', (path, outcome) => {
  expect(ask(Buffer.from(path))).toEqual(outcome);
  expect(wanted(Buffer.from(path))).toEqual(outcome);
});

test('random bytes around what matters', () => {
  const part = fc.constantFrom(
    ...[
      '/',
      '.',
      '..',
      ';',
      '%',
      '%2',
      '%2E',
      '%2f',
      '%5C',
      '%C3',
      '%A9',
      '%C0%AF',
      '%E2%82%AC',
      '?',
      'a',
    ],
    ...['\\', '#', ' ', '\0', '\x7f', 'é', '%3B', '%25', '~', '%7E'],
  );
  const raw = fc.uint8Array({ minLength: 1, maxLength: 3 });
  const piece = fc.oneof({ weight: 9, arbitrary: part.map((text) => Buffer.from(text)) }, raw);
  const path = fc
    .array(piece, { maxLength: 8 })
    .map((all) => Buffer.concat([Buffer.from('/'), ...all]));
  fc.assert(
    fc.property(path, (bytes) => {
      fc.pre(!escapesToJudge.test(Buffer.from(bytes).toString('latin1')));
      expect(ask(bytes)).toEqual(wanted(bytes));
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 5000) },
  );
});
