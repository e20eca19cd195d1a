/** Multipart bodies through the masker. */
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

const parts = { format: 'Multipart', arg: 'b-B' } as const;
const profile: Profile = {
  paths: [
    { path: '$.top', rule: { operator: 'KeepLast', keep: 2 } },
    { path: '$.doc.x', rule: { operator: 'Redact' } },
  ],
  names: [
    { name: 'card', rule: { operator: 'Redact' } },
    { name: 'gone', rule: { operator: 'Drop' } },
    { name: 'cut', rule: { operator: 'Truncate', keep: 2 } },
  ],
  detectors: [{ kind: 'Email', rule: { operator: 'Replace', text: 'a\r\n"b' } }],
  card: { operator: 'KeepLast', keep: 4 },
};
const named: Profile = { names: [{ name: 'card', rule: { operator: 'Redact' } }] };

/** A body of parts: header lines and content. */
function body(...list: [string[], string][]): string {
  const each = list.map(
    ([lines, content]) =>
      `--b-B\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${content}\r\n`,
  );
  return `${each.join('')}--b-B--\r\n`;
}
const field = (name: string, content: string, ...more: string[]): [string[], string] => [
  [`Content-Disposition: form-data; name="${name}"`, ...more],
  content,
];
const json = 'Content-Type: application/json';

const vectors: [string, string, string][] = [
  [
    'fields by name',
    body(field('card', 'secret'), field('a', 'x'), field('card', '')),
    body(field('card', '***'), field('a', 'x'), field('card', '***')),
  ],
  [
    'paths and operators',
    body(field('top', '12345'), field('cut', '\u00fc\u20acxyz')),
    body(field('top', '***45'), field('cut', '\u00fc\u20ac')),
  ],
  [
    'parts of names',
    body(field('u[card]', '1'), field('x', '2')),
    body(field('u[card]', '***'), field('x', '2')),
  ],
  [
    'dropped parts',
    body(
      field('gone', '1'),
      field('a', 'x'),
      field('gone', '2'),
      field('gone', '3'),
      field('b', 'y'),
    ),
    body(field('a', 'x'), field('b', 'y')),
  ],
  [
    'dropped at the end',
    body(field('a', 'x'), field('gone', '{"a":\r\n--b-')),
    body(field('a', 'x')),
  ],
  ['all dropped', body(field('gone', '1')), '--b-B--\r\n'],
  [
    'cards',
    body(field('a', '4111111111111111'), field('b', 'x\r\n4111-1111-1111-1111\r\n')),
    body(field('a', '************1111'), field('b', 'x\r\n****-****-****-1111\r\n')),
  ],
  ['mail', body(field('a', 'x jo@example.com\n')), body(field('a', 'x a  "b\n'))],
  [
    'documents',
    body(
      field('doc', '{"x":"secret","card":1}'),
      field('a', ' [{"card":"secret"}]\r\n'),
      field('a', '{"card":4111111111111111'),
    ),
    body(
      field('doc', '{"x":"***","card":"***"}'),
      field('a', ' [{"card":"***"}]\r\n'),
      field('a', '{"card":************1111'),
    ),
  ],
  [
    'documents by type',
    body(
      field('doc', '{"x":"secret"}', json),
      field('card', '{"a":"secret","b":[1]}', json),
      field('a', '"4111111111111111"', 'content-type:  application/problem+json; charset="UTF-8" '),
    ),
    body(
      field('doc', '{"x":"***"}', json),
      field('card', '{"a":"***","b":["***"]}', json),
      field('a', '"************1111"', 'content-type:  application/problem+json; charset="UTF-8" '),
    ),
  ],
  [
    'names as tokens and with escapes',
    body(
      [['content-disposition:form-data;filename="x"; NAME=card'], 'secret'],
      field('\\"c', 'x'),
      field('car\\\\d', 'x'),
    ),
    body(
      [['content-disposition:form-data;filename="x"; NAME=card'], '***'],
      field('\\"c', 'x'),
      field('car\\\\d', 'x'),
    ),
  ],
  [
    'cards in file names',
    body([
      [
        'Content-Disposition: form-data; name=a; filename="4111111111111111.txt"',
        'Content-Type: text/plain;charset=utf-8',
        'Content-Transfer-Encoding: 8BIT',
      ],
      'x',
    ]),
    body([
      [
        'Content-Disposition: form-data; name=a; filename="************1111.txt"',
        'Content-Type: text/plain;charset=utf-8',
        'Content-Transfer-Encoding: 8BIT',
      ],
      'x',
    ]),
  ],
  [
    'no names',
    body(
      [[], '4111111111111111'],
      [['Content-Type: text/html'], 'x'],
      [['Content-Disposition: attachment'], 'y'],
    ),
    body(
      [[], '************1111'],
      [['Content-Type: text/html'], 'x'],
      [['Content-Disposition: attachment'], 'y'],
    ),
  ],
  [
    'nearly delimiters',
    body(
      field('a', '\r\n--b-\r\n--b-A\r\r\n\r\n-\r\n\r\n--x--b-B'),
      field('card', '\r\n--b-'),
      field('a', '-\r\n-x'),
      field('a', '\r\n--\r\n'),
    ),
    body(
      field('a', '\r\n--b-\r\n--b-A\r\r\n\r\n-\r\n\r\n--x--b-B'),
      field('card', '***'),
      field('a', '-\r\n-x'),
      field('a', '\r\n--\r\n'),
    ),
  ],
  [
    'no line end behind the last boundary',
    body(field('card', 'secret')).trimEnd(),
    body(field('card', '***')).trimEnd(),
  ],
];

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadBodyKernel(target);

  test.each(vectors)('%s', (_, input, output) => {
    expectOutput(kernel, parts, profile, input, output);
  });

  test('nothing in force, and names alone', () => {
    for (const [, input] of vectors) {
      expectOutput(kernel, parts, {}, input, input);
      const masked = maskWhole(kernel, parts, named, input);
      expectOutput(kernel, parts, named, input, masked);
    }
  });
});

describe('more', async () => {
  const kernel = await loadBodyKernel();
  const secret = field('card', 'secret');
  const one = body(secret);
  const disposition = 'Content-Disposition: form-data; name="card"';

  test.each([
    ['no last boundary', one.slice(0, -4)],
    ['half a last boundary', one.slice(0, -3)],
    ['no boundary', 'secret'],
    ['text in front', `x\r\n${one}`],
    ['a line end in front', `\r\n${one}`],
    ['text behind', `${one}secret`],
    ['a line behind', `${one}\r\n`],
    [
      'another boundary with this one in front',
      one.replace('\r\n--b-B--', '\r\n--b-Bx\r\nsecret\r\n--b-B--'),
    ],
    ['spaces behind a boundary', one.replace('--b-B\r\n', '--b-B \r\n')],
    ['a last boundary that goes on', one.replace('--b-B--', '--b-B--x')],
    ['line feeds only', one.replaceAll('\r\n', '\n')],
    ['a boundary behind a line feed', body(field('card', 'secret\n--b-B\nx'))],
    ['a boundary behind a carriage return', body(field('card', 'secret\r--b-B\r\nx'))],
    ['a boundary at the start of the content', body(field('card', '--b-B\r\nsecret'))],
    ['a line feed in the headers', one.replace('name="card"\r\n', 'name="card"\n')],
    ['a carriage return in the headers', one.replace('name="card"\r\n', 'name="card"\r')],
    ['two names', body([['Content-Disposition: form-data; name="a"; name="card"'], 'secret'])],
    [
      'an extended name',
      body([["Content-Disposition: form-data; name=a; name*=utf-8''card"], 'secret']),
    ],
    [
      'a name in pieces',
      body([['Content-Disposition: form-data; name*0=ca; name*1=rd'], 'secret']),
    ],
    ['no name', body([['Content-Disposition: form-data; filename=a'], 'secret'])],
    ['no value', body([['Content-Disposition: form-data; name='], 'secret'])],
    ['no end of the value', body([['Content-Disposition: form-data; name="card'], 'secret'])],
    ['an escaped end', body([['Content-Disposition: form-data; name="card\\"'], 'secret'])],
    ['another escape', body([['Content-Disposition: form-data; name="ca\\rd"'], 'secret'])],
    ['two dispositions', body([[disposition, 'content-disposition: form-data; name=a'], 'secret'])],
    [
      'a disposition over two lines',
      body([['Content-Disposition: form-data;', ' name="card"'], 'secret']),
    ],
    [
      'a space before the colon',
      body([['Content-Disposition : form-data; name="card"'], 'secret']),
    ],
    ['no colon', body([[disposition, 'x'], 'secret'])],
    ['a control', body([[disposition, 'x: \u0001'], 'secret'])],
    [
      'a type of its own',
      body([[disposition, 'Content-Type: application/octet-stream'], 'secret']),
    ],
    [
      'parts in parts',
      body([[disposition, 'Content-Type: multipart/mixed; boundary=x'], 'secret']),
    ],
    ['a document with entities', body([[disposition, 'Content-Type: text/xml'], 'secret'])],
    ['another charset', body([[disposition, 'Content-Type: text/plain; charset=utf-7'], 'secret'])],
    [
      'two charsets',
      body([[disposition, 'Content-Type: text/plain; charset=utf-8; charset=utf-8'], 'secret']),
    ],
    [
      'an extended charset',
      body([[disposition, 'Content-Type: text/plain; charset*=utf-7'], 'secret']),
    ],
    [
      'two types',
      body([[disposition, 'Content-Type: text/plain', 'Content-Type: text/html'], 'secret']),
    ],
    ['base64', body([[disposition, 'Content-Transfer-Encoding: base64'], 'secret'])],
    [
      'two encodings',
      body([
        [disposition, 'Content-Transfer-Encoding: 7bit', 'Content-Transfer-Encoding: 8bit'],
        'secret',
      ]),
    ],
    ['gzip', body([[disposition, 'Content-Encoding: gzip'], 'secret'])],
    ['a charset for all', body(field('_charset_', 'utf-7'), secret)],
    [
      'too many headers',
      body([[disposition, ...Array.from({ length: 32 }, () => 'a: b')], 'secret']),
    ],
    ['too long headers', body([[disposition, `a: ${'b'.repeat(8200)}`], 'secret'])],
    ['a document that is none', body(field('card', '{"a":"secret"', json))],
    ['an empty document', body(field('card', '', json))],
  ])('refused: %s', (_, input) => {
    expectRefused(kernel, parts, profile, input, ['secret']);
  });

  test('refused: no UTF-8', () => {
    for (const bytes of ['\xff', '\xc3', '\xe2\x82'])
      expectRefused(kernel, parts, profile, Buffer.from(body(field('a', bytes)), 'latin1'));
    expectRefused(kernel, parts, profile, Buffer.from(body(field('\xff', 'x')), 'latin1'));
  });

  test('boundaries', () => {
    for (const arg of ['', 'a'.repeat(71), 'a ', 'a*', '\u00fc', 'a\r\n'])
      expect(kernel.mask({ format: 'Multipart', arg }, profile, [Buffer.alloc(0)]).status).toBe(
        'malformed',
      );
    const arg = `----WebKitFormBoundary'()+_,-./:=?${'a'.repeat(36)}`;
    const long = one.replaceAll('b-B', arg);
    expectOutput(
      kernel,
      { format: 'Multipart', arg },
      profile,
      long,
      long.replace('secret', '***'),
    );
  });

  test('random bodies', () => {
    const blob = buildMaskBlob(profile);
    const random = randomOf(17);
    for (let run = 0; run < fuzzRuns; run++) {
      const fields = Array.from({ length: 1 + random(4) }, () => {
        const name = pick(random, ['a', 'card', 'gone', 'doc', '\u00fc']);
        return field(
          name,
          pick(random, [
            '4111111111111111',
            's-e-c',
            '{"card":"s-e-c"}',
            '\r\n--b',
            '-\r\n',
            '',
            '\n--b-',
            '{"x"',
          ]),
        );
      });
      const input = Buffer.from(body(...fields));
      const output = maskWhole(kernel, parts, blob, input);
      expect(kernel.mask(parts, blob, chunksOf(random, input)).output).toEqual(output);
      const wanted = fields
        .filter(([[line]]) => !line?.includes('gone'))
        .map(([lines, content]) => [lines[0], maskedOf(lines[0] ?? '', content)]);
      expect(readParts(output.toString())).toEqual(wanted);
    }
  });
});

function maskedOf(line: string, content: string): string {
  if (line.includes('card')) return '***';
  return content.replace('411111111111', '************').replace('"card":"s-e-c"', '"card":"***"');
}

/** A naive reader: header block and content of each part. */
function readParts(text: string): string[][] {
  const pieces = `\r\n${text}`.split('\r\n--b-B');
  expect(pieces.at(-1)).toBe('--\r\n');
  return pieces.slice(1, -1).map((piece) => {
    const at = piece.indexOf('\r\n\r\n');
    return [piece.slice(2, at), piece.slice(at + 4)];
  });
}
