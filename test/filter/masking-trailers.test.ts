/** Bodies that end with trailers, and trailers that carry secrets, through the compiled filter. */
import { beforeEach, describe, expect, test } from 'vitest';

import { CARD, type Header, JSON_TYPE, MASKED_CARD, MaskedMesh, textOf } from './masked-mesh.ts';

const DECOMPRESSING = { 'xds.node.metadata.dta_decompress': 'true' };
const type = (value: string): Header => ['content-type', value];
const COMPRESSED: Header = ['x-envoy-decompressor-gzip-compressed-bytes', '48'];
const UNCOMPRESSED: Header = ['x-envoy-decompressor-gzip-uncompressed-bytes', '0'];

let masked: MaskedMesh;
beforeEach(async () => {
  masked = await MaskedMesh.start();
});

describe('trailers', () => {
  const trailers: Header[] = [
    ['x-customer-email', 'a@example.org'],
    ['x-note', `paid with ${CARD}`],
    ['x-key', 'abc'],
    ['x-other', 'fine'],
    ['content-digest', 'sha-256=:x:'],
    ['digest', 'sha-256=x'],
    ['grpc-status', '0'],
    ['grpc-message', 'card 4111%2d1111-1111-1111'],
    ['grpc-status-details-bin', 'CAESAA'],
  ];
  const left: Header[] = [
    ['x-other', 'fine'],
    ['grpc-status', '0'],
    ['x-customer-email', '***'],
    ['x-note', `paid with ${MASKED_CARD}`],
    ['grpc-message', 'card ****%2d****-****-1111'],
  ];

  test('of both ways are masked like what they follow', () => {
    const { stream } = masked.post();
    stream.requestBody('{}', false);
    stream.requestTrailers(trailers);
    stream.responseHeaders([[':status', '200'], JSON_TYPE], false);
    stream.responseBody('{}', false);
    stream.responseTrailers(trailers);
    for (const sent of [stream.forwardedRequest, stream.forwardedResponse]) {
      expect(sent.trailers?.toSorted()).toEqual(left.toSorted());
      expect(sent.ended).toBe(true);
    }
    stream.end();
    // Secret is dropped, PII and PCI masked.
    expect(masked.records()).toMatchObject([{ labels: 0b111n }]);
  });

  test('of more names than can be rewritten end the stream', () => {
    const { stream } = masked.post();
    stream.requestBody('{}', false);
    const many = Array.from({ length: 129 }, (_, i): Header => [`x-${i}`, CARD]);
    stream.requestTrailers(many);
    expect(stream.forwardedRequest.trailers ?? []).toEqual([]);
    expect(stream.forwardedRequest.ended).toBe(false);
  });

  test('of a body that passes unmasked pass too', async () => {
    masked = await MaskedMesh.start({ unreadable: 'pass-unmasked' });
    const { stream } = masked.post([type('image/png')]);
    stream.requestBody('x', false);
    stream.requestTrailers(trailers);
    expect(stream.forwardedRequest.trailers).toEqual(trailers);
  });

  test('of Envoy’s decompressors go', () => {
    const { stream } = masked.post();
    stream.requestBody('{}', false);
    stream.requestTrailers([COMPRESSED, UNCOMPRESSED, ['x-other', '1']]);
    expect(stream.forwardedRequest.trailers).toEqual([['x-other', '1']]);
  });
});

describe('what is held back goes on in front of trailers', () => {
  const bodies: [string, string, string][] = [
    ['text/plain', `hello ${CARD}`, `hello ${MASKED_CARD}`],
    ['application/x-www-form-urlencoded', `a=1&b=${CARD}`, `a=1&b=${MASKED_CARD}`],
    ['text/csv', `id,ssn\n1,23`, `id,ssn\n1,***`],
    ['text/event-stream', `data: ${CARD}`, `data: ${MASKED_CARD}`],
  ];

  test.each(bodies)('of requests, cut anywhere: %s', (value, body, expected) => {
    for (let cut = 1; cut < body.length; cut++) {
      const { stream } = masked.post([type(value)]);
      stream.requestBody(body.slice(0, cut), false);
      stream.requestBody(body.slice(cut), false);
      stream.requestTrailers([]);
      expect(textOf(stream.forwardedRequest.body), `${cut}`).toBe(expected);
      expect(stream.forwardedRequest.ended).toBe(true);
      stream.end();
    }
  });

  test.each(bodies)(
    'of responses that announce them, byte by byte: %s',
    (value, body, expected) => {
      const { stream } = masked.answer([type(value), ['trailer', 'x-a']]);
      for (const byte of body) stream.responseBody(byte, false);
      stream.responseTrailers([['x-a', '1']]);
      expect(textOf(stream.forwardedResponse.body)).toBe(expected);
      expect(stream.forwardedResponse.trailers).toEqual([['x-a', '1']]);
    },
  );

  test('is missed by nobody who did not announce them: the stream is reset', () => {
    const { stream } = masked.answer([type('text/plain')]);
    stream.responseBody(`hello ${CARD}`, false);
    expect(stream.responseTrailers([]).reset).toBe(true);
    expect(textOf(stream.forwardedResponse.body)).not.toContain('4111');
  });

  test('while a long body still streams', () => {
    const { stream } = masked.post([type('text/plain')]);
    const words = 'word '.repeat(20_000);
    let most = 0;
    for (let i = 0; i < 20; i++) {
      stream.requestBody(words, false);
      most = Math.max(most, (i + 1) * words.length - stream.forwardedRequest.body.length);
    }
    stream.requestBody(CARD, true);
    expect(textOf(stream.forwardedRequest.body)).toBe(words.repeat(20) + MASKED_CARD);
    expect(most).toBeLessThan(1_048_576);
  });
});

describe('a body that Envoy may have decoded', () => {
  beforeEach(async () => {
    masked = await MaskedMesh.start({}, DECOMPRESSING);
  });

  // Envoy hands its trailers past a filter that lets go what it held in the call before them.
  test('is never held back with its headers', () => {
    const { stream, outcome } = masked.post();
    expect(outcome.action).toBe('continue');
    stream.requestBody(`["${CARD}"]`, false);
    expect(textOf(stream.forwardedRequest.body)).toBe(`["${MASKED_CARD}"]`);
    const withLength = masked.post([JSON_TYPE, ['content-length', '10']]);
    expect(withLength.outcome.action).toBe('stop');
  });

  test('that arrives empty though it was not is reset', () => {
    const { stream } = masked.post();
    stream.requestBody('', false);
    expect(stream.requestTrailers([COMPRESSED, UNCOMPRESSED]).reset).toBe(true);
    expect(stream.forwardedRequest.ended).toBe(false);
    const truly = masked.post().stream;
    truly.requestBody('', false);
    truly.requestTrailers([[COMPRESSED[0], '0'], UNCOMPRESSED]);
    expect(truly.forwardedRequest.ended).toBe(true);
  });

  test('that is cut off is reset', () => {
    const { stream } = masked.answer([JSON_TYPE]);
    stream.responseBody('{"a":1,', false);
    expect(stream.responseTrailers([COMPRESSED]).reset).toBe(true);
    expect(stream.forwardedResponse.ended).toBe(false);
  });

  test('of text waits for its trailers, in a request', () => {
    const { stream } = masked.post([type('text/plain')]);
    stream.requestBody('hello ', false);
    stream.requestBody(CARD, false);
    expect(textOf(stream.forwardedRequest.body)).toBe('');
    stream.requestTrailers([COMPRESSED]);
    expect(textOf(stream.forwardedRequest.body)).toBe(`hello ${MASKED_CARD}`);
    expect(stream.forwardedRequest.trailers).toEqual([]);
  });

  test('of text that is too long to wait is reset', () => {
    const { stream } = masked.post([type('text/plain')]);
    const words = 'word '.repeat(40_000);
    for (let i = 0; i < 4; i++) stream.requestBody(words, false);
    expect(stream.outcome().reset).toBe(true);
    expect(textOf(stream.forwardedRequest.body)).toBe('');
  });

  // In the other direction Envoy never hands trailers to a filter that stopped the bytes they came with.
  test('of text ends with the last byte of the upstream, in a response', () => {
    const { stream } = masked.answer([type('text/plain')]);
    expect(stream.responseBody(`hello ${CARD.slice(0, 9)}`, false).action).toBe('continue');
    stream.properties['response.backend_latency'] = Buffer.alloc(8, 1);
    expect(stream.responseBody(CARD.slice(9), false).action).toBe('continue');
    stream.responseTrailers([COMPRESSED]);
    expect(textOf(stream.forwardedResponse.body)).toBe(`hello ${MASKED_CARD}`);
    expect(stream.forwardedResponse).toMatchObject({ ended: true, trailers: [] });
  });

  test('of text that arrives empty though it was not is reset, in a response', () => {
    const { stream } = masked.answer([type('text/plain')]);
    stream.properties['response.backend_latency'] = Buffer.alloc(8, 1);
    stream.responseBody('', false);
    expect(stream.responseTrailers([COMPRESSED]).reset).toBe(true);
  });
});
