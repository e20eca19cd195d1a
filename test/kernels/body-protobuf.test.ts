/** Protobuf messages through the masker: what becomes of each kind of field. */
import { describe, test } from 'vitest';

import { expectOutput } from './body-checks.ts';
import { loadBodyKernel } from './body-kernel.ts';
import type { Profile } from './mask-blob.ts';
import { detecting, profile } from './proto-profile.ts';
import { type Field, writeMessage } from './proto-wire.ts';

const proto = { format: 'Protobuf', argLen: 0 } as const;

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
