/** Which bodies the compiled filter reads, by their headers: content types, charsets, codings, methods. */
import { beforeAll, describe, expect, test } from 'vitest';

import {
  CARD,
  type Header,
  JSON_TYPE,
  MASKED_CARD,
  MaskedMesh,
  textOf,
  valuesOf,
} from './masked-mesh.ts';
import { statusOf } from './mesh.ts';

let masked: MaskedMesh;
beforeAll(async () => {
  masked = await MaskedMesh.start();
});

/** What the application gets of a request: its body, or the code of the refusal. */
function send(headers: Header[], body: string | Uint8Array): string {
  const { stream, outcome } = masked.post(headers);
  const early = statusOf(outcome).code;
  if (early !== '') return early;
  const late = statusOf(stream.requestBody(body, true)).code;
  const sent = textOf(stream.forwardedRequest.body);
  stream.end();
  return late === '' ? sent : late;
}

const type = (value: string): Header => ['content-type', value];
const json = `{"card":"${CARD}"}`;
const maskedJson = `{"card":"${MASKED_CARD}"}`;

describe('a JSON body is masked', () => {
  test.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json;',
    'application/json ; charset=UTF-8',
    'application/json;charset="utf-8"',
    'application/json;charset="ut\\f-8"',
    'application/json;charset=us-ascii',
    'application/json;charset=utf8',
    'application/json; profile="a;charset=utf-16"; charset=utf-8',
    'text/json',
    'application/vnd.api+json; v=1',
    'application/problem+json',
    'application/graphql+json',
    'application/graphql-response+json',
  ])('as %s', (value) => {
    expect(send([type(value)], json)).toBe(maskedJson);
  });
});

describe('a body is refused', () => {
  test.each<[string, Header[]]>([
    ['without a type', []],
    ['of an empty type', [type('')]],
    ['of two types', [JSON_TYPE, JSON_TYPE]],
    ['of two types in a line', [type('application/json, text/plain')]],
    ['of an unknown type', [type('application/octet-stream')]],
    ['of a type without a subtype', [type('json')]],
    ['of an image', [type('image/png')]],
    ['of protobuf without a description', [type('application/x-protobuf')]],
    ['of a part', [type('multipart/byteranges; boundary=a')]],
    ['in UTF-7', [type('application/json; charset=utf-7')]],
    ['in Latin-1', [type('text/plain; charset=iso-8859-1')]],
    ['in two charsets', [type('application/json; charset=utf-8; charset=utf-8')]],
    ['in a charset with a blank', [type('application/json; charset =utf-8')]],
    ['in a charset of another spelling', [type("application/json; charset*=utf-8''utf-8")]],
    ['in a charset that comes in parts', [type('application/json; charset*0=utf-7')]],
    ['in a charset without a value', [type('application/json; charset')]],
    ['in a charset with an open quote', [type('application/json; charset="utf-8')]],
    ['in a charset with more behind its quote', [type('application/json; charset="utf-8"x')]],
    ['of a form in UTF-16', [type('application/x-www-form-urlencoded; charset=utf-16')]],
    ['multipart without a boundary', [type('multipart/form-data')]],
    ['multipart with two', [type('multipart/form-data; boundary=a; boundary=b')]],
    ['multipart with an empty one', [type('multipart/form-data; boundary=""')]],
    ['multipart with a blank at its end', [type('multipart/form-data; boundary="a "')]],
    ['multipart with a semicolon in it', [type('multipart/form-data; boundary="a;b"')]],
    ['multipart with too long a one', [type(`multipart/form-data; boundary=${'a'.repeat(71)}`)]],
    ['in gzip', [JSON_TYPE, ['content-encoding', 'gzip']]],
    ['in GZIP', [JSON_TYPE, ['content-encoding', 'GZIP']]],
    ['in x-gzip', [JSON_TYPE, ['content-encoding', 'x-gzip']]],
    ['in deflate', [JSON_TYPE, ['content-encoding', 'deflate']]],
    ['in two codings', [JSON_TYPE, ['content-encoding', 'identity, gzip']]],
    [
      'in two codings of two lines',
      [JSON_TYPE, ['content-encoding', 'identity'], ['content-encoding', 'br']],
    ],
  ])('%s', (_, headers) => {
    expect(send(headers, json)).toBe('DTA1014');
  });

  test.each(['application/grpc', 'application/grpc+proto', 'application/grpc+json'])(
    'of gRPC without a description, in its own way: %s',
    (value) => {
      const { outcome } = masked.post([type(value)]);
      expect(outcome.localResponse).toMatchObject({ grpcStatus: 7 });
    },
  );

  test('without a type is only refused when it has bytes', () => {
    expect(send([], '')).toBe('');
    const { stream, outcome } = masked.answer([
      [':status', '302'],
      ['location', '/a'],
    ]);
    expect(outcome.localResponse).toBeUndefined();
    stream.responseBody('', true);
    expect(valuesOf(stream.forwardedResponse.headers, ':status')).toEqual(['302']);
  });

  test('identity is no coding', () => {
    expect(send([JSON_TYPE, ['content-encoding', 'Identity']], json)).toBe(maskedJson);
  });
});

describe('other formats are masked by their types', () => {
  const part = (body: string) =>
    `--a b\r\nContent-Disposition: form-data; name="ssn"\r\n\r\n${body}\r\n--a b--\r\n`;

  test.each([
    ['application/x-ndjson', `${json}\n${json}\n`, `${maskedJson}\n${maskedJson}\n`],
    ['application/jsonl', `${json}\n`, `${maskedJson}\n`],
    ['application/json-seq', `\x1e${json}\n`, `\x1e${maskedJson}\n`],
    ['application/x-www-form-urlencoded', `%73sn=1&a=${CARD}`, `%73sn=***&a=${MASKED_CARD}`],
    ['multipart/form-data; boundary="a b"', part('123'), part('***')],
    ['application/xml', `<a ssn="1">${CARD}</a>`, `<a ssn="***">${MASKED_CARD}</a>`],
    ['text/xml; charset=utf-8', '<a><ssn>1</ssn></a>', '<a><ssn>***</ssn></a>'],
    ['application/soap+xml', '<a><ssn>1</ssn></a>', '<a><ssn>***</ssn></a>'],
    ['text/plain', `card ${CARD}.`, `card ${MASKED_CARD}.`],
    ['text/html; charset=utf-8', `<p>${CARD}</p>`, `<p>${MASKED_CARD}</p>`],
    ['text/csv', `id,ssn\r\n1,2\r\n`, `id,ssn\r\n1,***\r\n`],
    ['text/csv; header=absent', `ssn,${CARD}\r\n`, `ssn,${MASKED_CARD}\r\n`],
    ['text/event-stream', `data: ${json}\n\n`, `data: ${maskedJson}\n\n`],
  ])('%s', (value, body, expected) => {
    expect(send([type(value)], body)).toBe(expected);
  });

  test.each([
    ['utf-16le', Buffer.from(json, 'utf16le'), Buffer.from(maskedJson, 'utf16le')],
    [
      'utf-16',
      Buffer.from(`\ufeff${json}`, 'utf16le'),
      Buffer.from(`\ufeff${maskedJson}`, 'utf16le'),
    ],
  ])('JSON in %s', (charset, body, expected) => {
    expect(send([type(`application/json; charset=${charset}`)], body)).toBe(expected.toString());
  });
});

describe('what would be untrue of a masked message goes', () => {
  const untrue: Header[] = [
    ['content-length', '99'],
    ['content-md5', 'x'],
    ['digest', 'sha-256=x'],
    ['content-digest', 'sha-256=:x:'],
    ['repr-digest', 'sha-256=:x:'],
    ['signature', 's=:x:'],
    ['signature-input', 's=("content-digest")'],
  ];
  const names = (headers: readonly [string, string][] | undefined) =>
    (headers ?? []).map(([name]) => name);

  test('from requests', () => {
    const { stream } = masked.post([JSON_TYPE, ['x-keep', '1'], ...untrue]);
    stream.requestBody('{}', true);
    const left = names(stream.forwardedRequest.headers);
    expect(left).toContain('x-keep');
    for (const [name] of untrue) expect(left).not.toContain(name);
  });

  test.each([
    ['a body', false, '200'],
    ['the answer to HEAD', true, '200'],
    ['a redirect', true, '302'],
    ['no content', true, '204'],
    ['an answer that nothing changed', true, '304'],
  ])('from %s', (_, isEnd, status) => {
    const more: Header[] = [
      ['etag', '"1"'],
      ['accept-ranges', 'bytes'],
    ];
    const { stream, outcome } = masked.answer(
      [[':status', status], JSON_TYPE, ...untrue, ...more, ['cache-control', 'no-transform']],
      isEnd,
    );
    expect(statusOf(outcome).code).toBe('');
    if (!isEnd) stream.responseBody(json, true);
    const { headers, body } = stream.forwardedResponse;
    expect(textOf(body)).toBe(isEnd ? '' : maskedJson);
    expect(valuesOf(headers, ':status')).toEqual([status]);
    expect(valuesOf(headers, 'cache-control')).toEqual(['no-transform']);
    for (const [name] of [...untrue, ...more]) expect(names(headers)).not.toContain(name);
  });

  test('of a request for a response: ranges, conditions, codings', () => {
    const asked: Header[] = [
      ['range', 'bytes=0-9'],
      ['if-range', '"1"'],
      ['if-none-match', '"1"'],
      ['if-match', '"1"'],
      ['accept-encoding', 'gzip, br'],
    ];
    const { headers } = masked.get({ headers: asked }).stream.forwardedRequest;
    expect(valuesOf(headers, 'accept-encoding')).toEqual(['identity']);
    for (const [name] of asked.slice(0, -1)) expect(names(headers)).not.toContain(name);
  });

  test.each([
    ['gzip;q=0.5, br;q=0, deflate', 'gzip'],
    ['GZIP, zstd , x', 'gzip, zstd'],
    ['*', 'gzip, br, zstd'],
    ['deflate', 'identity'],
    ['gzip;q=0.0', 'identity'],
  ])('codings that decompressors of Envoy can read stay: %s', async (asked, expected) => {
    const other = await MaskedMesh.start({}, decompressing);
    const { stream } = other.get({ headers: [['accept-encoding', asked]] });
    expect(valuesOf(stream.forwardedRequest.headers, 'accept-encoding')).toEqual([expected]);
  });

  const decompressing = { 'xds.node.metadata.dta_decompress': 'true' };
});
