/** JSON lines and JSON sequences through the masker. */
import { describe, test } from 'vitest';

import { expectOutput, expectRefused } from './body-checks.ts';
import { loadBodyKernel } from './body-kernel.ts';
import type { Profile } from './mask-blob.ts';

const profile: Profile = {
  paths: [
    { path: '$.keep', rule: { operator: 'KeepLast', keep: 4 } },
    { path: '$[0].first', rule: { operator: 'Redact' } },
  ],
  names: [{ name: 'pin', rule: { operator: 'Redact' } }],
  card: { operator: 'KeepLast', keep: 4 },
};
const drops: Profile = {
  names: [{ name: 'pin', rule: { operator: 'Drop' } }],
};

const lines: [string, Profile, string, string][] = [
  [
    'one document a line',
    profile,
    '{"keep":"12345678"}\n{"pin":"a","x":1}\n',
    '{"keep":"****5678"}\n{"pin":"***","x":1}\n',
  ],
  [
    'blank lines, CRLF, no line feed at the end',
    profile,
    '\n \r\n{"pin":1}\r\n\t\n[{"first":"a"},{"first":"b"}]\r\n\n4111111111111111',
    '\n \r\n{"pin":"***"}\r\n\t\n[{"first":"***"},{"first":"b"}]\r\n\n"************1111"',
  ],
  [
    'numbers at the end of lines',
    profile,
    '4111111111111111\n12\n4111111111111111\r\n',
    '"************1111"\n12\n"************1111"\r\n',
  ],
  [
    'scalars and documents in strings',
    profile,
    '"4111111111111111"\ntrue\nnull\n"{\\"pin\\":\\"x\\"}"\n',
    '"************1111"\ntrue\nnull\n"{\\"pin\\":\\"***\\"}"\n',
  ],
  [
    'dropped members',
    drops,
    '{"pin":1,"a":2}\n{"a":2,"pin":1}\n{"pin":{"x":[1]}}\n {"a" : 1 } \n',
    '{"a":2}\n{"a":2}\n{}\n {"a" : 1 } \n',
  ],
  ['nothing but white space', profile, ' \r\n\n', ' \r\n\n'],
];

const records: [string, Profile, string, string][] = [
  [
    'records',
    profile,
    '\x1e{"pin":"a"}\n\x1e4111111111111111\n\x1e{"keep":\n"12345678"\n}\n',
    '\x1e{"pin":"***"}\n\x1e"************1111"\n\x1e{"keep":\n"****5678"\n}\n',
  ],
  ['separators in a row', profile, '\x1e\x1e"a"\n\x1e', '\x1e\x1e"a"\n\x1e'],
];

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadBodyKernel(target);

  test.each(lines)('lines: %s', (_, masks, input, output) => {
    expectOutput(kernel, { format: 'JsonLines' }, masks, input, output);
  });

  test.each(records)('records: %s', (_, masks, input, output) => {
    expectOutput(kernel, { format: 'JsonSequence' }, masks, input, output);
  });
});

describe('what is refused', async () => {
  const kernel = await loadBodyKernel();

  test.each([
    ['{"pin":"secret"\n}\n'],
    ['{"pin":"secret"} {"pin":"secret"}\n'],
    ['{"pin":"secret"}\n{"pin":"secret"'],
    ['{"pin":"secret\n"}\n'],
    ['{}\nNaN\n'],
    ['\x1e{"pin":"secret"}\n'],
    ['1\r2\n'],
  ])('lines: %j', (input) => {
    expectRefused(kernel, { format: 'JsonLines' }, profile, input, ['secret']);
  });

  test.each([
    ['{"pin":"secret"}\n'],
    ['\n\x1e{"pin":"secret"}\n'],
    ['\x1e{"pin":"secret"}'],
    ['\x1e{"pin":"secret"}\x1e{"pin":"secret"}\n'],
    ['\x1e{"pin":"secret"\n\x1e1\n'],
    ['\x1e4111111111111111'],
    ['\x1e\n'],
    ['\x1e1\n2\n'],
  ])('records: %j', (input) => {
    expectRefused(kernel, { format: 'JsonSequence' }, profile, input, ['secret', '41111111']);
  });
});
