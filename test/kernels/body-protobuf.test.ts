/** Protobuf messages through the masker. */
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
import { buildMaskBlob, type Profile, type RuleSpec } from './mask-blob.ts';
import { type Field, readMessage, type Schema, type Value, writeMessage } from './proto-wire.ts';

const proto = { format: 'Protobuf', argLen: 0 } as const;
const rule = (operator: RuleSpec['operator'], rest: Partial<RuleSpec> = {}): RuleSpec => ({
  operator,
  ...rest,
});
const redact = rule('Redact');
const keep = rule('KeepLast', { keep: 4 });

const profile: Profile = {
  messages: [
    [
      { number: 1, kind: 'Text', rule: redact },
      { number: 2, kind: 'Text', rule: keep },
      { number: 3, kind: 'Varint', rule: redact },
      { number: 4, kind: 'Fixed64', rule: redact },
      { number: 5, kind: 'Fixed32', rule: redact },
      { number: 6, kind: 'Bytes', rule: redact },
      { number: 7, kind: 'PackedVarint', rule: redact },
      { number: 8, kind: 'PackedFixed32', rule: redact },
      { number: 9, kind: 'Message', message: 1 },
      { number: 10, kind: 'Message', rule: redact, message: 2 },
      { number: 11, kind: 'Group', message: 1 },
      { number: 12, kind: 'Message', rule: redact },
      { number: 13, kind: 'Text', rule: keep },
      { number: 13, kind: 'Text', rule: redact },
      { number: 14, kind: 'Text', rule: rule('KeepFirst', { keep: 2 }) },
      { number: 15, kind: 'Text', rule: rule('Truncate', { keep: 2 }) },
      { number: 16, kind: 'Text', rule: rule('Hash', { param: 16 }) },
      { number: 17, kind: 'Text', rule: rule('FormatPreserving', { param: 10 }) },
      { number: 18, kind: 'Text', rule: rule('DateShift', { param: 30 }) },
      { number: 19, kind: 'Text', rule: rule('Token') },
      { number: 20, kind: 'Text', rule: rule('Replace', { text: 'abc' }) },
      { number: 21, kind: 'Text', rule: rule('Bucket', { param: 10 }) },
    ],
    [
      { number: 1, kind: 'Text', rule: keep },
      { number: 2, kind: 'Message', message: 1 },
    ],
    [
      { number: 1, kind: 'Text' },
      { number: 2, kind: 'Bytes' },
      { number: 3, kind: 'Message', message: 2 },
      { number: 4, kind: 'PackedVarint' },
    ],
  ],
};
const detecting: Profile = { ...profile, card: keep };
const schema: Schema = {
  1: 'text',
  2: 'text',
  9: { 1: 'text', 2: { 1: 'text' }, 3: 'text' },
  10: { 1: 'text', 3: { 1: 'text', 2: 'bytes' }, 5: 'text' },
  11: { 1: 'text' },
  12: { 1: { 1: 'text' }, 5: 'text' },
};
for (const number of [13, 14, 15, 16, 17, 18, 19, 20, 21, 30]) schema[number] = 'text';

const vectors: [string, Profile, Field[], Field[]][] = [
  [
    'texts',
    profile,
    [
      [1, 'secret'],
      [2, '12345678'],
      [2, 'abc'],
      [1, ''],
    ],
    [
      [1, '******'],
      [2, '****5678'],
      [2, '***'],
      [1, ''],
    ],
  ],
  [
    'texts of more bytes',
    profile,
    [
      [2, '\u00fc\u20ac-123\u{1f600}'],
      [1, '\u00fc'],
    ],
    [
      [2, '*****-123\u{1f600}'],
      [1, '**'],
    ],
  ],
  [
    'numbers',
    profile,
    [
      [3, 100],
      [4, 7n],
      [5, { f32: 9 }],
      [99, 300],
    ],
    [
      [3, 0],
      [4, 0n],
      [5, { f32: 0 }],
      [99, 300],
    ],
  ],
  [
    'bytes and packed',
    profile,
    [
      [6, Buffer.from('abc')],
      [7, Buffer.from([0x96, 1, 5])],
      [8, Buffer.alloc(8, 1)],
    ],
    [
      [6, Buffer.alloc(3)],
      [7, Buffer.from([0x80, 0, 0])],
      [8, Buffer.alloc(8)],
    ],
  ],
  [
    'numbers in the other way',
    profile,
    [
      [7, 100],
      [3, Buffer.from([0x96, 1])],
      [1, 5],
    ],
    [
      [7, 0],
      [3, Buffer.from([0x80, 0])],
      [1, 0],
    ],
  ],
  [
    'messages',
    profile,
    [
      [
        9,
        [
          [1, '123456'],
          [2, [[1, '123456']]],
          [3, 'x'],
        ],
      ],
      [11, { group: [[1, '123456']] }],
    ],
    [
      [
        9,
        [
          [1, '**3456'],
          [2, [[1, '**3456']]],
          [3, 'x'],
        ],
      ],
      [11, { group: [[1, '**3456']] }],
    ],
  ],
  [
    'a message under a rule',
    profile,
    [
      [
        10,
        [
          [1, 'abc'],
          [
            3,
            [
              [1, 'x'],
              [2, Buffer.from('yz')],
            ],
          ],
          [7, 5],
        ],
      ],
    ],
    [
      [
        10,
        [
          [1, '***'],
          [
            3,
            [
              [1, '*'],
              [2, Buffer.alloc(2)],
            ],
          ],
          [7, 0],
        ],
      ],
    ],
  ],
  [
    'a group in a message under a rule',
    profile,
    [[10, [[7, { group: [[1, 1]] }]]]],
    [[10, [[7, { group: [[1, 0]] }]]]],
  ],
  ['several rules', profile, [[13, '12345678']], [[13, '********']]],
  [
    'operators',
    profile,
    [
      [14, 'abcd\u00fc'],
      [15, 'abcd\u00fc'],
      [20, 'xyz'],
      [20, 'wxyz'],
      [21, '37'],
      [21, 'x'],
      [18, '12/12/2026'],
      [19, 'abc'],
    ],
    [
      [14, 'ab****'],
      [15, 'ab****'],
      [20, '***'],
      [20, '****'],
      [21, '30'],
      [21, '*'],
      [18, '**********'],
      [19, '***'],
    ],
  ],
  [
    'long texts',
    profile,
    [
      [2, 'x'.repeat(1020)],
      [2, 'x'.repeat(1021)],
    ],
    [
      [2, `${'*'.repeat(1016)}xxxx`],
      [2, '*'.repeat(1021)],
    ],
  ],
  [
    'nothing known',
    detecting,
    [
      [30, 'x 4111111111111111 y'],
      [
        31,
        [
          [1, '4111-1111-1111-1111'],
          [2, 5],
        ],
      ],
    ],
    [
      [30, 'x ************1111 y'],
      [
        31,
        [
          [1, '****-****-****-1111'],
          [2, 5],
        ],
      ],
    ],
  ],
  ['other digits', detecting, [[30, '\uff14111111111111111']], [[30, '**************1111']]],
  [
    'no text',
    detecting,
    [[30, Buffer.from('\xff\xc34111111111111111\xe2\x82', 'latin1')]],
    [[30, Buffer.from('\xff\xc3************1111\xe2\x82', 'latin1')]],
  ],
  [
    'the stronger one',
    detecting,
    [
      [14, '4111111111111111'],
      [2, '4111111111111111'],
    ],
    [
      [14, '41**************'],
      [2, '************1111'],
    ],
  ],
];

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadBodyKernel(target);

  test.each(vectors)('%s', (_, masks, input, output) => {
    expectOutput(kernel, proto, masks, writeMessage(input), writeMessage(output));
  });
});

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
