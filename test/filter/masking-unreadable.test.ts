/** Bodies that cannot be read: the three declared actions, by route, before and after bytes went on; upgrades. */
import { describe, expect, test } from 'vitest';

import {
  AUDITOR,
  CARD,
  type Choices,
  type Header,
  JSON_TYPE,
  MASKED_CARD,
  MaskedMesh,
  textOf,
  valuesOf,
} from './masked-mesh.ts';
import { CHECKOUT, statusOf } from './mesh.ts';

const type = (value: string): Header => ['content-type', value];
const gzip: Header = ['content-encoding', 'gzip'];
const start = (unreadable: string, more: Choices = {}) => MaskedMesh.start({ unreadable, ...more });

describe('redact-body', () => {
  test.each<[string, Header[], string, string]>([
    ['an unknown type', [type('image/png')], '***', 'text/plain; charset=utf-8'],
    ['two types', [JSON_TYPE, type('text/plain')], '***', 'text/plain; charset=utf-8'],
    ['no type', [], '***', 'text/plain; charset=utf-8'],
    [
      'an unknown charset',
      [type('application/json; charset=utf-7')],
      '***',
      'text/plain; charset=utf-8',
    ],
    [
      'encoded UTF-16',
      [type('application/json; charset=utf-16'), gzip],
      '***',
      'text/plain; charset=utf-8',
    ],
    ['encoded JSON', [JSON_TYPE, gzip], '"***"', 'application/json'],
    ['encoded lines of JSON', [type('application/jsonl'), gzip], '"***"\n', 'application/jsonl'],
    [
      'encoded sequences',
      [type('application/json-seq'), gzip],
      '\x1e"***"\n',
      'application/json-seq',
    ],
    ['encoded XML', [type('text/xml'), gzip], '<redacted>***</redacted>', 'text/xml'],
    [
      'an encoded form',
      [type('application/x-www-form-urlencoded'), gzip],
      '***',
      'application/x-www-form-urlencoded',
    ],
    ['an encoded table', [type('text/csv'), gzip], '***\r\n', 'text/csv'],
    ['encoded events', [type('text/event-stream'), gzip], 'data: ***\n\n', 'text/event-stream'],
    [
      'encoded parts',
      [type('multipart/form-data; boundary=Ab'), gzip],
      '--Ab\r\nContent-Disposition: form-data; name="redacted"\r\n\r\n***\r\n--Ab--\r\n',
      'multipart/form-data; boundary=Ab',
    ],
  ])('puts another body in the place of %s, both ways', async (_, headers, body, typeLeft) => {
    const masked = await start('redact-body');
    const more: Header[] = [...headers, ['content-length', '20'], ['etag', '"1"']];
    const { stream } = masked.post(more);
    stream.requestBody(CARD, false);
    stream.requestBody(CARD, true);
    stream.responseHeaders([[':status', '201'], ...more], false);
    for (const byte of CARD) stream.responseBody(byte, false);
    stream.responseBody('', true);
    for (const sent of [stream.forwardedRequest, stream.forwardedResponse]) {
      expect(textOf(sent.body)).toBe(body);
      expect(sent.ended).toBe(true);
      expect(valuesOf(sent.headers, 'content-type')).toEqual([typeLeft]);
      expect(valuesOf(sent.headers, 'content-encoding')).toEqual([]);
      expect(valuesOf(sent.headers, 'content-length')).toEqual([]);
    }
    expect(valuesOf(stream.forwardedResponse.headers, ':status')).toEqual(['201']);
    stream.end();
    expect(masked.records()).toMatchObject([
      { bodyReason: 'BodyUnreadable', bodyRedacted: true, bodyPassed: false },
    ]);
    expect(masked.mesh.vm.metrics.get('dta_bodies_total_result=redacted')).toBe(2n);
  });

  test('works for what turns out unreadable while nothing went on, and resets after', async () => {
    const masked = await start('redact-body');
    const early = masked.post().stream;
    early.requestBody(`{"card" "${CARD}"}`, true);
    expect(textOf(early.forwardedRequest.body)).toBe('"***"');
    const late = masked.post().stream;
    late.requestBody('[1,', false);
    expect(late.requestBody(`"${CARD}" oops`, true).reset).toBe(true);
    expect(textOf(late.forwardedRequest.body)).toMatch(/^\[1,?$/);
  });

  test('is a refusal for gRPC, and for parts of a body', async () => {
    const masked = await start('redact-body');
    expect(masked.post([type('application/grpc')]).outcome.localResponse?.grpcStatus).toBe(7);
    const partial = masked.answer([
      [':status', '206'],
      JSON_TYPE,
      ['content-range', 'bytes 0-9/20'],
    ]);
    expect(statusOf(partial.outcome)).toEqual({ status: 502, code: 'DTA1014' });
  });

  test('leaves an empty body empty', async () => {
    const masked = await start('redact-body');
    const { stream } = masked.post([type('image/png')]);
    stream.requestBody('', true);
    expect(textOf(stream.forwardedRequest.body)).toBe('');
  });
});

describe('pass-unmasked', () => {
  test.each<[string, Header[]]>([
    ['an unknown type', [type('image/png')]],
    ['no type', []],
    ['encoded JSON', [JSON_TYPE, gzip]],
    ['gRPC without a description', [type('application/grpc')]],
  ])('lets %s go on as it came, both ways, and says so', async (_, headers) => {
    const masked = await start('pass-unmasked');
    const { stream } = masked.post([...headers, ['content-length', '38']]);
    stream.requestBody(CARD, false);
    stream.requestBody(CARD, true);
    stream.responseHeaders([[':status', '200'], ...headers, ['etag', '"1"']], false);
    stream.responseBody(CARD, true);
    expect(textOf(stream.forwardedRequest.body)).toBe(CARD + CARD);
    expect(textOf(stream.forwardedResponse.body)).toBe(CARD);
    expect(valuesOf(stream.forwardedRequest.headers, 'content-length')).toEqual(['38']);
    stream.end();
    expect(masked.records()).toMatchObject([
      { bodyReason: 'BodyUnreadable', bodyPassed: true, bodyRedacted: false },
    ]);
    expect(masked.mesh.vm.metrics.get('dta_bodies_total_result=passed_unmasked')).toBe(2n);
  });

  test('lets a first chunk pass that cannot be read, and never mixes', async () => {
    const masked = await start('pass-unmasked');
    const early = masked.post().stream;
    early.requestBody(`oops ${CARD}`, false);
    early.requestBody(CARD, true);
    expect(textOf(early.forwardedRequest.body)).toBe(`oops ${CARD}${CARD}`);
    const late = masked.post().stream;
    late.requestBody(`{"card":"${CARD}",`, false);
    expect(late.requestBody(`oops ${CARD}`, true).reset).toBe(true);
    expect(textOf(late.forwardedRequest.body)).toMatch(/^{"card":"[*]{4}-[*]{4}-[*]{4}-1111",?$/);
  });

  test('still masks headers and what can be read', async () => {
    const masked = await start('pass-unmasked');
    const { stream } = masked.post([type('image/png'), ['x-customer-email', 'a']], {
      path: '/o?iban=1',
    });
    expect(valuesOf(stream.forwardedRequest.headers, 'x-customer-email')).toEqual(['***']);
    expect(valuesOf(stream.forwardedRequest.headers, ':path')).toEqual(['/o?iban=***']);
    const other = masked.post().stream;
    other.requestBody(`["${CARD}"]`, true);
    expect(textOf(other.forwardedRequest.body)).toBe(`["${MASKED_CARD}"]`);
  });

  test('is recorded where rules ask for samples only', async () => {
    const masked = await start('pass-unmasked', { audit: 'sampled' });
    for (let i = 0; i < 20; i++) {
      const { stream } = masked.post([type('image/png')]);
      stream.requestBody('x', true);
      stream.end();
    }
    expect(masked.records()).toHaveLength(20);
  });
});

describe('the strictest action counts', () => {
  const routes = `
    - { paths: ["/files/**"], unreadable: pass-unmasked }
    - { paths: ["/files/{id}/secret"], unreadable: redact-body }
    - { paths: ["/files/{id}/secret", "/x"], unreadable: deny }`;

  test.each([
    ['/files', 'passed'],
    ['/files/1', 'passed'],
    ['/files/%c3%a4/b/c', 'passed'],
    ['/files/1/secret', 'DTA1014'],
    ['/x', 'DTA1014'],
    ['/other', 'redacted'],
    ['/files2', 'redacted'],
  ])('on %s', async (path, expected) => {
    const masked = await start('redact-body', { routes });
    const { stream, outcome } = masked.post([type('image/png')], { path });
    const { code } = statusOf(outcome);
    stream.requestBody('raw', true);
    const body = textOf(stream.forwardedRequest.body);
    const seen = code !== '' ? code : body === 'raw' ? 'passed' : 'redacted';
    expect(seen).toBe(expected);
  });
});

test('a refusal in a body is recorded where rules ask for samples only', async () => {
  const masked = await start('deny', { audit: 'sampled' });
  for (let i = 0; i < 20; i++) {
    const { stream } = masked.post();
    stream.requestBody('oops', true);
    stream.end();
  }
  const records = masked.records();
  expect(records).toHaveLength(20);
  expect(records.every(({ bodyReason }) => bodyReason === 'BodyUnreadable')).toBe(true);
});

describe('upgrades', () => {
  const socket: Header[] = [
    ['upgrade', 'WebSocket'],
    ['connection', 'upgrade'],
  ];
  const switching: Header[] = [
    [':status', '101'],
    ['upgrade', 'websocket'],
  ];
  const open = (masked: MaskedMesh, headers = socket, method = 'GET', uri = CHECKOUT) =>
    masked.get({ headers, method, end: false }, uri);

  test('are refused where something is masked, whatever they are', async () => {
    const masked = await start('pass-unmasked');
    for (const [headers, method] of [
      [socket, 'GET'],
      [[], 'CONNECT'],
      [[['upgrade', 'h2c']], 'POST'],
    ] as [Header[], string][]) {
      expect(statusOf(open(masked, headers, method).outcome).code).toBe('DTA1019');
    }
    expect(statusOf(open(masked, socket, 'GET', AUDITOR).outcome).status).toBe(200);
  });

  test('pass where the policy lets them, both ways', async () => {
    const masked = await start('deny', { upgrades: 'allow' });
    const { stream, outcome } = open(masked);
    expect(statusOf(outcome).status).toBe(200);
    stream.responseHeaders(switching, false);
    stream.requestBody(`frame ${CARD}`, false);
    stream.responseBody(`frame ${CARD}`, false);
    expect(textOf(stream.forwardedRequest.body)).toBe(`frame ${CARD}`);
    expect(textOf(stream.forwardedResponse.body)).toBe(`frame ${CARD}`);
    const connect = open(masked, [], 'CONNECT').stream;
    connect.responseHeaders([[':status', '200']], false);
    connect.responseBody(CARD, false);
    expect(textOf(connect.forwardedResponse.body)).toBe(CARD);
  });

  test('are no disguise for bodies', async () => {
    const masked = await start('deny', { upgrades: 'allow' });
    expect(statusOf(open(masked, socket, 'POST').outcome).code).toBe('DTA1019');
    expect(statusOf(open(masked, [['upgrade', 'h2c']]).outcome).code).toBe('DTA1019');
    expect(statusOf(open(masked, [...socket, ['upgrade', 'x']]).outcome).code).toBe('DTA1019');
    const early = open(masked).stream;
    expect(early.requestBody(CARD, false).reset).toBe(true);
    expect(textOf(early.forwardedRequest.body)).toBe('');
  });

  test('that the application does not take have their answer masked', async () => {
    const masked = await start('deny', { upgrades: 'allow' });
    const { stream } = open(masked);
    stream.responseHeaders([[':status', '200'], JSON_TYPE], false);
    stream.responseBody(`["${CARD}"]`, true);
    expect(textOf(stream.forwardedResponse.body)).toBe(`["${MASKED_CARD}"]`);
  });

  test('that nobody asked for are no answer', async () => {
    const masked = await start('pass-unmasked', { upgrades: 'allow' });
    expect(statusOf(masked.answer(switching).outcome)).toEqual({ status: 502, code: 'DTA1014' });
  });
});
