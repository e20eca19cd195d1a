/** Paths as Envoy hands them over: under a rule that allows all, the filter lets pass exactly what has one reading. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import type { Root } from '../../host/vm.ts';
import { bundleOf, CHECKOUT, Mesh, ORDERS, stateOf, statusOf } from '../filter/mesh.ts';
import { hasOneReading } from './path-normal-form.ts';
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
const POLICY_HEAD = POLICY.slice(0, POLICY.indexOf('\n    - '));
const ALLOWED = { status: 200, code: '' };
const AMBIGUOUS = { status: 403, code: 'DTA1010' };

let mesh: Mesh;
let root: Root;
let version = 1n;

beforeAll(async () => {
  mesh = await Mesh.start();
  root = mesh.bundle(bundleOf(POLICY));
  mesh.state(stateOf());
});

const wanted = (path: Uint8Array) => (hasOneReading(path) ? ALLOWED : AMBIGUOUS);

// Values of headers are bytes; most paths here are no UTF-8.
function ask(path: Uint8Array, on = root) {
  const stream = mesh.stream(on, CHECKOUT);
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

describe('of the shared cases, as Envoy 1.40 hands them over and as clients send them', () => {
  const outputs = pathCases().map((entry) => entry.envoy140);
  const inputs = pathCases().map((entry) => entry.input);
  const paths = [...new Set([...outputs.filter((path) => path !== '400'), ...inputs])];
  const wrong = (some: string[]) =>
    some.filter((path) => ask(Buffer.from(path)).code !== wanted(Buffer.from(path)).code);

  test('those with one reading pass and no others', () => {
    expect(pathCases().length).toBeGreaterThanOrEqual(345);
    expect(wrong(paths)).toEqual([]);
    expect(paths.filter((path) => hasOneReading(Buffer.from(path))).length).toBeGreaterThan(90);
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
  ['/a/caf%c3%a9', ALLOWED],
  ['/a/%c0%ae%c0%ae/b', AMBIGUOUS],
  ['/a/%80', AMBIGUOUS],
  ['/a/%ED%A0%80', AMBIGUOUS],
  ['/a/%F4%90%80%80', AMBIGUOUS],
  ['/a/%E2%82', AMBIGUOUS],
  ['/a/%C3/%A9', AMBIGUOUS],
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
      '%c3%a9',
      '%ed%A0%80',
      '%3a',
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
      expect(ask(bytes)).toEqual(wanted(bytes));
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 5000) },
  );
});

describe('every spelling of a character meets the rules that name it', () => {
  const characters = [...Array(0x7f - 0x20).keys()].map((i) => String.fromCharCode(0x20 + i));
  const named = [...characters, 'é', '€', '🤯'].filter((c) => !'/\\%;?#'.includes(c));
  const escaped = (text: string, digits: (hex: string) => string) =>
    [...Buffer.from(text)].map((byte) => `%${digits(byte.toString(16).padStart(2, '0'))}`).join('');
  const upper = (text: string) => escaped(text, (hex) => hex.toUpperCase());
  const lower = (text: string) => escaped(text, (hex) => hex);
  const mixed = (text: string) =>
    escaped(text, (hex) => `${hex[0]?.toUpperCase()}${hex[1]?.toLowerCase()}`);

  // As an allow and as a deny beside an allow for all: neither may depend on how the caller writes it.
  test.each(named)('%s', (character) => {
    const template = /[A-Za-z0-9\-._~]/.test(character) ? character : upper(character);
    const rules = (effect: string) => `
    - { name: named, effect: ${effect}, to: [{ paths: ["/x${template}y/{id}"] }] }`;
    const fresh = (effect: string, all: string, version: bigint) =>
      mesh.bundle(bundleOf(POLICY_HEAD + all + rules(effect), { version, service: 'orders' }));
    const spellings = [character, upper(character), lower(character), mixed(character)];
    const answers = (on: Root) => spellings.map((s) => ask(Buffer.from(`/x${s}y/1`), on).code);
    version += 2n;
    const denied = answers(fresh('deny', '\n    - { name: all, effect: allow }', version));
    expect(denied.filter((code) => code !== 'DTA1012' && code !== 'DTA1010')).toEqual([]);
    expect(denied).toContain('DTA1012');
    const allowed = answers(fresh('allow', '', version + 1n));
    expect(allowed.map((code) => (code === '' ? 'DTA1012' : code))).toEqual(denied);
  });
});
