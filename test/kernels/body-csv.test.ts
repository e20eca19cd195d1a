/** Tables through the masker. */
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

const csv = { format: 'Csv' } as const;
const profile: Profile = {
  paths: [
    { path: '$[*].top', rule: { operator: 'KeepLast', keep: 2 } },
    { path: '$.*.no', rule: { operator: 'Redact' } },
  ],
  names: [
    { name: 'card', ignoreCase: true, rule: { operator: 'Redact' } },
    { name: 'text', rule: { operator: 'Replace', text: 'a,"b"' } },
    { name: 'gone', rule: { operator: 'Drop' } },
    { name: 'none', rule: { operator: 'Null' } },
  ],
  detectors: [{ kind: 'Email', rule: { operator: 'Replace', text: 'x,y' } }],
  card: { operator: 'KeepLast', keep: 4 },
};
const rows: Profile = {
  paths: [
    { path: '$[1].a', rule: { operator: 'Redact' } },
    { path: '$[*][1]', rule: { operator: 'KeepFirst', keep: 1 } },
  ],
};

const vectors: [string, Profile, string, string][] = [
  ['names', profile, 'a,CARD,b\n1,secret,2\r\n3,,4', 'a,CARD,b\n1,***,2\r\n3,***,4'],
  ['parts of names', profile, 'u.card,x\n1,2\n', 'u.card,x\n***,2\n'],
  ['paths', profile, 'top,no\nabc,abc\n', 'top,no\n*bc,abc\n'],
  [
    'quotes',
    profile,
    'a,"card","t"\n"x ""y"", z","sec""ret\n","1"\n',
    'a,"card","t"\n"x ""y"", z","***","1"\n',
  ],
  ['quotes under operators', profile, 'top\n"a""b,\u00fcc"\n""\n', 'top\n"*""*,\u00fcc"\n""\n'],
  ['quotes in names', profile, '"ca""rd","gone"\n1,2\n"x","y"\n', '"ca""rd","gone"\n1,\n"x",""\n'],
  ['replacements', profile, 'text,a\nx,1\n"y",2\n', 'text,a\n"a,""b""",1\n"a,""b""",2\n'],
  ['null', profile, 'none;a\nx;1,2\n"y";3\n', 'none;a\n;1,2\n"";3\n'],
  ['tabs', profile, 'card\ta\nsecret\tb,c;d\n', 'card\ta\n***\tb,c;d\n'],
  [
    'detectors',
    profile,
    'a,b\n4111111111111111,"4111 1111 1111 1111"\nx jo@example.com,"jo@example.com"\n',
    'a,b\n************1111,"**** **** **** 1111"\nx x y,"x,y"\n',
  ],
  [
    'lines in cells',
    profile,
    'a,b\n"4111-1111-\r\n1111-1111","4111\n""1"\n',
    'a,b\n"4111-1111-\r\n1111-1111","4111\n""1"\n',
  ],
  ['blank lines', profile, 'card\n\nsecret\r\n\r\n', 'card\n\n***\r\n\r\n'],
  [
    'a first line with a value',
    profile,
    '4111111111111111,card\n1,secret\n',
    '************1111,card\n1,***\n',
  ],
  ['one row', rows, 'a,b\n1,2\n3,4\n5,6\n', 'a,b\n1,2\n***,4\n5,6\n'],
  ['names only', profile, 'card,a', 'card,a'],
  ['nothing in force', {}, 'a;b\n"1""";\u00fc\n', 'a;b\n"1""";\u00fc\n'],
  [
    'long cells',
    profile,
    `a,card\n"${'"",x '.repeat(800)}4111111111111111",${'x'.repeat(3000)}\n`,
    `a,card\n"${'"",x '.repeat(800)}************1111",***\n`,
  ],
];

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadBodyKernel(target);

  test.each(vectors)('%s', (_, masks, input, output) => {
    expectOutput(kernel, csv, masks, input, output);
  });

  test('no header', () => {
    const input = 'card,x;y\n4111111111111111,abc\n\n1,2,3\n';
    const output = 'card,x;*\n4111111111111111,a**\n\n1,*,3\n';
    expectOutput(kernel, { ...csv, argLen: 1 }, rows, input, output);
    expectOutput(
      kernel,
      { ...csv, argLen: 1 },
      profile,
      input,
      input.replace('411111111111', '************'),
    );
  });
});

describe('more', async () => {
  const kernel = await loadBodyKernel();

  test.each([
    ['card,a\n"secret'],
    ['card,a\n"secret,1\n'],
    ['card,a\n"secret"x,1\n'],
    ['card,a\nsec"ret,1\n'],
    ['card,a\n"secret" ,1\n'],
    ['card,a\nsecret,1\rsecret,2\n'],
    ['card,a\nsecret\n'],
    ['card,a\nsecret,1,2\n'],
    ['card,a;b\nsecret,1\n'],
    ['card\ta,b\nsecret\t1\n'],
    ['card,a\nsecret,\xff\n'],
    ['card,a\nsecret,\xc3\n'],
    ['card,a\nsecret,1\r'],
    [`${'a,'.repeat(1000)}card\n`],
    [`${'n'.repeat(4000)},card\n`],
  ])('refused: %j', (input) => {
    expectRefused(kernel, csv, profile, Buffer.from(input, 'latin1'), ['secret']);
  });

  test('random tables', () => {
    const blob = buildMaskBlob(profile);
    const random = randomOf(7);
    const cells = ['4111111111111111', 'plain', '', 'a "b", c', 'x\ny', '\u20ac;\t', 's-e-c'];
    for (let run = 0; run < fuzzRuns; run++) {
      const separator = pick(random, [',', ';', '\t']);
      const names = ['a', 'card', 'none', 'b b'].slice(0, 1 + random(4));
      const table = Array.from({ length: random(5) }, () => names.map(() => pick(random, cells)));
      const quote = (cell: string): string =>
        /[",;\t\n]/.test(cell) || random(3) === 0 ? `"${cell.replaceAll('"', '""')}"` : cell;
      const lines = [names, ...table].map((row) => row.map(quote).join(separator));
      const body = Buffer.from(lines.map((line) => line + pick(random, ['\n', '\r\n'])).join(''));
      const masked = maskWhole(kernel, csv, blob, body);
      expect(kernel.mask(csv, blob, chunksOf(random, body)).output).toEqual(masked);
      // A line without anything is no row.
      const wanted = [names, ...table]
        .filter((row, i) => lines[i] !== '' || row.length > 1)
        .map((row) => row.map((cell, i) => maskedOf(names[i] ?? '', cell)));
      wanted[0] = names;
      expect(readTable(masked.toString(), separator)).toEqual(wanted);
    }
  });
});

function maskedOf(name: string, cell: string): string {
  if (name === 'card') return '***';
  if (name === 'none') return '';
  return cell.replace('4111111111111111', '************1111');
}

/** A naive reader of tables. */
function readTable(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = 0; at < text.length; ) {
    let cell = '';
    const isBlank = row.length === 0 && /^\r?\n/.test(text.slice(at));
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (at >= text.length) throw new Error('no end');
        cell += text[at];
        if (text[at] === '"') at++;
      }
      at++;
    } else {
      while (at < text.length && text[at] !== separator && !/[\r\n]/.test(text[at] ?? ''))
        cell += text[at++];
    }
    row.push(cell);
    if (text[at] === separator) {
      at++;
      continue;
    }
    const end = /^\r?\n/.exec(text.slice(at))?.[0];
    if (end === undefined) throw new Error(`no end of a row at ${at}`);
    at += end.length;
    if (!isBlank) rows.push(row);
    row = [];
  }
  return rows;
}
