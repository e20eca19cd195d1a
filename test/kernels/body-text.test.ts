/** Plain text and server-sent events through the masker. */
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

const text = { format: 'Text' } as const;
const events = { format: 'EventStream' } as const;
const profile: Profile = {
  paths: [{ path: '$.top', rule: { operator: 'KeepLast', keep: 2 } }],
  names: [{ name: 'card', rule: { operator: 'Redact' } }],
  detectors: [{ kind: 'Email', rule: { operator: 'Replace', text: 'a\nb' } }],
  card: { operator: 'KeepLast', keep: 4 },
};
const whole: Profile = { paths: [{ path: '$', rule: { operator: 'Redact' } }] };

const texts: [string, Profile, string, string][] = [
  [
    'lines',
    profile,
    'one\n4111111111111111\r\n\u00fc 4111-1111-1111-1111\u00fc\nx',
    'one\n************1111\r\n\u00fc ****-****-****-1111\u00fc\nx',
  ],
  ['mail', profile, 'to jo@example.com!', 'to a\nb!'],
  [
    'long lines',
    profile,
    `${'1 '.repeat(1500)}x 4111111111111111`,
    `${'1 '.repeat(1500)}x ************1111`,
  ],
  ['a rule on everything', whole, 'one\ntwo\n', '***'],
  ['nothing in force', {}, '4111111111111111\u00fc', '4111111111111111\u00fc'],
];

const streams: [string, Profile, string, string][] = [
  [
    'documents',
    profile,
    'event: x\nid: 1\ndata: {"card":"secret","top":"abcd"}\n\ndata:{"card":1}\r\n\r\n',
    'event: x\nid: 1\ndata: {"card":"***","top":"**cd"}\n\ndata:{"card":"***"}\r\n\r\n',
  ],
  [
    'documents over lines',
    profile,
    'data: {"card":\ndata: "secret",\r\ndata:"top"\rdata\ndata: :"abcd","b":[\ndata: 1]}\n\n',
    'data: {"card":\ndata: "***",\r\ndata:"top"\rdata\ndata: :"**cd","b":[\ndata: 1]}\n\n',
  ],
  [
    'text over lines',
    profile,
    'data: 4111 1111 1111\ndata: 1111\ndata: 4111111111111111\n\ndata: [DONE]\n\n',
    'data: 4111 1111 1111\ndata: 1111\ndata: ************1111\n\ndata: [DONE]\n\n',
  ],
  [
    'other lines',
    profile,
    ': 4111111111111111\nid: 4111111111111111\nevent:jo@example.com\nretry: 10\ndat: 4111111111111111\ndatabase: 4111111111111111\nd\n\r\n\r\r',
    ': ************1111\nid: ************1111\nevent:a b\nretry: 10\ndat: ************1111\ndatabase: ************1111\nd\n\r\n\r\r',
  ],
  ['no end', profile, 'data: {"card":"secret"}', 'data: {"card":"***"}'],
  ['no end of a name', profile, 'data: x\r\ndat', 'data: x\r\ndat'],
  ['no end of a line', profile, 'data: x 4111111111111111\r', 'data: x ************1111\r'],
  ['empty data', profile, 'data\ndata:\ndata: \ndata:  \n\n', 'data\ndata:\ndata: \ndata:  \n\n'],
  [
    'a line behind the data',
    profile,
    'data: {"card":"secret"}\nid: 1\n\ndata: 1\n: c\n\n',
    'data: {"card":"***"}\nid: 1\n\ndata: 1\n: c\n\n',
  ],
  [
    'a rule on everything',
    whole,
    'id: 7\ndata: a\ndata: b\n\ndata: c\n\n',
    'id: 7\ndata: ***\n\ndata: ***\n\n',
  ],
  ['nothing in force', {}, 'data: a\ndata: b\nid: 1\n\n: x\n', 'data: a\ndata: b\nid: 1\n\n: x\n'],
];

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadBodyKernel(target);

  test.each(texts)('text: %s', (_, masks, input, output) => {
    expectOutput(kernel, text, masks, input, output);
  });

  test.each(streams)('events: %s', (_, masks, input, output) => {
    expectOutput(kernel, events, masks, input, output);
  });
});

describe('more', async () => {
  const kernel = await loadBodyKernel();

  test.each([['\xff'], ['a\xc3'], ['\xc0\xaf'], ['\xed\xa0\x80']])('text refused: %j', (input) => {
    expectRefused(kernel, text, profile, Buffer.from(input, 'latin1'));
  });

  test.each([
    ['data: {"card":"secret"}\nid: 1\ndata: x\n\n'],
    ['data: a\xff\n\n'],
    ['data: a\xc3\n\n'],
    ['id: \xc3'],
    [`data: {"card":"secret","x":"${'x'.repeat(5000)}"\n\n`],
  ])('events refused: %j', (input) => {
    expectRefused(kernel, events, profile, Buffer.from(input, 'latin1'), ['secret']);
  });

  test('little is held back', () => {
    const line = 'some words, and nothing else in it\n';
    const pieces = Array.from({ length: 50 }, () => Buffer.from(line));
    const { output, held } = kernel.mask(text, profile, pieces);
    expect(output.toString()).toBe(line.repeat(50));
    expect(held).toBeLessThan(80);
  });

  test('random streams', () => {
    const blob = buildMaskBlob(profile);
    const random = randomOf(5);
    for (let run = 0; run < fuzzRuns; run++) {
      // A carriage return and a line feed that belong to two lines would be one end.
      const ends = pick(random, [['\n', '\r\n'], ['\r']]);
      const eol = (): string => pick(random, ends);
      let input = '';
      const wanted: string[] = [];
      for (let i = 1 + random(4); i > 0; i--) {
        const [before, after] = pick(random, payloads);
        if (random(3) === 0) input += `: 4111111111111111${eol()}`;
        if (random(3) === 0) input += `id: ${random(100)}${eol()}`;
        for (const line of before.split('\n'))
          input += `data:${pick(random, ['', ' '])}${line}${eol()}`;
        input += eol();
        wanted.push(after);
      }
      const body = Buffer.from(input);
      const masked = maskWhole(kernel, events, blob, body);
      expect(kernel.mask(events, blob, chunksOf(random, body)).output).toEqual(masked);
      expect(masked.toString()).not.toContain('4111111111111111');
      expect(readEvents(masked.toString()).map(normal)).toEqual(wanted.map(normal));
    }
  });
});

/** Data of events, and what of it has to be seen. */
const payloads: [string, string][] = [
  ['{"card":"s-e-c","n":1}', '{"card":"***","n":1}'],
  ['{"card"\n:\n"s-e-c"\n,"n":[1,\n2]}', '{"card"\n:\n"***"\n,"n":[1,\n2]}'],
  ['4111111111111111', '************1111'],
  ['plain\n\ntext 4111-1111-1111-1111', 'plain\n\ntext ****-****-****-1111'],
  ['[1,2,"4111111111111111"]', '[1,2,"************1111"]'],
  ['{not json 4111111111111111', '{not json ************1111'],
  ['', ''],
];

/** Data of the events of a stream, as HTML reads them. */
function readEvents(stream: string): string[] {
  const events: string[] = [];
  let data: string[] = [];
  for (const line of stream.split(/\r\n|\r|\n/)) {
    if (line === '') {
      if (data.length > 0) events.push(data.join('\n'));
      data = [];
    }
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === 'data') data.push(value ?? '');
  }
  return events;
}

/** The optional space of an empty line may be taken for one of the value. */
function normal(data: string): string {
  return data.trim();
}
