/** Forms through the masker. */
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

const form = { format: 'Form' } as const;
const profile: Profile = {
  paths: [{ path: '$.top', rule: { operator: 'KeepLast', keep: 2 } }],
  names: [
    { name: 'card', rule: { operator: 'Redact' } },
    { name: 'cardnumber', mode: 'Words', rule: { operator: 'Replace', text: 'a&b=\u00fc' } },
    { name: 'gone', rule: { operator: 'Drop' } },
    { name: 'none', rule: { operator: 'Null' } },
  ],
  detectors: [{ kind: 'Email', rule: { operator: 'Redact' } }],
  card: { operator: 'KeepLast', keep: 4 },
};

const vectors: [string, string, string][] = [
  ['fields by name', 'a=1&card=secret&b=2', 'a=1&card=***&b=2'],
  ['escapes in names', 'a=1&c%61rd=secret&%63%41=2', 'a=1&c%61rd=***&%63%41=2'],
  ['every field of a name', 'card=s1&card=s2&card=&x', 'card=***&card=***&card=***&x'],
  ['words', 'Card_Number=1&card+number=2', 'Card_Number=a%26b%3d%c3%bc&card+number=a%26b%3d%c3%bc'],
  [
    'parts of names',
    'u[card]=1&card[]=2&a.card.b=3&x%5Bcard%5D[0]=4&cards[]=5&u[top]=abc',
    'u[card]=***&card[]=***&a.card.b=***&x%5Bcard%5D[0]=***&cards[]=5&u[top]=abc',
  ],
  ['paths', 'top=ab%63%c3%bcd&x.top=1', 'top=***%c3%bcd&x.top=1'],
  ['dropped pairs', 'gone=1&a=2&gone=3&gone&b=4&gone=5', 'a=2&b=4'],
  ['all dropped', 'gone=1&gone=2', ''],
  ['null leaves nothing', 'none=abc&a=1', 'none=&a=1'],
  ['empty pairs', '&&a=1&&', '&&a=1&&'],
  ['equals in values', 'a=b=c&=x&card=1=2', 'a=b=c&=x&card=***'],
  [
    'cards',
    'a=4111+1111%201111-1111&b=%34111111111111111!',
    'a=****+****%20****-1111&b=************1111!',
  ],
  ['cards without a name', '4111111111111111&a=1', '************1111&a=1'],
  ['other digits', 'a=%EF%BC%94111111111111111', 'a=************1111'],
  ['mail', 'a=x+jo%40example.com+y', 'a=x+***+y'],
  [
    'documents',
    'a={"card":"secret",%22c\\u0061rd%22:1,"x":[2]}&b=2',
    'a={"card":%22***%22,%22c\\u0061rd%22:%22***%22,"x":[2]}&b=2',
  ],
  ['documents with white space', 'a=+[{"card"%3a"secret"}]+', 'a=+[{"card"%3a%22***%22}]+'],
  [
    'no documents',
    'a={"card":"secret"&b={4111111111111111}&c=[',
    'a={"card":"secret"&b={************1111}&c=[',
  ],
  ['a document under a rule', 'card={"a":1}&top=[1,2345]', 'card=***&top=[*,**45]'],
  [
    'long values',
    `a=${'x+'.repeat(2000)}4111111111111111`,
    `a=${'x+'.repeat(2000)}************1111`,
  ],
  ['raw UTF-8', 'a=\u00fc&card=\u00fc&\u00fc=1', 'a=\u00fc&card=***&\u00fc=1'],
];

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadBodyKernel(target);

  test.each(vectors)('%s', (_, input, output) => {
    expectOutput(kernel, form, profile, input, output);
  });

  test('nothing in force', () => {
    for (const [, input] of vectors) expectOutput(kernel, form, {}, input, input);
  });
});

describe('more', async () => {
  const kernel = await loadBodyKernel();

  test.each([
    ['a=%'],
    ['a=%4'],
    ['a=%zz&card=secret'],
    ['a=%u0041'],
    ['c%6'],
    ['a=%ff'],
    ['a=%c3&b=%bc'],
    ['a=%c3'],
    ['%c3=1'],
    ['a=1;card=secret'],
    ['a=\xc3'],
    [`${'n'.repeat(5000)}=secret`],
  ])('refused: %j', (input) => {
    expectRefused(kernel, form, profile, Buffer.from(input, 'latin1'), ['secret']);
  });

  test('a long document in a value', () => {
    const items = Array.from({ length: 500 }, (_, i) => `{"n":${i},"card":"secret ${i}"}`);
    const text = (card: string): string =>
      new URLSearchParams({
        a: `[${items.join(',').replaceAll(/secret \d+/g, card)}]`,
        b: '1',
      }).toString();
    expect(maskWhole(kernel, form, profile, text('secret')).toString()).toBe(
      text('***').replaceAll('\u002a', '*'),
    );
  });

  test('random forms', () => {
    const blob = buildMaskBlob(profile);
    const random = randomOf(3);
    const secret = '4111111111111111';
    for (let run = 0; run < fuzzRuns; run++) {
      const pairs = Array.from({ length: 1 + random(6) }, (): [string, string] => [
        pick(random, ['a', 'card', 'gone', 'none', 'b b', 'top', '\u00fc', '']),
        pick(random, [
          secret,
          '{"card":"s-e-c"}',
          '[1,"x"]',
          '{',
          'plain',
          '',
          '\u20ac&=%',
          `x ${secret} y`,
        ]),
      ]);
      const body = Buffer.from(
        pairs.map(([k, v]) => `${encode(random, k)}=${encode(random, v)}`).join('&'),
      );
      const whole = kernel.mask(form, blob, [body]);
      expect(whole.status).toBe('ok');
      const parts = kernel.mask(form, blob, chunksOf(random, body));
      expect(parts.output.toString()).toBe(whole.output.toString());
      const shown = [...new URLSearchParams(whole.output.toString())];
      expect(shown).toEqual(
        pairs.filter(([k]) => k !== 'gone').map(([k, v]) => [k, maskedOf(k, v)]),
      );
    }
  });
});

/** What the receiver has to see of a field of the random forms. */
function maskedOf(name: string, value: string): string {
  if (name === 'card') return '***';
  if (name === 'none') return '';
  if (name === 'top') return keepTwo(value);
  return value.replace('4111111111111111', '************1111').replace('s-e-c', '***');
}

function keepTwo(value: string): string {
  const characters = Array.from(value);
  const counts = (c: string): boolean => /[a-z0-9*]/i.test(c) || c > '\u007f';
  const total = characters.filter(counts).length;
  let hidden = total > 2 ? total - 2 : total;
  return characters.map((c) => (counts(c) && hidden-- > 0 ? '*' : c)).join('');
}

/** A text with random escapes. */
function encode(random: (below: number) => number, text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      if (char === ' ' && random(2) === 0) return '+';
      const isPlain = /[a-z0-9*\-._{}[\]":,]/i.test(char);
      if (isPlain && random(3) !== 0) return char;
      const hex = byte.toString(16).padStart(2, '0');
      return `%${random(2) === 0 ? hex : hex.toUpperCase()}`;
    })
    .join('');
}
