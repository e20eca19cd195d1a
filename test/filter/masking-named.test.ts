/** The bodies by name through the compiled filter: cut anywhere, with trailers and without, both ways. */
import { beforeAll, describe, expect, test } from 'vitest';

import type { Stream } from '../../host/stream.ts';
import { bytesOf, type NamedBody, namedBodies, secretsOf } from '../bodies/named-bodies.ts';
import { type Header, MaskedMesh } from './masked-mesh.ts';

let masked: MaskedMesh;
beforeAll(async () => {
  // No rule drops anything: what comes out is the same however it is cut.
  masked = await MaskedMesh.start({
    rules: [
      '{ labels: [PCI], operator: keep-last, keep: 4 }',
      '{ labels: [PII, Secret], operator: redact }',
    ],
  });
});

interface Side {
  readonly open: (headers: Header[]) => Stream;
  readonly feed: (stream: Stream, chunk: Buffer, isEnd: boolean) => void;
  readonly end: (stream: Stream) => void;
  readonly sent: (stream: Stream) => { body: Uint8Array; ended: boolean };
}

const sides: readonly [string, Side][] = [
  [
    'requests',
    {
      open: (headers) => masked.post(headers).stream,
      feed: (stream, chunk, isEnd) => stream.requestBody(chunk, isEnd),
      end: (stream) => stream.requestTrailers([['x-other', '1']]),
      sent: (stream) => stream.forwardedRequest,
    },
  ],
  [
    'responses',
    {
      open: (headers) => masked.answer([...headers, ['trailer', 'x-other']]).stream,
      feed: (stream, chunk, isEnd) => stream.responseBody(chunk, isEnd),
      end: (stream) => stream.responseTrailers([['x-other', '1']]),
      sent: (stream) => (stream.outcome().localResponse ? nothing : stream.forwardedResponse),
    },
  ],
];
const nothing = { body: new Uint8Array(), ended: false };

describe.each(sides)('in %s', (_, side) => {
  const pass = (one: NamedBody, cuts: readonly number[], hasTrailers: boolean) => {
    const body = bytesOf(one.body);
    const stream = side.open(one.type === undefined ? [] : [['content-type', one.type]]);
    let start = 0;
    for (const cut of [...cuts, body.length]) {
      side.feed(stream, body.subarray(start, cut), !hasTrailers && cut === body.length);
      start = cut;
    }
    if (hasTrailers) side.end(stream);
    const { body: sent, ended } = side.sent(stream);
    stream.end();
    return { sent: Buffer.from(sent), ended };
  };

  test.each(namedBodies)('$name', (one) => {
    const { length } = bytesOf(one.body);
    const everywhere = Array.from({ length: length - 1 }, (_, i) => [i + 1]);
    for (const cuts of [[], everywhere.flat(), ...everywhere]) {
      for (const hasTrailers of [false, true]) {
        const { sent, ended } = pass(one, cuts, hasTrailers);
        const where = `cut at ${cuts.join(' ')}${hasTrailers ? ', with trailers' : ''}`;
        if (one.masked === undefined) expect(ended, where).toBe(false);
        else expect(sent.toString('latin1'), where).toBe(bytesOf(one.masked).toString('latin1'));
        for (const secret of secretsOf(one)) expect(sent.includes(secret), where).toBe(false);
      }
    }
  });
});
