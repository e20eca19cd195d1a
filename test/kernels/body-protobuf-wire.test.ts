/** Protobuf messages through the masker: lengths, what is refused, and random ones. */
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
import { detecting, profile, rule, schema } from './proto-profile.ts';
import { type Field, readMessage, type Value, writeMessage } from './proto-wire.ts';

const proto = { format: 'Protobuf', argLen: 0 } as const;

describe('more', async () => {
  const kernel = await loadBodyKernel();
  const masked = (fields: Field[]): Field[] =>
    readMessage(maskWhole(kernel, proto, profile, writeMessage(fields)), schema);

  test('hashes fill their length', () => {
    const [[, hash], [, long], [, again]] = masked([
      [16, 'abcdefgh'],
      [16, 'x'.repeat(40)],
      [16, 'abcdefgh'],
    ]) as [Field, Field, Field];
    expect(hash).toMatch(/^[0-9a-f]{8}$/);
    expect(again).toBe(hash);
    expect(long).toMatch(/^([0-9a-f]{16})\1[0-9a-f]{8}$/);
  });

  test('digits and dates stay digits and dates', () => {
    const [[, digits], [, date]] = masked([
      [17, '4111-1111-1111-1111'],
      [18, '2026-11-27'],
    ]) as [Field, Field];
    expect(digits).toMatch(/^\d{4}-\d{4}-\d{4}-\d{4}$/);
    expect(digits).not.toContain('4111-1111');
    expect(date).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(date).not.toBe('2026-11-27');
  });

  test('what is not known under a rule is text and message at once', () => {
    for (let len = 2; len < 300; len++) {
      const inner = Buffer.concat([Buffer.from([0x0a, len & 0x7f]), Buffer.alloc(len, 0x41)]);
      const bytes = writeMessage([[12, [[1, inner.subarray(0, len)]]]]);
      const output = maskWhole(kernel, proto, profile, bytes);
      expect(output.length).toBe(bytes.length);
      expect(() => readMessage(output, { 12: { 1: 'text' } })).not.toThrow();
      expect(() => readMessage(output, { 12: { 1: {} } })).not.toThrow();
      expect(output.toString('latin1')).not.toContain('AA');
    }
    expectOutput(
      kernel,
      proto,
      profile,
      writeMessage([
        [
          12,
          [
            [1, 'A'],
            [2, 'A'.repeat(140)],
          ],
        ],
      ]),
      writeMessage([
        [
          12,
          [
            [1, '*'],
            [
              2,
              Buffer.concat([
                Buffer.from([0xc2, 0x80, 1, 127]),
                Buffer.alloc(127, 0x2a),
                Buffer.from([0xc2, 0x80, 1, 5]),
                Buffer.alloc(5, 0x2a),
              ]),
            ],
          ],
        ],
      ]),
    );
  });

  test('rules that are not in force', () => {
    const labels: Profile = {
      messages: [[{ number: 1, kind: 'Text', rule: rule('Redact', { minBand: 3 }) }]],
      card: rule('Redact', { minBand: 3 }),
    };
    const bytes = writeMessage([
      [1, '4111111111111111'],
      [2, 'x'],
    ]);
    expectOutput(kernel, proto, labels, bytes, bytes);
  });

  test('a number keeps its bytes', () => {
    const bytes = Buffer.from([0x18, 0xac, 0x02, 0x18, ...Array(9).fill(0xff), 0x01]);
    const zeros = Buffer.from([0x18, 0x80, 0x00, 0x18, ...Array(9).fill(0x80), 0x00]);
    expectOutput(kernel, proto, profile, bytes, zeros);
    expect(readMessage(zeros, {})).toEqual([
      [3, 0],
      [3, 0],
    ]);
  });

  const malformed: [string, Buffer][] = [
    ['a tag of field 0', Buffer.from([0x00, 0x00])],
    ['a wire type 6', Buffer.from([0x0e])],
    ['a wire type 7', Buffer.from([0x0f])],
    ['a tag that is too long', Buffer.from([0x88, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00])],
    ['a tag above 32 bits', Buffer.from([0xf8, 0xff, 0xff, 0xff, 0x7f, 0x00])],
    ['a varint of eleven bytes', Buffer.from([0x18, ...Array(10).fill(0xff), 0x01])],
    ['a varint above 64 bits', Buffer.from([0x18, ...Array(9).fill(0xff), 0x02])],
    ['an end of no group', Buffer.from([0x0c])],
    ['an end of another group', Buffer.from([0x5b, 0x54])],
    ['a group without an end', Buffer.from([0x5b])],
    ['a group over the end of its message', Buffer.from([0x4a, 0x01, 0x5b, 0x5c])],
    ['a group that its message ends in', Buffer.from([0x4a, 0x03, 0x5b, 0x08, 0x01])],
    ['a length over the end', writeMessage([[1, 'secret']]).subarray(0, 7)],
    ['a length over the message', Buffer.from([0x4a, 0x03, 0x0a, 0x02, 0x41, 0x41])],
    ['a varint over the message', Buffer.from([0x4a, 0x01, 0x18, 0x01])],
    ['a fixed over the message', Buffer.from([0x4a, 0x02, 0x1d, 0x01, 0x01, 0x01, 0x01])],
    ['packed varints without an end', writeMessage([[7, Buffer.from([0x80])]])],
    ['a text that is none', writeMessage([[2, Buffer.from([0xff])]])],
    ['half a text', writeMessage([[2, Buffer.from([0xc3])]])],
    ['half a tag', Buffer.from([0x80])],
  ];

  test.each(malformed)('refused: %s', (_, bytes) => {
    expectRefused(kernel, proto, profile, bytes, ['secret']);
  });

  test('deep nesting', () => {
    const nest = (depth: number): Buffer => {
      let inner: Value = [];
      for (let i = 0; i < depth; i++) inner = [[2, inner] as Field];
      return writeMessage([[9, inner]]);
    };
    expect(kernel.mask(proto, profile, [nest(99)]).status).toBe('ok');
    expect(kernel.mask(proto, profile, [nest(100)]).status).toBe('malformed');
    const groups = Buffer.alloc(101, 0x5b);
    expect(kernel.mask(proto, profile, [groups]).status).toBe('malformed');
  });

  test('no descriptor', () => {
    for (const format of ['Protobuf', 'Grpc', 'GrpcWeb', 'GrpcWebText'] as const) {
      const kind = { format, argLen: 0xffff_ffff };
      expect(kernel.mask(kind, profile, [Buffer.alloc(0)]).status).toBe('malformed');
      expect(kernel.mask({ format, argLen: 3 }, profile, [Buffer.alloc(0)]).status).toBe(
        'malformed',
      );
    }
  });

  test('random messages', () => {
    const blob = buildMaskBlob(detecting);
    const random = randomOf(11);
    for (let run = 0; run < fuzzRuns; run++) {
      const fields = randomFields(random, 0);
      const bytes = writeMessage(fields);
      const output = maskWhole(kernel, proto, blob, bytes);
      expect(output.length).toBe(bytes.length);
      expect(kernel.mask(proto, blob, chunksOf(random, bytes)).output).toEqual(output);
      expect(output.toString('latin1')).not.toMatch(/s-e-c|4111111111111111/);
      const seen = readMessage(output, schema);
      expect(seen.filter(([number]) => number >= 30)).toEqual(
        readMessage(bytes, schema)
          .filter(([number]) => number >= 30)
          .map(([n, v]) => [n, shown(v)]),
      );
      expect(seen.map(([number]) => number)).toEqual(fields.map(([number]) => number));
    }
  });
});

function randomFields(random: (below: number) => number, depth: number): Field[] {
  return Array.from({ length: random(5) }, (): Field => {
    switch (random(7)) {
      case 0:
        return [1, pick(random, ['s-e-c', '4111111111111111', ''])];
      case 1:
        return [pick(random, [3, 33]), random(1000)];
      case 2:
        return [30, pick(random, ['plain \u20ac', '4111111111111111', 'a 4111111111111111'])];
      case 3:
        return [
          10,
          [
            [1, 's-e-c'],
            [3, [[1, 's-e-c']]],
            [5, 's-e-c'],
          ],
        ];
      case 4:
        return [11, { group: [[1, 's-e-c9999']] }];
      case 5:
        return [
          12,
          [
            [5, 's-e-c'],
            [6, 4],
          ],
        ];
      default:
        return [
          9,
          depth < 3
            ? [
                [1, 's-e-c9999'],
                [3, 'x'],
              ]
            : [],
        ];
    }
  });
}

function shown(value: Value): Value {
  return typeof value === 'string' ? value.replace('411111111111', '************') : value;
}
