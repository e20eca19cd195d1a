/** gRPC with a descriptor set through the compiled filter: masked in place, cut anywhere, refused when it cannot be read. */
import { beforeEach, describe, expect, test } from 'vitest';

import {
  decode,
  encode,
  grpcFiles,
  grpcPolicies,
  maskedOrder,
  order,
  orderFrame,
  ordersIn,
  PING,
  PLACE,
  readFrames,
  secrets,
  WATCH,
} from '../bodies/order-messages.ts';
import { frame } from '../kernels/proto-wire.ts';
import { AUDITOR, CARD, type Header, MASKED_CARD, MaskedMesh, valuesOf } from './masked-mesh.ts';
import { CHECKOUT } from './mesh.ts';

const type = (value: string): Header => ['content-type', value];
const GRPC = type('application/grpc');
const start = (unreadable?: string) =>
  MaskedMesh.start({ files: grpcFiles(grpcPolicies('orders', unreadable)) });

let masked: MaskedMesh;
beforeEach(async () => {
  masked = await start();
});

/** A request whose body is to follow. */
const call = (path: string, headers: Header[] = [GRPC], uri = CHECKOUT) =>
  masked.post([...headers, ['te', 'trailers']], { path }, uri);

/** A response whose body is to follow, to a request that was taken. */
const answered = (path: string, headers: Header[] = [GRPC], isEnd = false, uri = CHECKOUT) => {
  const { stream } = call(path, [GRPC], uri);
  stream.requestBody('', true);
  const outcome = stream.responseHeaders([[':status', '200'], ...headers], isEnd);
  return { stream, outcome };
};

/** What comes out of chunks, in a request and in the response of a method that answers the same. */
function bothWays(chunks: readonly Uint8Array[], headers: Header[] = [GRPC]): Uint8Array[] {
  const asked = call(WATCH, headers).stream;
  chunks.forEach((chunk, i) => {
    asked.requestBody(chunk, i === chunks.length - 1);
  });
  expect(asked.forwardedRequest.ended).toBe(true);
  const { stream } = answered(WATCH, headers);
  for (const chunk of chunks) stream.responseBody(chunk, false);
  stream.responseTrailers([['grpc-status', '0']]);
  expect(stream.forwardedResponse).toMatchObject({ ended: true, trailers: [['grpc-status', '0']] });
  for (const one of [asked, stream]) one.end();
  return [asked.forwardedRequest.body, stream.forwardedResponse.body];
}

const expectNoSecret = (bytes: Uint8Array): void => {
  for (const secret of secrets) expect(Buffer.from(bytes).toString('latin1')).not.toContain(secret);
};

describe('messages are masked by path, by name and by value', () => {
  test('a single one of a request, and its labels are told', () => {
    const { stream } = call(PLACE);
    stream.requestBody(orderFrame(), true);
    const { body, headers } = stream.forwardedRequest;
    expect(ordersIn(body)).toEqual([maskedOrder]);
    expect(body.length).toBe(orderFrame().length);
    expectNoSecret(body);
    expect(valuesOf(headers, 'x-dta-labels')).toEqual(['PCI,PII']);
    stream.responseHeaders([[':status', '200'], GRPC], false);
    stream.responseBody(frame(encode('Receipt', { number: `receipt for ${CARD}` })), false);
    stream.responseTrailers([['grpc-status', '0']]);
    const [receipt] = readFrames(stream.forwardedResponse.body);
    expect(decode('Receipt', receipt?.payload ?? Buffer.alloc(0))).toEqual({
      number: `receipt for ${MASKED_CARD}`,
    });
    stream.end();
    expect(masked.records()).toMatchObject([{ maskedRequest: 9, maskedResponse: 1 }]);
  });

  test('many of a stream in one chunk, with empty ones between', () => {
    const other = { card: CARD };
    const frames = [orderFrame(), orderFrame({}), orderFrame(other), orderFrame()];
    for (const body of bothWays([Buffer.concat(frames)])) {
      expect(ordersIn(body)).toEqual([maskedOrder, {}, { card: MASKED_CARD }, maskedOrder]);
    }
  });

  test('cut at every byte, and byte by byte', () => {
    const bytes = Buffer.concat([orderFrame(), orderFrame({ lines: order.lines })]);
    const [whole] = bothWays([bytes]);
    for (let cut = 1; cut < bytes.length; cut++) {
      for (const body of bothWays([bytes.subarray(0, cut), bytes.subarray(cut)])) {
        expect(Buffer.from(body).equals(whole as Uint8Array), `${cut}`).toBe(true);
      }
    }
    for (const body of bothWays([...bytes].map((byte) => Buffer.from([byte])))) {
      expect(Buffer.from(body).equals(whole as Uint8Array)).toBe(true);
    }
    expectNoSecret(whole as Uint8Array);
  });

  test('one over many chunks, as it streams', () => {
    const lines = Array.from({ length: 60_000 }, () => ({ card: CARD, sku: 'A-1' }));
    const bytes = orderFrame({ lines });
    const { stream } = call(WATCH);
    let most = 0;
    for (let at = 0; at < bytes.length; at += 16_384) {
      const end = Math.min(at + 16_384, bytes.length);
      stream.requestBody(bytes.subarray(at, end), false);
      most = Math.max(most, end - stream.forwardedRequest.body.length);
    }
    stream.requestBody('', true);
    const [whole] = ordersIn(stream.forwardedRequest.body) as { lines: unknown[] }[];
    expect(whole?.lines).toHaveLength(lines.length);
    const different = new Set(whole?.lines.map((line) => JSON.stringify(line)));
    expect([...different].map((line) => JSON.parse(line))).toEqual([
      { card: MASKED_CARD, sku: '***' },
    ]);
    expect(most).toBeLessThan(1_024);
  });

  test('not for who is cleared', () => {
    const { stream } = call(WATCH, [GRPC], AUDITOR);
    stream.requestBody(orderFrame(), true);
    expect(Buffer.from(stream.forwardedRequest.body).equals(orderFrame())).toBe(true);
  });

  test('a message without a field for a rule stays, but detectors have to be able to read it', () => {
    const bytes = frame(encode('Nothing', { really: true }));
    const { stream } = call(PING);
    stream.requestBody(bytes, true);
    expect(Buffer.from(stream.forwardedRequest.body).equals(bytes)).toBe(true);
    const { stream: compressed } = call(PING);
    const outcome = compressed.requestBody(frame(encode('Nothing', { really: true }), 1), true);
    expect(outcome.localResponse ?? outcome.reset).toBeDefined();
    expect(Buffer.from(compressed.forwardedRequest.body)).toHaveLength(0);
  });
});

describe('gRPC-Web', () => {
  const trailers = (text: string) => frame(Buffer.from(text), 0x80);
  const web = Buffer.concat([
    orderFrame(),
    trailers(`grpc-status: 0\r\ngrpc-message: ${CARD}\r\n`),
  ]);
  const check = (bytes: Uint8Array): void => {
    const [message, end] = readFrames(bytes);
    expect(decode('Order', message?.payload ?? Buffer.alloc(0))).toEqual(maskedOrder);
    expect(end?.flag).toBe(0x80);
    expect(end?.payload.toString()).toBe(`grpc-status: 0\r\ngrpc-message: ${MASKED_CARD}\r\n`);
  };

  test.each(['application/grpc-web', 'application/grpc-web+proto'])(
    'in binary, with trailers in the body: %s',
    (value) => {
      for (const cut of [1, 4, 5, 60, web.length - 40, web.length - 1]) {
        const chunks = [web.subarray(0, cut), web.subarray(cut)];
        for (const body of bothWays(chunks, [type(value)])) check(body);
      }
    },
  );

  test('in base64, with padding between frames', () => {
    const text = readFrames(web)
      .map(({ flag, payload }) => frame(payload, flag).toString('base64'))
      .join('');
    expect(text.slice(0, -4)).toContain('=');
    const headers = [type('application/grpc-web-text')];
    for (const chunks of [[text], text.match(/.{1,7}/g) ?? [], [...text]]) {
      for (const body of bothWays(
        chunks.map((chunk) => Buffer.from(chunk)),
        headers,
      )) {
        const texts =
          Buffer.from(body)
            .toString()
            .match(/[^=]+={0,2}/g) ?? [];
        check(Buffer.concat(texts.map((one) => Buffer.from(one, 'base64'))));
      }
    }
  });

  test('is cut off: refused', () => {
    const { stream } = answered(WATCH, [type('application/grpc-web')]);
    stream.responseBody(web.subarray(0, 20), false);
    expect(stream.responseBody('', true).reset).toBe(true);
  });
});

describe('what cannot be read', () => {
  const compressed = frame(encode('Order', order), 1);

  test('a compressed message is refused with a status, or reset when it is not the first', () => {
    const first = call(PLACE).stream.requestBody(compressed, false);
    expect(first.localResponse?.grpcStatus).toBe(7);
    // Headers of streams do not wait.
    expect(call(WATCH).stream.requestBody(compressed, false).reset).toBe(true);
    const { stream } = call(WATCH);
    stream.requestBody(orderFrame(), false);
    expect(stream.requestBody(compressed, true).reset).toBe(true);
    expect(ordersIn(stream.forwardedRequest.body)).toEqual([maskedOrder]);
    const back = answered(PLACE).stream;
    expect(back.responseBody(compressed, false).localResponse?.grpcStatus).toBe(7);
    expect(back.forwardedResponse.body).toHaveLength(0);
    const later = answered(WATCH).stream;
    expect(later.responseBody(compressed, false).reset).toBe(true);
    expect(later.forwardedResponse.body).toHaveLength(0);
  });

  test('a frame that is cut off is refused, by an end and by trailers', () => {
    const half = orderFrame().subarray(0, 40);
    for (const cut of [1, 4, 5, 40]) {
      const { stream } = call(PLACE);
      const outcome = stream.requestBody(half.subarray(0, cut), true);
      expect(outcome.localResponse?.grpcStatus, `${cut}`).toBe(7);
      const back = answered(WATCH).stream;
      back.responseBody(half.subarray(0, cut), false);
      expect(back.responseTrailers([['grpc-status', '0']]).reset, `${cut}`).toBe(true);
      expect(back.forwardedResponse.ended).toBe(false);
    }
  });

  test.each([
    ['of a method that is not described', '/shop.v1.Orders/Cancel', GRPC],
    ['of a path that only looks like one', '/shop.v1.Orders/Pl%61ce', GRPC],
    ['of another service', '/shop.v1.orders/Place', GRPC],
    ['of JSON in frames', PLACE, type('application/grpc+json')],
  ])('%s is refused', (_, path, header) => {
    expect(call(path, [header]).outcome.localResponse?.grpcStatus).toBe(7);
    const { outcome } = answered(path === PLACE ? PLACE : '/none', [header]);
    expect(outcome.localResponse?.grpcStatus).toBe(7);
  });

  test('passes where it is declared, and what can be read is masked all the same', async () => {
    masked = await start('pass-unmasked');
    const { stream } = call('/shop.v1.Orders/Cancel');
    stream.requestBody(orderFrame(), true);
    expect(Buffer.from(stream.forwardedRequest.body).equals(orderFrame())).toBe(true);
    const known = call(PLACE).stream;
    known.requestBody(orderFrame(), true);
    expect(ordersIn(known.forwardedRequest.body)).toEqual([maskedOrder]);
    const packed = call(WATCH).stream;
    packed.requestBody(compressed, true);
    expect(Buffer.from(packed.forwardedRequest.body).equals(compressed)).toBe(true);
    const late = call(WATCH).stream;
    late.requestBody(orderFrame(), false);
    expect(late.requestBody(compressed, true).reset).toBe(true);
  });

  test('is not redacted: a receiver has to understand messages', async () => {
    masked = await start('redact-body');
    expect(call('/shop.v1.Orders/Cancel').outcome.localResponse?.grpcStatus).toBe(7);
    const { stream } = call(PLACE);
    expect(stream.requestBody(compressed, true).localResponse?.grpcStatus).toBe(7);
    expect(stream.forwardedRequest.body).toHaveLength(0);
  });
});

test('headers wait for the message of a call, and not in streams, where nobody may speak', () => {
  expect(call(PLACE).outcome.action).toBe('stop');
  expect(call(WATCH).outcome.action).toBe('continue');
  expect(answered(PLACE).outcome.action).toBe('stop');
  expect(answered(WATCH).outcome.action).toBe('continue');
});

describe('what stands behind messages', () => {
  const told: Header[] = [
    ['grpc-status', '9'],
    ['grpc-message', `card ${CARD}`],
    ['grpc-status-details-bin', 'CAESAA'],
    ['x-customer-email', 'a@example.org'],
    ['x-note', `paid with ${CARD}`],
  ];
  const left: Header[] = [
    ['grpc-status', '9'],
    ['grpc-message', `card ${MASKED_CARD}`],
    ['x-customer-email', '***'],
    ['x-note', `paid with ${MASKED_CARD}`],
  ];

  test.each([WATCH, PING])('trailers are masked, also when messages have nothing: %s', (path) => {
    const { stream } = answered(path);
    stream.responseBody(frame(Buffer.alloc(0)), false);
    stream.responseTrailers(told);
    expect(stream.forwardedResponse.trailers?.toSorted()).toEqual(left.toSorted());
  });

  test.each([WATCH, PING])('an answer of nothing but trailers is masked like them: %s', (path) => {
    const { stream, outcome } = answered(path, [GRPC, ...told], true);
    expect(outcome.localResponse).toBeUndefined();
    const sent = stream.forwardedResponse.headers?.filter(([name]) => /^(grpc|x)-/.test(name));
    expect(sent?.toSorted()).toEqual(left.toSorted());
    expect(valuesOf(stream.forwardedResponse.headers, 'content-type')).toEqual([GRPC[1]]);
  });

  test('headers in front of messages have no details either', () => {
    const { stream } = answered(WATCH, [GRPC, ['grpc-status-details-bin', 'CAESAA']]);
    stream.responseBody(orderFrame(), false);
    expect(valuesOf(stream.forwardedResponse.headers, 'grpc-status-details-bin')).toEqual([]);
  });

  test('is left to who is cleared', () => {
    const { stream } = answered(WATCH, [GRPC, ...told], true, AUDITOR);
    expect(valuesOf(stream.forwardedResponse.headers, 'grpc-status-details-bin')).toEqual([
      'CAESAA',
    ]);
  });
});
