/** Charsets and byte order marks of bodies. */
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
import { type BodyKind, type charsets, loadBodyKernel } from './body-kernel.ts';
import { buildMaskBlob, type Profile } from './mask-blob.ts';

const profile: Profile = {
  names: [
    { name: 'card', rule: { operator: 'Redact' } },
    { name: 'pin', rule: { operator: 'Replace', text: '\u20ac\u{1f600}' } },
  ],
  card: { operator: 'KeepLast', keep: 4 },
};

const texts: [BodyKind['format'], string, string][] = [
  [
    'Json',
    '{"card":"\u00fc","pin":1,"n":"4111111111111111","s":"\u20ac\u{1f600}\\u00fc"}',
    '{"card":"***","pin":"\u20ac\u{1f600}","n":"************1111","s":"\u20ac\u{1f600}\\u00fc"}',
  ],
  ['JsonLines', '{"card":1}\n4111111111111111', '{"card":"***"}\n"************1111"'],
  [
    'Xml',
    '<r><card>\u{1f600}</card>4111111111111111\u00fc</r>',
    '<r><card>***</card>************1111\u00fc</r>',
  ],
  ['Csv', 'card;a\n\u20ac;"\u00fc"\n', 'card;a\n***;"\u00fc"\n'],
  ['Text', 'x 4111111111111111 \u20ac\u{1f600}', 'x ************1111 \u20ac\u{1f600}'],
  ['EventStream', 'data: {"card":1}\n\n', 'data: {"card":"***"}\n\n'],
];

type Charset = keyof typeof charsets;

/** A text in a charset, with the mark when it is asked for. */
function encode(text: string, charset: Charset, hasMark: boolean): Buffer {
  const marked = hasMark ? `\ufeff${text}` : text;
  if (charset === 'Utf8') return Buffer.from(marked);
  const isLittle = charset.endsWith('Le');
  if (charset.startsWith('Utf16')) {
    const bytes = Buffer.from(marked, 'utf16le');
    return isLittle ? bytes : bytes.swap16();
  }
  const points = Array.from(marked, (c) => c.codePointAt(0) ?? 0);
  const bytes = Buffer.alloc(points.length * 4);
  points.forEach((point, i) => {
    if (isLittle) bytes.writeUInt32LE(point, i * 4);
    else bytes.writeUInt32BE(point, i * 4);
  });
  return bytes;
}

const cases = (['Utf8', 'Utf16Le', 'Utf16Be', 'Utf32Le', 'Utf32Be'] as const).flatMap((charset) =>
  [true, false].map((hasMark) => [charset, hasMark] as const),
);

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadBodyKernel(target);

  test.each(cases)('%s, mark %s', (charset, hasMark) => {
    for (const [format, input, output] of texts) {
      const [before, after] = [encode(input, charset, hasMark), encode(output, charset, hasMark)];
      expectOutput(kernel, { format, charset }, profile, before, after);
      // By its mark, or for UTF-32 by its default.
      const open = charset.startsWith('Utf16') ? 'Utf16' : 'Utf32';
      if (charset !== 'Utf8' && (hasMark || charset === 'Utf32Be'))
        expectOutput(kernel, { format, charset: open }, profile, before, after);
    }
  });
});

describe('more', async () => {
  const kernel = await loadBodyKernel();

  test.each([
    ['Utf16Le', '0x61', [0x61]],
    ['Utf16Le', 'half a surrogate pair', [0x22, 0, 0x3d, 0xd8, 0x22, 0]],
    ['Utf16Le', 'the other half alone', [0x22, 0, 0x00, 0xde, 0x22, 0]],
    ['Utf16Be', 'no end', [0, 0x22, 0xd8, 0x3d]],
    ['Utf16Le', 'the other mark', [0xfe, 0xff, 0, 0x22, 0, 0x22]],
    ['Utf16Be', 'the other mark', [0xff, 0xfe, 0x22, 0, 0x22, 0]],
    ['Utf32Le', 'a surrogate', [0x22, 0, 0, 0, 0x3d, 0xd8, 0, 0, 0x22, 0, 0, 0]],
    ['Utf32Be', 'above U+10FFFF', [0, 0x11, 0, 0]],
    ['Utf32Be', 'the other mark', [0xff, 0xfe, 0, 0, 0x22, 0, 0, 0]],
    ['Utf32Le', 'no end', [0x22, 0, 0]],
    ['Utf8', 'half a mark', [0xef, 0xbb]],
    ['Utf8', 'two marks', [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 0x31]],
    ['Utf8', 'UTF-16', [0xff, 0xfe, 0x22, 0, 0x22, 0]],
  ] as [Charset, string, number[]][])('%s refused: %s', (charset, _, bytes) => {
    expectRefused(kernel, { format: 'Json', charset }, profile, Buffer.from(bytes));
  });

  test('what can be read in two charsets is refused', () => {
    const card = 'card 4111111111111111';
    for (const charset of ['Utf16Le', 'Utf16Be'] as const) {
      const text = { format: 'Text', charset } as const;
      // UTF-16 without a mark has another order of bytes to browsers than to others.
      const unmarked = encode(card, charset, false);
      expectRefused(kernel, { format: 'Text', charset: 'Utf16' }, profile, unmarked);
      // The mark of UTF-8 wins over any charset.
      expectRefused(kernel, text, profile, encode(`${card}0`, 'Utf8', true));
    }
  });

  test('the declaration of XML says the charset', () => {
    const xml = (encoding: string): string => `<?xml version="1.0" encoding="${encoding}"?><r/>`;
    for (const [charset, encoding] of [
      ['Utf16Le', 'utf-16'],
      ['Utf16Be', 'UTF-16BE'],
      ['Utf32Be', 'utf-32'],
    ] as const) {
      const bytes = encode(xml(encoding), charset, false);
      expectOutput(kernel, { format: 'Xml', charset }, profile, bytes, bytes);
      expectRefused(
        kernel,
        { format: 'Xml', charset },
        profile,
        encode(xml('utf-8'), charset, false),
      );
    }
  });

  test('no mark and no charset where there is none', () => {
    for (const format of ['Form', 'Multipart', 'JsonSequence', 'Grpc', 'Protobuf'] as const) {
      const kind = { format, charset: 'Utf16Le', arg: 'x' } as const;
      expect(kernel.mask(kind, profile, [Buffer.alloc(0)]).status).toBe('malformed');
    }
    expectRefused(kernel, { format: 'JsonSequence' }, profile, '\ufeff\u001e1\n');
    expectRefused(kernel, { format: 'Form' }, profile, '\ufeffcard=1');
    expectRefused(kernel, { format: 'Form' }, profile, '%ef%bb%bfcard=1');
  });

  test('long bodies', () => {
    const json = (card: string): string =>
      JSON.stringify(Array.from({ length: 3000 }, (_, i) => ({ i, card, u: '\u20ac\u{1f600}' })));
    for (const [charset] of cases) {
      const output = maskWhole(
        kernel,
        { format: 'Json', charset },
        profile,
        encode(json('secret'), charset, false),
      );
      expect(output.equals(encode(json('***'), charset, false))).toBe(true);
    }
  });

  test('random texts', () => {
    const blob = buildMaskBlob(profile);
    const random = randomOf(23);
    for (let run = 0; run < fuzzRuns; run++) {
      const text = Array.from({ length: random(8) }, () =>
        pick(random, [
          'a',
          '\u00fc',
          '\u20ac',
          '\u{1f600}',
          '4111111111111111',
          ' ',
          '\uffff',
          '"',
          '\\',
        ]),
      ).join(' ');
      const [charset, hasMark] = pick(random, cases);
      const input = encode(JSON.stringify({ text, card: text }), charset, hasMark);
      const masked = kernel.mask({ format: 'Json', charset }, blob, chunksOf(random, input));
      const wanted = JSON.stringify({
        text: text.replaceAll('411111111111', '************'),
        card: '***',
      });
      expect(masked.output).toEqual(encode(wanted, charset, hasMark));
    }
  });
});
