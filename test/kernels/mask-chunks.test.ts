/** The output never depends on how a body is cut, and a body that is cut short is refused. */
import { describe, expect, test } from 'vitest';

import { loadKernel, type Masked } from './kernel.ts';
import { buildMaskBlob, type Profile } from './mask-blob.ts';
import { maskByOracle } from './mask-oracle.ts';

const profile: Profile = {
  paths: [
    { path: '$.keep', rule: { operator: 'KeepLast', keep: 4 } },
    { path: '$.keep0', rule: { operator: 'KeepLast' } },
    { path: '$.gone[*]', rule: { operator: 'Null' } },
    { path: '$.**.c\u00e9', rule: { operator: 'Redact' } },
  ],
  names: [{ name: 'pi\u{1f511}', ignoreCase: true, rule: { operator: 'Redact' } }],
  card: { operator: 'KeepLast', keep: 4 },
};

const texts = [
  '{"keep":"4111-1111-1111-1234 \\ud83d\\ude00\\n\u00fc","keep0":"\\ud83d\\ude00x\u{1f600}","b":1}',
  '{"keep":-123.456e+78,"keep0":true,"x":null,"y":false}',
  '{"gone":["a",1,true,null,{"z":"\\u0041"},[]],"n":12 , "m" : [ ] }',
  '{"a":{"c\\u00e9":"secret","ce":1,"P\\u0049\\ud83d\\udd11":"x\\"y"},"\u{1f511}":"\u{1f511}\u20ac"}',
  '["4111 1111\\u00201111 1111","12 4111-1111\u00a01111\u20131111 x","41111111111111111111 1"]',
  '["\\u0034111111111111111","\\n4111111111111111\\ud800","4111 1111 1111 1112","\u00e9\u20ac"]',
  '[4111111111111111,4.111111111111111e15,-1.5E-3,0,123456789012,0.5,1700000000000]',
  `["${'long '.repeat(20)}","${'1 2 3 '.repeat(20)}"]`,
  ' [ \n\t{ } , [ ] , "" ] \r\n',
];

const dropping: Profile = {
  paths: [
    { path: '$.gone', rule: { operator: 'Drop' } },
    { path: '$.**.gone', rule: { operator: 'Drop' } },
    { path: '$.list[1]', rule: { operator: 'Drop' } },
    { path: '$.keep', rule: { operator: 'Token' } },
  ],
  names: [{ name: 'sec ret', mode: 'Exact', rule: { operator: 'Drop' } }],
  card: { operator: 'FormatPreserving', param: 10 },
};
const whole: Profile = {
  paths: [
    { path: '$.hash', rule: { operator: 'Hash', param: 32 } },
    { path: '$.token', rule: { operator: 'Token' } },
    { path: '$.fpe', rule: { operator: 'FormatPreserving', param: 62 } },
    { path: '$.day', rule: { operator: 'DateShift', param: 365 } },
    { path: '$.age', rule: { operator: 'Bucket', param: 10 } },
    { path: '$.year', rule: { operator: 'Bucket', param: 0x8000_0002 } },
    { path: '$.first', rule: { operator: 'KeepFirst', keep: 3 } },
    { path: '$.cut', rule: { operator: 'Truncate', keep: 3 } },
    { path: '$.in.card', rule: { operator: 'Replace', text: 'a"b' } },
    { path: '$.in[1]', rule: { operator: 'KeepLast', keep: 2 } },
  ],
  names: [{ name: 'cardno', mode: 'Words', rule: { operator: 'Null' } }],
};
/** Each with a card detector that is stronger than some of the rules, too. */
const combined: Profile = { ...whole, card: { operator: 'Hash', param: 16 } };

const vectors: [Profile, string][] = [
  ...texts.map((text): [Profile, string] => [profile, text]),
  [dropping, '{"gone":1,"a":2,"gone":[1,{"x":"y"}],"keep":"\u00e9\\ud83d\\ude00","gone":"z" }'],
  [
    dropping,
    '{"a":{"gone" : {} } , "b":{ "gone":1 , "sec\\u0020ret":2 } ,"list":[1,2,{"gone":0}]}',
  ],
  [
    dropping,
    '{"p":"{\\"gone\\":4111111111111111,\\"a\\":\\"4111 1111 1111 1111\\" , \\u0022gone\\u0022:1}"}',
  ],
  [dropping, '["4111.1111.1111.1111",4111111111111111,"\\ud835\\udfd2111111111111111"]'],
  [
    whole,
    '{"hash":"a\\u00e9\\ud83d\\ude00\\ud800","token":"x\\n\u20ac","fpe":"Ab-12 \\u0063d","cut":"\u{1f600}ab\\u0063d"}',
  ],
  [
    whole,
    '{"hash":-1.5e3,"token":12,"fpe":1234567,"age":-37.5,"cut":1234,"first":true,"day":20240229}',
  ],
  [
    whole,
    '{"day":"2024-02-29T10:11:12.5Z","year":"1999-12-31","age":"41","first":"a-b-c-d-e","Card_No":1}',
  ],
  [whole, '{"in":"{\\"card\\":\\"x\\",\\"c\\\\u0061rd\\":[1]}","first":"{\\"card\\":1}"}'],
  [whole, '{"in":"[1, \\u0022a\\ud83d\\ude00b\\\\u0063\\u0022, {\\u0022CARD-no\\u0022:true}]"}'],
  [whole, '{"in":" { \\"card\\" : 1","x":"[1,2] ","y":"{}\\ud800","z":"{\\ud800}"}'],
  [
    combined,
    '{"first":"4111111111111111 x","cut":"4111-1111-1111-1111","hash":"4111111111111111"}',
  ],
  [
    combined,
    '{"first":4111111111111111,"age":4.111111111111111e15,"token":"4111 1111\\u00201111 1111"}',
  ],
  [
    combined,
    '"{\\"first\\":\\"4111111111111111\\",\\"z\\":[4111111111111111,\\"\\uff14111111111111111\\"]}"',
  ],
];

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadKernel(target);

  test.each(vectors)('%# %o', (masks, text) => {
    const bytes = Buffer.from(text);
    const blob = buildMaskBlob(masks);
    const inOne = kernel.mask(blob, bytes);
    expect(inOne.status).toBe('ok');
    expect(inOne.output.toString()).toBe(maskByOracle(masks, text));
    JSON.parse(inOne.output.toString());
    const same = (masked: Masked): void => {
      expect(masked.output.toString()).toBe(inOne.output.toString());
      expect(masked).toMatchObject({ status: 'ok', count: inOne.count });
    };
    for (let cut = 0; cut <= bytes.length; cut++) {
      same(kernel.mask(blob, [bytes.subarray(0, cut), bytes.subarray(cut)]));
    }
    const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    same(kernel.mask(blob, single));
    same(kernel.mask(blob, [...single.flatMap((one) => [one, Buffer.alloc(0)])]));
    for (const size of [2, 3, 5, 7, 16, 17]) {
      const count = Math.ceil(bytes.length / size);
      same(
        kernel.mask(
          blob,
          Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size)),
        ),
      );
    }
  });

  test.each(vectors)(
    'every prefix of %# is refused, and nothing of it is a secret',
    (masks, text) => {
      const bytes = Buffer.from(text);
      const blob = buildMaskBlob(masks);
      const output = kernel.mask(blob, bytes).output;
      const end = Buffer.byteLength(text.trimEnd());
      for (let len = 1; len <= bytes.length; len++) {
        const masked = kernel.mask(blob, [bytes.subarray(0, len), Buffer.alloc(0)]);
        expect(masked.status).toBe(len < end ? 'malformed' : 'ok');
        // What went on before the end was seen is the beginning of the masked document.
        expect(output.subarray(0, masked.output.length).equals(masked.output)).toBe(true);
      }
    },
  );
});

describe('the end', async () => {
  const kernel = await loadKernel();

  test('an empty body has no output', () => {
    expect(kernel.mask(profile, [Buffer.alloc(0)])).toMatchObject({ status: 'ok', held: 0 });
    expect(kernel.mask(profile, [Buffer.alloc(0), Buffer.alloc(0)]).output.length).toBe(0);
  });

  test('a failure stays one, and so does a document that is over', () => {
    const calls = (chunks: string[]): number[] => {
      const { exports } = kernel;
      const profileBlob = kernel.place(buildMaskBlob({}));
      const masker = exports.open(profileBlob, 0n, 0, 0, 0, 0, 0);
      const codes = chunks.map((chunk) => {
        const bytes = Buffer.from(chunk);
        const ptr = kernel.place(bytes);
        const code = exports.feed(masker, ptr, bytes.length, chunk === '' ? 1 : 0);
        exports.give(ptr);
        return code;
      });
      exports.give(masker);
      exports.give(profileBlob);
      return codes;
    };
    expect(calls(['[1,', ']', ' ', ''])).toEqual([0, 1, 1, 1]);
    expect(calls(['[1]', '', '', ' ', 'x', ' '])).toEqual([0, 0, 0, 0, 1, 1]);
  });

  test('bodies far longer than a slice, in one piece and in many', () => {
    const item = '{"card":"4111-1111-1111-1111","n":1,"s":"plain text, nothing more","c\\u00e9":0}';
    const many = (one: string): string =>
      `[${Array.from({ length: 20_000 }, () => one).join(',')}]`;
    const text = many(item);
    const bytes = Buffer.from(text);
    const whole = kernel.mask(profile, bytes).output.toString();
    expect(whole).toBe(many(maskByOracle(profile, item)));
    const pieces = Array.from({ length: 100 }, (_, i) =>
      bytes.subarray(
        Math.floor((i * bytes.length) / 100),
        Math.floor(((i + 1) * bytes.length) / 100),
      ),
    );
    expect(kernel.mask(profile, pieces).output.toString()).toBe(whole);
  });

  test('a piece of a body never overruns the output block', async () => {
    // A kernel of its own: its block is still small and grows with the bodies.
    const fresh = await loadKernel();
    const redact: Profile = { paths: [{ path: '$', rule: { operator: 'Redact' } }] };
    for (let zeros = 30_000; zeros < 120_000; zeros += 1_111) {
      const pieces = [Buffer.from(`[${'0,'.repeat(zeros)}0`), Buffer.from(']')];
      expect(fresh.mask(redact, pieces).output.length).toBe(zeros * 6 + 7);
    }
  });

  test('the worst growth fits: every digit becomes three stars in quotes', () => {
    const text = `[${Array.from({ length: 100_000 }, () => '0').join(',')}]`;
    const redact: Profile = { paths: [{ path: '$', rule: { operator: 'Redact' } }] };
    expect(kernel.text(redact, text)).toBe(text.replaceAll('0', '"***"'));
  });
});
