/** gRPC and gRPC-Web bodies through the masker. */
import { describe, expect, test } from 'vitest';

import {
  chunksOf,
  expectOutput,
  expectRefused,
  fuzzRuns,
  maskWhole,
  pick,
  randomOf,
} from './body-checks.ts';
import { loadBodyKernel } from './body-kernel.ts';
import { buildMaskBlob, type Profile } from './mask-blob.ts';
import { frame, writeMessage } from './proto-wire.ts';

const grpc = { format: 'Grpc', argLen: 0 } as const;
const web = { format: 'GrpcWeb', argLen: 0 } as const;
const text = { format: 'GrpcWebText', argLen: 0 } as const;
const profile: Profile = {
  messages: [[{ number: 1, kind: 'Text', rule: { operator: 'Redact' } }]],
  card: { operator: 'KeepLast', keep: 4 },
};
const message = (card: string): Buffer =>
  writeMessage([
    [1, card],
    [2, 'x'],
  ]);
const trailers = (value: string): Buffer =>
  frame(Buffer.from(`grpc-status:0\r\ngrpc-message:${value}\r\n`), 0x80);

const frames: [string, Buffer, Buffer][] = [
  ['one message', frame(message('secret')), frame(message('******'))],
  [
    'several messages',
    Buffer.concat([frame(message('secret')), frame(Buffer.alloc(0)), frame(message('abc'))]),
    Buffer.concat([frame(message('******')), frame(Buffer.alloc(0)), frame(message('***'))]),
  ],
];
const webFrames: [string, Buffer, Buffer][] = [
  ...frames,
  [
    'trailers',
    Buffer.concat([frame(message('a')), trailers('4111111111111111 %2')]),
    Buffer.concat([frame(message('*')), trailers('************1111 %2')]),
  ],
  [
    'escapes in trailers',
    trailers('card %34111%201111 1111 111%31 %c3%bc %x%4'),
    trailers('card ******%20**** **** 111%31 %c3%bc %x%4'),
  ],
  ['empty trailers', frame(Buffer.alloc(0), 0x80), frame(Buffer.alloc(0), 0x80)],
];
const bad: [string, Buffer][] = [
  ['a compressed message', frame(message('secret'), 1)],
  ['another flag', frame(message('secret'), 2)],
  ['compressed trailers', frame(message('secret'), 0x81)],
  ['half a head', frame(message('secret')).subarray(0, 3)],
  ['half a message', frame(message('secret')).subarray(0, 8)],
  ['a message that ends early', Buffer.concat([Buffer.from([0, 0, 0, 0, 3]), message('secret')])],
  ['trailers in front', Buffer.concat([trailers('x'), frame(message('secret'))])],
];

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadBodyKernel(target);

  test.each(frames)('gRPC: %s', (_, input, output) => {
    expectOutput(kernel, grpc, profile, input, output);
  });

  test.each(webFrames)('gRPC-Web: %s', (_, input, output) => {
    expectOutput(kernel, web, profile, input, output);
    expectOutput(kernel, web, { messages: [[]] }, input, input);
  });

  test.each(webFrames)('gRPC-Web in base64: %s', (_, input, output) => {
    expectOutput(kernel, text, profile, input.toString('base64'), output.toString('base64'));
  });
});

describe('more', async () => {
  const kernel = await loadBodyKernel();

  test('padding at the ends of frames stays, inside of them it goes', () => {
    const one = frame(message('secret'));
    const masked = frame(message('******'));
    const end = trailers('x');
    expect(one.length % 3).not.toBe(0);
    const b64 = (bytes: Buffer): string => bytes.toString('base64');
    expectOutput(
      kernel,
      text,
      profile,
      b64(one) + b64(one) + b64(end),
      b64(masked) + b64(masked) + b64(end),
    );
    expectOutput(
      kernel,
      text,
      profile,
      b64(one.subarray(0, 4)) + b64(one.subarray(4, 10)) + b64(one.subarray(10)),
      b64(masked),
    );
    const both = Buffer.concat([one, end]);
    expectOutput(kernel, text, profile, b64(both), b64(Buffer.concat([masked, end])));
  });

  test.each(bad)('refused: %s', (name, bytes) => {
    expectRefused(kernel, web, profile, bytes, ['secret']);
    expectRefused(kernel, text, profile, bytes.toString('base64'));
    if (name !== 'trailers in front') expectRefused(kernel, grpc, profile, bytes, ['secret']);
  });

  test('trailers are no frame of gRPC', () => {
    expectRefused(kernel, grpc, profile, trailers('x'));
  });

  test.each([
    ['AAAA='],
    ['A'],
    ['AA=A'],
    ['=AAA'],
    ['AAB='],
    ['AB=='],
    ['AA A'],
    ['AA-_'],
    ['AAAAAA='],
    ['\n'],
  ])('no base64: %j', (input) => {
    expectRefused(kernel, text, profile, input);
  });

  test('a long body', () => {
    const one = (card: string): Buffer =>
      frame(
        writeMessage([
          [1, card],
          [2, 'y'.repeat(5000)],
        ]),
      );
    const many = (card: string): Buffer =>
      Buffer.concat(Array.from({ length: 40 }, () => one(card)));
    const output = maskWhole(kernel, text, profile, many('secret').toString('base64'));
    expect(output.toString()).toBe(many('******').toString('base64'));
  });

  test('random frames', () => {
    const blob = buildMaskBlob(profile);
    const random = randomOf(13);
    for (let run = 0; run < fuzzRuns; run++) {
      const cards = Array.from({ length: 1 + random(4) }, () =>
        pick(random, ['secret', '', 'x'.repeat(random(40))]),
      );
      const all = (show: (card: string) => string): Buffer[] => [
        ...cards.map((card) => frame(message(show(card)))),
        trailers(show('4111111111111111')),
      ];
      const parts = all((card) => card);
      const wanted = Buffer.concat(
        all((card) => (card === '4111111111111111' ? '************1111' : '*'.repeat(card.length))),
      );
      const input = Buffer.concat(parts);
      expect(kernel.mask(web, blob, chunksOf(random, input)).output).toEqual(wanted);
      const texts = Buffer.from(
        random(2) === 0
          ? input.toString('base64')
          : parts.map((part) => part.toString('base64')).join(''),
      );
      const output = maskWhole(kernel, text, blob, texts);
      expect(kernel.mask(text, blob, chunksOf(random, texts)).output).toEqual(output);
      expect(
        Buffer.concat(
          (output.toString().match(/.{4}/g) ?? []).map((quantum) => Buffer.from(quantum, 'base64')),
        ),
      ).toEqual(wanted);
    }
  });
});
