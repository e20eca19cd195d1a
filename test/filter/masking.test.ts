/** Masking through the compiled filter in the host: both directions, headers that would lie, bodies that cannot be read. */
import { beforeEach, describe, expect, test } from 'vitest';

import { Direction } from '../../controller/layout.ts';
import type { Root } from '../../host/vm.ts';
import { bundleOf, CHECKOUT, digestOf, id, Mesh, ORDERS, stateOf, statusOf } from './mesh.ts';

const POLICY = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders }
  rules:
    - { name: checkout, effect: allow, from: [{ service: checkout }] }
    - { name: auditors, effect: allow, from: [{ service: auditor }], clearance: [PCI, PII] }
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: orders-data }
spec:
  destination: { service: orders }
  fields:
    - { path: "$.customer.iban", label: PII }
    - { name: ssn, label: PII }
  values:
    - { detector: card, label: PCI }
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: orders-masks }
spec:
  destination: { service: orders }
  rules:
    - { labels: [PCI], operator: keep-last, keep: 4 }
    - { labels: [PII], operator: redact, bodies: [response] }
`;

const AUDITOR = id('prod', 'audit', 'auditor', '00000000-0000-4000-8000-0000000000ee');
const JSON_TYPE: [string, string] = ['content-type', 'application/json; charset=utf-8'];
const CARD = '{"card":"4111-1111-1111-1111","n":4111111111111111}';
const MASKED = '{"card":"****-****-****-1111","n":"************1111"}';

let mesh: Mesh;
let root: Root;

beforeEach(async () => {
  mesh = await Mesh.start();
  root = mesh.bundle(bundleOf(POLICY));
  mesh.state(stateOf());
});

function post(uri = CHECKOUT, headers: [string, string][] = [JSON_TYPE]) {
  const stream = mesh.stream(root, uri);
  const outcome = mesh.ask(stream, uri, { method: 'POST', end: false, headers });
  return { stream, outcome };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('requests', () => {
  test('are masked in one piece and byte by byte, without a content length', () => {
    for (const size of [1, 7, CARD.length]) {
      const { stream } = post(CHECKOUT, [JSON_TYPE, ['content-length', String(CARD.length)]]);
      for (let i = 0; i < CARD.length; i += size) {
        stream.requestBody(CARD.slice(i, i + size), i + size >= CARD.length);
      }
      expect(text(stream.forwardedRequest.body)).toBe(MASKED);
      expect(stream.forwardedRequest.headers?.map(([name]) => name)).not.toContain(
        'content-length',
      );
      stream.end();
    }
  });

  test('end with trailers as well', () => {
    const { stream } = post();
    stream.requestBody(CARD, false);
    stream.requestTrailers([['x-t', '1']]);
    expect(text(stream.forwardedRequest.body)).toBe(MASKED);
    expect(stream.forwardedRequest.trailers).toEqual([['x-t', '1']]);
  });

  test('of a cleared caller stay as they are', () => {
    const { stream } = post(AUDITOR);
    stream.requestBody(CARD, true);
    expect(text(stream.forwardedRequest.body)).toBe(CARD);
  });

  test.each([
    ['no JSON at all', 'card=4111111111111111'],
    ['NaN', '{"a":NaN}'],
    ['unfinished', '{"a":"4111'],
    ['two documents', '{}{}'],
  ])('that are unreadable are refused before a byte went on: %s', (_, body) => {
    const { stream } = post();
    expect(statusOf(stream.requestBody(body, true))).toEqual({ status: 403, code: 'DTA1014' });
    expect(stream.forwardedRequest.headers).toBeUndefined();
    expect(text(stream.forwardedRequest.body)).toBe('');
    stream.end();
  });

  test('that turn unreadable later are reset', () => {
    const { stream } = post();
    stream.requestBody('{"a":1,', false);
    expect(stream.requestBody('oops', false).reset).toBe(true);
    expect(text(stream.forwardedRequest.body)).toBe('{"a":1,');
  });

  test('an end by trailers in the middle of a document is a reset', () => {
    const { stream } = post();
    stream.requestBody('{"a":1', false);
    expect(stream.requestTrailers([]).reset).toBe(true);
  });

  test.each<[string, [string, string][]]>([
    ['an image', [['content-type', 'image/png']]],
    ['UTF-7', [['content-type', 'application/json; charset=utf-7']]],
    ['a charset that is written oddly', [['content-type', 'application/json; charset =utf-7']]],
    ['two types', [JSON_TYPE, ['content-type', 'text/plain']]],
    ['gzip', [JSON_TYPE, ['content-encoding', 'gzip']]],
  ])('with a body that we cannot read are refused at once: %s', (_, headers) => {
    expect(statusOf(post(CHECKOUT, headers).outcome).code).toBe('DTA1014');
  });

  test('upgrades are refused where a mask would be passed by', () => {
    expect(statusOf(post(CHECKOUT, [JSON_TYPE, ['upgrade', 'websocket']]).outcome).code).toBe(
      'DTA1019',
    );
  });
});

describe('responses', () => {
  const answer = (headers: [string, string][], uri = CHECKOUT) => {
    const stream = mesh.stream(root, uri);
    mesh.ask(stream, uri, {
      headers: [
        ['accept-encoding', 'gzip'],
        ['range', 'bytes=0-9'],
      ],
    });
    const outcome = stream.responseHeaders([[':status', '200'], ...headers], false);
    return { stream, outcome };
  };
  const secret =
    '{"customer":{"iban":"DE89370400440532013000","name":"A"},"ssn":"1","card":"4111 1111 1111 1111"}';

  test('are masked, and headers that would lie are gone', () => {
    const { stream } = answer([
      JSON_TYPE,
      ['content-length', '99'],
      ['etag', '"x"'],
      ['x-keep', '1'],
    ]);
    for (const byte of secret) stream.responseBody(byte, false);
    stream.responseBody('', true);
    expect(JSON.parse(text(stream.forwardedResponse.body))).toEqual({
      customer: { iban: '***', name: 'A' },
      ssn: '***',
      card: '**** **** **** 1111',
    });
    const names = stream.forwardedResponse.headers?.map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(['x-keep', 'content-type']));
    expect(names).not.toContain('content-length');
    expect(names).not.toContain('etag');
    const asked = stream.forwardedRequest.headers?.map(([name]) => name);
    expect(asked).not.toContain('range');
  });

  test('that are unreadable become 502 while nothing went on, a reset after', () => {
    const early = answer([JSON_TYPE]).stream;
    expect(statusOf(early.responseBody('<html>4111111111111111', true))).toEqual({
      status: 502,
      code: 'DTA1014',
    });
    const late = answer([JSON_TYPE]).stream;
    late.responseBody('[1,', false);
    expect(late.responseBody('}', false).reset).toBe(true);
  });

  test.each<[string, [string, string][]]>([
    ['an image', [['content-type', 'image/png']]],
    ['compressed', [JSON_TYPE, ['content-encoding', 'br']]],
    ['partial', [JSON_TYPE, ['content-range', 'bytes 0-9/100']]],
  ])('of a kind that we cannot read become 502: %s', (_, headers) => {
    expect(statusOf(answer(headers).outcome)).toEqual({ status: 502, code: 'DTA1014' });
  });

  test('an answer that Envoy made itself keeps its status, one of the application does not pass', () => {
    const answerWith = (details: string) => {
      const stream = mesh.vm.stream(root, {
        properties: {
          'connection.uri_san_peer_certificate': CHECKOUT,
          'connection.subject_peer_certificate': 'CN=x',
          'connection.sha256_peer_certificate_digest': Buffer.from(digestOf(CHECKOUT)).toString(
            'hex',
          ),
          'response.code_details': details,
        },
      });
      mesh.ask(stream, CHECKOUT);
      stream.responseHeaders(
        [
          [':status', '503'],
          ['content-type', 'application/octet-stream'],
        ],
        false,
      );
      stream.responseBody('no healthy upstream', true);
      return { ...statusOf(stream.outcome()), body: text(stream.forwardedResponse.body) };
    };
    expect(answerWith('no_healthy_upstream')).toMatchObject({
      status: 200,
      body: 'no healthy upstream',
    });
    expect(answerWith('upstream_reset_before_response_started{x}').status).toBe(200);
    for (const details of [
      'via_upstream',
      'lua_response',
      'cache.response_from_cache_filter',
      '',
    ]) {
      expect(answerWith(details), details).toMatchObject({ status: 502, code: 'DTA1014' });
    }
  });

  test('a policy swap in the middle changes nothing for a running stream', () => {
    const { stream } = answer([JSON_TYPE]);
    stream.responseBody('{"ssn":', false);
    mesh.bundle(bundleOf(POLICY.replaceAll('redact', 'null'), { version: 2n }));
    stream.responseBody('"123"}', true);
    expect(text(stream.forwardedResponse.body)).toBe('{"ssn":"***"}');
  });
});

test('outbound: what this proxy sends is masked under its own identity, responses are their owner’s business', () => {
  const outbound = mesh.bundle(bundleOf(POLICY, { direction: Direction.Outbound }));
  mesh.state(stateOf({ epoch: 2n, self: CHECKOUT }));
  const stream = mesh.vm.stream(outbound);
  stream.requestHeaders(
    [[':method', 'POST'], [':path', '/orders'], [':authority', 'orders'], JSON_TYPE],
    false,
  );
  stream.requestBody(CARD, true);
  expect(text(stream.forwardedRequest.body)).toBe(MASKED);
  stream.responseHeaders(
    [
      [':status', '200'],
      ['content-type', 'text/html'],
    ],
    false,
  );
  stream.responseBody('<p>', true);
  expect(text(stream.forwardedResponse.body)).toBe('<p>');
  mesh.state(stateOf({ epoch: 3n, self: ORDERS }));
  const other = mesh.vm.stream(outbound);
  expect(
    statusOf(
      other.requestHeaders(
        [
          [':method', 'GET'],
          [':path', '/'],
        ],
        true,
      ),
    ).code,
  ).toBe('DTA1011');
});
