/** Long matches of detectors in each format: they go over lines and windows, and the output keeps its form. */
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
import { type BodyKind, loadBodyKernel } from './body-kernel.ts';
import { buildMaskBlob, type Profile } from './mask-blob.ts';
import { frame, readMessage, writeMessage } from './proto-wire.ts';
import { readXml, textOf } from './xml-reader.ts';

const profile: Profile = {
  detectors: [
    { kind: 'PrivateKey', rule: { operator: 'Redact' } },
    { kind: 'Jwt', rule: { operator: 'KeepFirst', keep: 4 } },
    { kind: 'Card', rule: { operator: 'Token' } },
    { kind: 'Iban', rule: { operator: 'Hash', param: 16 } },
    { kind: 'Email', rule: { operator: 'Truncate', keep: 2 } },
  ],
  messages: [[]],
};
const line = 'MIIEowIBAAKCAQEAs3cret0123456789+/abcdefghijklmnopqrstuvwxyzABCD';
const pem = (lines: number): string[] => [
  '-----BEGIN RSA PRIVATE KEY-----',
  ...Array.from({ length: lines }, () => line),
  '-----END RSA PRIVATE KEY-----',
];
const part = (text: string): string => Buffer.from(text).toString('base64url');
const jwt = (size: number): string =>
  `${part('{"alg":"none"}')}.${part(`{"s3cret":"${'x'.repeat(size)}"}`)}.${part('signature-s3cret')}`;
const iban = 'DE89 3704 0044 0532 0130 00';
const secrets = [line, jwt(10), jwt(3000).slice(60, 2000), '4111111111111111', '37040044'];

describe('long matches', async () => {
  const kernel = await loadBodyKernel();
  const check = (kind: BodyKind, input: string | Uint8Array): Buffer => {
    const output = maskWhole(kernel, kind, profile, input);
    expectOutput(kernel, kind, profile, input, output);
    for (const secret of secrets) expect(output.toString('latin1')).not.toContain(secret);
    return output;
  };

  test.each([2, 40])('a key of %d lines in a text', (lines) => {
    const output = check({ format: 'Text' }, `a\n${pem(lines).join('\n')}\nb\r\n`);
    expect(output.toString()).toBe('a\n***\nb\r\n');
  });

  test.each([2, 40])('a key of %d lines in an event', (lines) => {
    const output = check(
      { format: 'EventStream' },
      `${pem(lines)
        .map((one) => `data: ${one}\n`)
        .join('')}data: b\n\n`,
    );
    expect(output.toString()).toBe('data: ***\ndata: b\n\n');
  });

  test.each([2, 40])('a key of %d lines in a cell, an element, a part and a field', (lines) => {
    const key = pem(lines).join('\n');
    expect(check({ format: 'Csv' }, `a,b\n"${key}",1\n`).toString()).toBe('a,b\n"***",1\n');
    expect(check({ format: 'Xml' }, `<r>${key}</r>`).toString()).toBe('<r>***</r>');
    const body = (text: string): string =>
      `--x\r\nContent-Disposition: form-data; name=a\r\n\r\n${text}\r\n--x--\r\n`;
    expect(check({ format: 'Multipart', arg: 'x' }, body(key)).toString()).toBe(body('***'));
    expect(check({ format: 'Form' }, `a=${encodeURIComponent(key)}&b=1`).toString()).toBe(
      'a=***&b=1',
    );
  });

  test.each([10, 3000])('a token of %d bytes keeps its length in protobuf', (size) => {
    const text = `x ${jwt(size)} y`;
    const bytes = writeMessage([[1, text]]);
    const output = check({ format: 'Protobuf', argLen: 0 }, bytes);
    const [[, seen]] = readMessage(output, { 1: 'text' }) as [[number, string]];
    expect(seen).toHaveLength(text.length);
    expect(seen).toMatch(size < 100 ? /^x eyJh[*.]+ y$/ : /^x \*+ y$/);
    const web = check(
      { format: 'GrpcWeb', argLen: 0 },
      Buffer.concat([frame(bytes), frame(Buffer.from(`a: ${text}`), 0x80)]),
    );
    expect(web.length).toBe(2 * 5 + bytes.length + text.length + 3);
  });

  test('a key in protobuf keeps its length', () => {
    const bytes = writeMessage([
      [1, `x ${pem(40).join('\n')} y`],
      [2, 'z'],
    ]);
    const [[, seen], [, last]] = readMessage(check({ format: 'Protobuf', argLen: 0 }, bytes), {
      1: 'text',
      2: 'text',
    }) as [[number, string], [number, string]];
    expect(seen).toMatch(/^x \*+ y$/);
    expect(last).toBe('z');
  });

  test('operators of any length in protobuf', () => {
    const bytes = writeMessage([[1, `4111111111111111 ${iban} jo@example.com`]]);
    const [[, seen]] = readMessage(check({ format: 'Protobuf', argLen: 0 }, bytes), {
      1: 'text',
    }) as [[number, string]];
    expect(seen).toMatch(/^\*{16} ([0-9a-f]{16})[0-9a-f]{11} jo\*{12}$/);
  });

  test('ends of sections in long matches', () => {
    // After a line end: inside a token it is refused.
    const cut = (text: string, at: number): string =>
      `${text.slice(0, at)}<![CDATA[${text.slice(at, at + 65)}]]>${text.slice(at + 65)}`;
    for (const at of [32, 32 + 65 * 20]) {
      const text = pem(40).join('\n');
      const output = check({ format: 'Xml' }, `<r>x ${cut(text, at)} y</r>`).toString();
      expect(output).toBe('<r>x ***<![CDATA[]]> y</r>');
      expect(textOf(readXml(output))).toBe('x *** y');
    }
    for (const text of [jwt(10), '4111111111111111', 'jo@example.com'])
      expectRefused(kernel, { format: 'Xml' }, profile, `<r>${cut(text, 5)}</r>`, [text]);
  });

  test('random bodies of all kinds, in all chunks', () => {
    const blob = buildMaskBlob(profile);
    const random = randomOf(31);
    const values = [
      '4111111111111111',
      iban,
      'jo@example.com',
      jwt(10),
      jwt(1200),
      pem(1).join('\n'),
      'plain',
      ' ',
      '\u20ac',
    ];
    for (let run = 0; run < fuzzRuns / 4; run++) {
      const text = Array.from({ length: random(5) }, () => pick(random, values)).join(' ');
      const bodies: [BodyKind, Buffer][] = [
        [{ format: 'Text' }, Buffer.from(text)],
        [{ format: 'EventStream' }, Buffer.from(`data: ${text.replaceAll('\n', '\ndata: ')}\n\n`)],
        [{ format: 'Csv' }, Buffer.from(`a\n"${text}"\n`)],
        [{ format: 'Xml' }, Buffer.from(`<r>${text}</r>`)],
        [{ format: 'Form' }, Buffer.from(`a=${encodeURIComponent(text)}`)],
        [{ format: 'Protobuf', argLen: 0 }, writeMessage([[1, text]])],
        [{ format: 'Text', charset: 'Utf16Le' }, Buffer.from(text, 'utf16le')],
      ];
      const [kind, body] = pick(random, bodies);
      const output = maskWhole(kernel, kind, blob, body);
      expect(kernel.mask(kind, blob, chunksOf(random, body)).output).toEqual(output);
      for (const secret of secrets) expect(output.toString('latin1')).not.toContain(secret);
    }
  });
});
