/** The scanner against JSONTestSuite and real documents; nothing traps, what is read comes out as it was. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import type { Profile } from './mask-blob.ts';

const cases = join(import.meta.dirname, '../../../shared/cases');
const parsing = join(cases, 'json-parsing');
const documents = join(cases, 'json-documents');
const files = readdirSync(parsing).filter((name) => name.endsWith('.json'));
const empty: Profile = {};
/** Makes every part of the kernel work and changes no document of the corpus: no member has this name. */
const idle: Profile = {
  paths: [{ path: '$.**.no such member', rule: { operator: 'Null' } }],
  names: [{ name: 'no such member', ignoreCase: true, rule: { operator: 'Redact' } }],
};
const all: Profile = {
  paths: [{ path: '$', rule: { operator: 'KeepLast', keep: 2 } }],
  card: { operator: 'KeepLast', keep: 4 },
};

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadKernel(target);

  test.each(files)('%s', (name) => {
    const bytes = readFileSync(join(parsing, name));
    for (const profile of [empty, idle]) {
      const { status, output } = kernel.mask(profile, bytes);
      // An empty body is no document, and no error either.
      const expected = name.startsWith('y_') || bytes.length === 0 ? 'ok' : 'malformed';
      if (!name.startsWith('i_')) expect(status).toBe(expected);
      if (status === 'ok') expect(output.equals(bytes)).toBe(true);
    }
    const masked = kernel.mask(all, bytes);
    expect(masked.status).toBe(kernel.mask(empty, bytes).status);
    // A mark of the byte order is no part of the text (RFC 8259, section 8.1, lets a reader pass it over).
    if (masked.status === 'ok' && bytes.length > 0)
      JSON.parse(masked.output.toString('utf8').replace(/^\uFEFF/, ''));
  });

  test.each(readdirSync(documents))('%s stays as it is', (name) => {
    const bytes = readFileSync(join(documents, name));
    for (const profile of [empty, idle]) {
      const { status, output, count } = kernel.mask(profile, bytes);
      expect(status).toBe('ok');
      expect(output.equals(bytes)).toBe(true);
      expect(count).toBe(0);
    }
    const masked = kernel.mask(all, bytes);
    expect(masked.status).toBe('ok');
    JSON.parse(masked.output.toString('utf8'));
  });
});

const kernel = await loadKernel();

describe('texts as a whole', () => {
  const utf8 = (...bytes: number[]): Buffer =>
    Buffer.concat([Buffer.from('"'), Buffer.from(bytes), Buffer.from('"')]);
  const malformed: [string, string | Buffer][] = [
    ['only white space', ' \n'],
    ['two byte order marks', '\uFEFF\uFEFF{}'],
    ['a byte order mark behind white space', ' \uFEFF{}'],
    ['half a byte order mark', utf8(0xef, 0xbb)],
    ['a byte order mark alone', '\uFEFF'],
    ['two documents', '{} {}'],
    ['two numbers', '1 2'],
    ['a comma behind', '{},'],
    ['a closing bracket alone', ']'],
    ['brackets crossed', '[{]}'],
    ['an array closed as an object', '[1}'],
    ['an object closed as an array', '{"a":1]'],
    ['an empty array closed as an object', '[}'],
    ['an object closed after its colon', '{"a":}'],
    ['a comma before a bracket', '{"a":1,}'],
    ['no colon', '{"a" 1}'],
    ['a key that is a number', '{1:2}'],
    ['a number that is not whole', '-'],
    ['a number with a dot at its end', '1.'],
    ['an exponent without digits', '1e+'],
    ['a leading zero', '012'],
    ['a literal in capitals', 'True'],
    ['a literal that goes on', 'nullx'],
    ['a NUL', '"\u0000"'],
    ['a tab in a string', '"\t"'],
    ['a tab in a string behind a vector', `"${'x'.repeat(40)}\t"`],
    ['an escape of nothing', '"\\x"'],
    ['a hexadecimal digit that is none', '"\\u12g4"'],
    ['an overlong slash', utf8(0xc0, 0xaf)],
    ['an overlong slash of three', utf8(0xe0, 0x80, 0xaf)],
    ['an overlong slash of four', utf8(0xf0, 0x80, 0x80, 0xaf)],
    ['an encoded surrogate', utf8(0xed, 0xa0, 0x80)],
    ['a code point above the last', utf8(0xf4, 0x90, 0x80, 0x80)],
    ['a continuation alone', utf8(0x80)],
    ['a character cut off', utf8(0xe2, 0x82)],
    ['a byte that UTF-8 never has', utf8(0xff)],
    ['nested too deep', `${'['.repeat(513)}${']'.repeat(513)}`],
  ];
  test.each(malformed)('%s is malformed', (_name, text) => {
    for (const profile of [empty, idle, all, { card: all.card } as Profile]) {
      expect(kernel.mask(profile, text).status).toBe('malformed');
    }
  });

  test('controls in a string, wherever a vector finds them', () => {
    for (let control = 0; control < 0x20; control++) {
      for (const before of [0, 1, 7, 15, 16, 31]) {
        const text = `"${'x'.repeat(before)}${String.fromCharCode(control)}${'y'.repeat(40)}"`;
        for (const profile of [empty, { card: all.card } as Profile]) {
          expect(kernel.mask(profile, text).status).toBe('malformed');
        }
      }
    }
  });

  const fine: [string, string][] = [
    ['nothing at all', ''],
    ['a number', ' 0 '],
    ['a byte order mark in front', '\uFEFF{"a":1}'],
    ['a number at the very end', '-12.5e+3'],
    ['the deepest nesting', `${'[{"a":'.repeat(256)}1${'}]'.repeat(256)}`],
    ['an empty key', '{"":0}'],
    ['lone surrogates', '["\\ud800", "\\udc00x", "\\ud800\\n", "\\ud800\\ud800\\udc00"]'],
    ['the edges of UTF-8', '"\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}"'],
    ['long white space', `${' \t\r\n'.repeat(50)}[${' '.repeat(33)}]${'\n'.repeat(17)}`],
  ];
  test.each(fine)('%s is fine', (_name, text) => {
    for (const profile of [empty, idle, { card: all.card } as Profile]) {
      expect(kernel.mask(profile, text)).toMatchObject({ status: 'ok', count: 0 });
      expect(kernel.text(profile, text)).toBe(text);
    }
  });

  test('a masker that failed goes on failing', () => {
    const blob = Buffer.from('[1,]  ');
    const chunks = [blob.subarray(0, 4), Buffer.from(' '), Buffer.from('')];
    expect(kernel.mask(empty, chunks).status).toBe('malformed');
  });
});
