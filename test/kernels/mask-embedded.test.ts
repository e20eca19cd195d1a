/** JSON documents in strings of a JSON document: masked one level deep, and everything else stays as it is written. */
import { describe, expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import { buildMaskBlob, type Profile, type RuleSpec } from './mask-blob.ts';
import { maskByOracle } from './mask-oracle.ts';

const kernel = await loadKernel();
const redact: RuleSpec = { operator: 'Redact' };
const path = (one: string, rule: RuleSpec = redact): Profile => ({ paths: [{ path: one, rule }] });
const pin: Profile = { names: [{ name: 'pin', rule: redact }] };
const card: Profile = { card: { operator: 'KeepLast', keep: 4 } };
/** Bytes of a string that are held until it is known what it is. */
const HOLD = 12_288;

describe('what is a document', () => {
  const rows: [Profile, string, string][] = [
    [path('$.p.card'), '{"p":"{\\"card\\":1}"}', '{"p":"{\\"card\\":\\"***\\"}"}'],
    [path('$.p.card'), '{"p":"  {\\"card\\":1} \\n"}', '{"p":"  {\\"card\\":\\"***\\"} \\n"}'],
    [path('$.p[0]'), '{"p":"[1,2]"}', '{"p":"[\\"***\\",2]"}'],
    [path('$[1].a'), '["{}","{\\"a\\":true}"]', '["{}","{\\"a\\":\\"***\\"}"]'],
    [path('$.a'), '"{\\"a\\":\\"x\\"}"', '"{\\"a\\":\\"***\\"}"'],
    [path('$.**.a'), '{"b":["{\\"c\\":{\\"a\\":1}}"]}', '{"b":["{\\"c\\":{\\"a\\":\\"***\\"}}"]}'],
    [pin, '{"x":"{\\"pin\\":1}"}', '{"x":"{\\"pin\\":\\"***\\"}"}'],
    [pin, '{"x":"{\\"p\\\\u0069n\\":1}"}', '{"x":"{\\"p\\\\u0069n\\":\\"***\\"}"}'],
    [
      pin,
      '{"x":"\\u007b\\u0022pin\\u0022\\u003a1\\u007d"}',
      '{"x":"\\u007b\\u0022pin\\u0022\\u003a\\"***\\"\\u007d"}',
    ],
    [card, '"{\\"a\\":4111111111111111}"', '"{\\"a\\":\\"************1111\\"}"'],
    [card, '"[\\"4111\\\\u00201111 1111 1111\\"]"', '"[\\"****\\\\u0020**** **** 1111\\"]"'],
  ];
  test.each(rows)('%o: %s', (profile, text, expected) => {
    expect(kernel.text(profile, text)).toBe(expected);
    expect(maskByOracle(profile, text)).toBe(expected);
  });

  const texts: [string, string][] = [
    ['not closed', '{\\"pin\\":1'],
    ['followed by something', '{\\"pin\\":1} x'],
    ['two documents', '{\\"pin\\":1}{\\"pin\\":1}'],
    ['a comma too many', '{\\"pin\\":1,}'],
    ['no document inside', '[pin]'],
    ['a bracket alone', '['],
    ['a scalar', '\\"pin\\"'],
    ['half a surrogate pair behind it', '{\\"pin\\":1}\\ud800'],
    ['half a surrogate pair in front of it', '\\ud800{\\"pin\\":1}'],
    ['half a surrogate pair between tokens', '{\\udfff\\"pin\\":1}'],
    ['a space that JSON has not', '\\u00a0{\\"pin\\":1}'],
    ['a byte order mark', '\ufeff{\\"pin\\":1}'],
    ['a control character in its string', '{\\"pin\\":\\"\\t\\"}'],
    ['513 brackets', `${'['.repeat(513)}${']'.repeat(513)}`],
    ['a document two levels deep', '[\\"{\\\\\\"pin\\\\\\":1}\\"]'],
  ];
  test.each(texts)('text that only looks like one stays: %s', (_name, body) => {
    for (const profile of [pin, path('$.x.pin'), path('$.**.pin', { operator: 'Drop' })]) {
      expect(kernel.text(profile, `{"x":"${body}"}`)).toBe(`{"x":"${body}"}`);
    }
  });

  test('in text that begins like a document values are found all the same', () => {
    const text =
      '["{\\"a\\":4111 1111 1111 1111","[4111111111111111","[4111111111111111\\ud83d\\ude00]"]';
    expect(kernel.text(card, text)).toBe(
      '["{\\"a\\":**** **** **** 1111","[************1111","[************1111\\ud83d\\ude00]"]',
    );
  });

  test('512 brackets are read', () => {
    const text = `"${'['.repeat(512)}{\\"pin\\":1}`;
    expect(kernel.text(pin, `${text}${']'.repeat(512)}"`)).toBe(`${text}${']'.repeat(512)}"`);
    const fits = `"${'['.repeat(511)}{\\"pin\\":1}${']'.repeat(511)}"`;
    expect(kernel.text(pin, fits)).toBe(fits.replace(':1', ':\\"***\\"'));
  });

  test('a rule on the string itself is for the whole text', () => {
    const text = '{"p":"{\\"pin\\":12}"}';
    expect(kernel.text({ ...pin, ...path('$.p', { operator: 'KeepLast', keep: 1 }) }, text)).toBe(
      '{"p":"{\\"***\\":*2}"}',
    );
  });
});

describe('what is written', () => {
  const operators: RuleSpec[] = [
    { operator: 'Replace', text: '"\\/\u00e9' },
    { operator: 'Null' },
    { operator: 'Drop' },
    { operator: 'Token' },
    { operator: 'Hash', param: 64 },
    { operator: 'KeepLast', keep: 2 },
    { operator: 'KeepFirst', keep: 2 },
    { operator: 'Truncate', keep: 2 },
    { operator: 'FormatPreserving', param: 62 },
    { operator: 'DateShift', param: 9 },
    { operator: 'Bucket', param: 0x8000_0001 },
  ];
  const value = '\\"2026-11-27\\"';
  const inner = [
    value,
    '\\"a\\\\nb\\\\u0063\\\\\\\\d\\"',
    '\\"\\\\ud83d\\\\ude00ab\\u00e9\\"',
    '123456',
    'true',
  ];
  test.each(operators)('%o keeps the string a document', (rule) => {
    const text = `{"p":"{\\"a\\":1, \\u0022pin\\":[${inner.join(' , ')}] , \\"pin\\u0022:${value}}"}`;
    const profile: Profile = { names: [{ name: 'pin', rule }] };
    const masked = kernel.text(profile, text);
    expect(masked).toBe(maskByOracle(profile, text));
    JSON.parse((JSON.parse(masked) as { p: string }).p);
  });
});

describe('documents longer than what is held', () => {
  /** A string whose body has exactly `len` bytes before its closing quote. */
  const body = (len: number, end: string): string => {
    const start = '{\\"pin\\":\\"secret\\",\\"a\\":\\"';
    return `${start}${'x'.repeat(len - start.length - end.length)}${end}`;
  };
  const around = [HOLD - 66, HOLD - 65, HOLD - 64, HOLD - 63, HOLD - 1, HOLD, HOLD + 1, HOLD + 100];

  test.each(around)('of %i bytes are masked, in whatever pieces', (len) => {
    const text = `{"p":"${body(len, '\\"}')}","q":1}`;
    const expected = text.replace('\\"secret\\"', '\\"***\\"');
    const bytes = Buffer.from(text);
    for (const at of [0, 6, 7, 50, HOLD - 60, HOLD - 59, HOLD - 58, HOLD + 4, bytes.length - 8]) {
      const { output, held } = kernel.mask(pin, [bytes.subarray(0, at), bytes.subarray(at)]);
      expect(output.toString()).toBe(expected);
      expect(held).toBeLessThanOrEqual(HOLD);
    }
    const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    const { output, held } = kernel.mask(pin, single);
    expect(output.toString()).toBe(expected);
    expect(held).toBeLessThanOrEqual(HOLD);
  });

  test('that break are text when they are held, and malformed when they are not', () => {
    const short = `["${body(HOLD - 64, '\\"')}"]`;
    expect(kernel.text(pin, short)).toBe(short);
    for (const end of ['\\"', '\\"}}', '\\"} x', '\\",}', '\\"}\\ud800']) {
      expect(kernel.mask(pin, `["${body(HOLD + 200, end)}"]`).status).toBe('malformed');
    }
  });

  test('of a megabyte, with odd escapes all the way', () => {
    const item =
      '{\\"pin\\":\\"s\\u0065cret\\",\\u0022b\\":[1,\\"\\\\u0041\\u00e9\\ud83d\\ude00\\"]}';
    const text = (one: string): string => `{"p":"[${Array(12_000).fill(one).join(',')}]"}`;
    const bytes = Buffer.from(text(item));
    const expected = text(item.replace('\\"s\\u0065cret\\"', '\\"***\\"'));
    const blob = buildMaskBlob(pin);
    for (const size of [bytes.length, 16_384, 4_099]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect(kernel.mask(blob, pieces).output.toString() === expected).toBe(true);
    }
  });

  test('two bodies in turn do not disturb one another', () => {
    const { exports } = kernel;
    const blob = kernel.place(buildMaskBlob(pin));
    const text = Buffer.from(`{"p":"${body(HOLD + 3_000, '\\"}')}"}`);
    const expected = kernel.mask(pin, text).output.toString();
    const maskers = [0, 1].map(() => ({ at: exports.open(blob, 0n, 0, 0, 0, 0, 0), out: '' }));
    for (let from = 0; from < text.length; from += 777) {
      const src = kernel.place(text.subarray(from, from + 777));
      for (const masker of maskers) {
        const len = Math.min(777, text.length - from);
        expect(exports.feed(masker.at, src, len, from + 777 >= text.length ? 1 : 0)).toBe(0);
        const start = exports.outPtr();
        masker.out += Buffer.from(exports.memory.buffer.slice(start, start + exports.outLen()));
      }
      exports.give(src);
    }
    for (const masker of maskers) {
      expect(masker.out).toBe(expected);
      exports.shut(masker.at);
    }
    exports.give(blob);
  });
});
