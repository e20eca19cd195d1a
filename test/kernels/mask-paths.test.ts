/** Which values a path or a name selects. */
import { describe, expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import type { Profile, RuleSpec } from './mask-blob.ts';

const kernel = await loadKernel();
const rule: RuleSpec = { operator: 'Null' };
const path = (...paths: string[]): Profile => ({
  paths: paths.map((one) => ({ path: one, rule })),
});
const words = (text: string): Profile => ({ names: [{ name: text, mode: 'Words', rule }] });
const name = (text: string, ignoreCase = false): Profile => ({
  names: [{ name: text, ignoreCase, rule }],
});

describe('paths', () => {
  const rows: [string, string, string][] = [
    ['$', '7', 'null'],
    ['$.a', '{"a":1,"b":2}', '{"a":null,"b":2}'],
    ['$.a', '{"b":{"a":1}}', '{"b":{"a":1}}'],
    ['$.a', '[{"a":1}]', '[{"a":1}]'],
    ['$.a', '{"a":1,"a":2}', '{"a":null,"a":null}'],
    ['$.a.b', '{"a":{"b":1,"c":{"b":2}},"b":3}', '{"a":{"b":null,"c":{"b":2}},"b":3}'],
    ['$.a.b', '{"a":[{"b":1}]}', '{"a":[{"b":1}]}'],
    ['$.a[*].b', '{"a":[{"b":1},{"c":2},[{"b":3}]]}', '{"a":[{"b":null},{"c":2},[{"b":3}]]}'],
    ['$[*]', '[1,[2],{"a":3}]', '[null,[null],{"a":null}]'],
    ['$[*][*]', '[1,[2,[3]]]', '[1,[null,[null]]]'],
    ['$[*]', '{"a":1}', '{"a":1}'],
    ['$.*', '{"a":1,"b":[2]}', '{"a":null,"b":[null]}'],
    ['$.*', '[1]', '[1]'],
    ['$.*.b', '{"a":{"b":1},"b":2}', '{"a":{"b":null},"b":2}'],
    ['$.**', '{"a":1}', '{"a":null}'],
    [
      '$.**.a',
      '{"a":1,"b":[{"a":2,"c":[[{"a":3}]]}]}',
      '{"a":null,"b":[{"a":null,"c":[[{"a":null}]]}]}',
    ],
    ['$.**.a.b', '{"a":{"a":{"b":1}},"b":2}', '{"a":{"a":{"b":null}},"b":2}'],
    ['$.x.**.a', '{"a":1,"x":{"a":2,"y":{"a":3}}}', '{"a":1,"x":{"a":null,"y":{"a":null}}}'],
    ['$.**.a.**.b', '{"b":1,"a":{"c":[{"b":2}]}}', '{"b":1,"a":{"c":[{"b":null}]}}'],
    ['$.**[*]', '{"a":[1,{"b":2}],"c":3}', '{"a":[null,{"b":null}],"c":3}'],
    ['$.**[*].*', '[[1,{"b":2}]]', '[[1,{"b":null}]]'],
    [
      '$.c\u00e9',
      '{"c\u00e9":1,"c\\u00e9":2,"c\\u00E9":3,"ce\u0301":4}',
      '{"c\u00e9":null,"c\\u00e9":null,"c\\u00E9":null,"ce\u0301":4}',
    ],
    [
      '$.card',
      '{"c\\u0061rd":1,"\\u0063\\u0061\\u0072\\u0064":2,"Card":3}',
      '{"c\\u0061rd":null,"\\u0063\\u0061\\u0072\\u0064":null,"Card":3}',
    ],
    [
      '$.\u{1f600}',
      '{"\\ud83d\\ude00":1,"\u{1f600}":2,"\\ud83d":3}',
      '{"\\ud83d\\ude00":null,"\u{1f600}":null,"\\ud83d":3}',
    ],
    ['$.', '{"":1}', '{"":null}'],
    ['$.a/b', '{"a\\/b":1}', '{"a\\/b":null}'],
    ['$[0]', '[1,2,[3]]', '[null,2,[3]]'],
    ['$[2]', '[1,[0,1,2],[3]]', '[1,[0,1,2],[null]]'],
    ['$[10]', '[0,1,2,3,4,5,6,7,8,9,{"a":"x"},11]', '[0,1,2,3,4,5,6,7,8,9,{"a":null},11]'],
    ['$[1][0]', '[[1],[2,3],{"0":4}]', '[[1],[null,3],{"0":4}]'],
    ['$.a[1].b', '{"a":[{"b":1},{"b":2},{"b":3}]}', '{"a":[{"b":1},{"b":null},{"b":3}]}'],
    ['$.**[1]', '{"a":[1,2],"b":[[3,4],[5,6]]}', '{"a":[1,null],"b":[[3,null],[null,null]]}'],
    ['$[1]', '{"1":1}', '{"1":1}'],
    ['$.a[4294967294]', '{"a":[1]}', '{"a":[1]}'],
  ];
  test.each(rows)('%s in %s', (one, text, expected) => {
    expect(kernel.text(path(one), text)).toBe(expected);
  });

  test('many at once', () => {
    const profile = path('$.a.b', '$.a.*.c', '$.**.d', '$.a[*]');
    expect(kernel.text(profile, '{"a":{"b":1,"x":{"c":2,"d":3,"e":4}},"d":5}')).toBe(
      '{"a":{"b":null,"x":{"c":null,"d":null,"e":4}},"d":null}',
    );
    expect(kernel.text(profile, '{"a":[{"b":1}],"e":{"a":{"b":2}}}')).toBe(
      '{"a":[{"b":null}],"e":{"a":{"b":2}}}',
    );
  });

  test('more active nodes than a set holds: the document is refused', () => {
    const paths = Array.from({ length: 17 }, (_, i) => `$.**.${'*.'.repeat(i)}x`);
    const deep = `${'{"k":'.repeat(20)}1${'}'.repeat(20)}`;
    expect(kernel.mask(path(...paths), deep).status).toBe('malformed');
    expect(kernel.mask(path(...paths.slice(0, 4)), deep).status).toBe('ok');
  });
});

describe('names', () => {
  const rows: [Profile, string, string][] = [
    [
      name('pin'),
      '[{"pin":1,"x":{"pin":[2]},"PIN":3}]',
      '[{"pin":null,"x":{"pin":[null]},"PIN":3}]',
    ],
    [
      name('pin', true),
      '{"PIN":1,"p\\u0049n":2,"pins":3,"pi":4}',
      '{"PIN":null,"p\\u0049n":null,"pins":3,"pi":4}',
    ],
    [
      name('task', true),
      '{"TA\u017f\u212a":1,"ta\\u017F\\u212ak":2,"tas\\u212A":3}',
      '{"TA\u017f\u212a":null,"ta\\u017F\\u212ak":2,"tas\\u212A":null}',
    ],
    [
      name('stra\u00dfe', true),
      '{"STRA\u00dfE":1,"STRASSE":2}',
      '{"STRA\u00dfE":null,"STRASSE":2}',
    ],
    [name('k\u00e9y'), '{"k\u00e9y":1,"K\u00e9y":2}', '{"k\u00e9y":null,"K\u00e9y":2}'],
    [name('pin'), '["pin", {"a":"pin"}]', '["pin", {"a":"pin"}]'],
    [
      words('cardnumber'),
      '{"cardNumber":1,"card_number":2,"CARD-NUMBER":3,"card.number":4,"card number":5,"cardnumber":6}',
      '{"cardNumber":null,"card_number":null,"CARD-NUMBER":null,"card.number":null,"card number":null,"cardnumber":null}',
    ],
    [
      words('cardnumber'),
      '{"__c.a-r d_n\\u0075mber--":1,"card/number":2,"card_numbers":3,"mycardnumber":4,"card":5}',
      '{"__c.a-r d_n\\u0075mber--":null,"card/number":2,"card_numbers":3,"mycardnumber":4,"card":5}',
    ],
    [
      words('task'),
      '{"TA_\u017f-\u212a":1,"t_\\u0061_S_\\u212A_":2}',
      '{"TA_\u017f-\u212a":null,"t_\\u0061_S_\\u212A_":null}',
    ],
  ];
  test.each(rows)('%o', (profile, text, expected) => {
    expect(kernel.text(profile, text)).toBe(expected);
  });

  test('a name and a path on one value: the strongest', () => {
    const profile: Profile = {
      names: [{ name: 'a', rule: { operator: 'KeepLast', keep: 1 } }],
      paths: [{ path: '$.b.a', rule: { operator: 'Redact' } }],
    };
    expect(kernel.text(profile, '{"a":"xyz","b":{"a":"xyz"}}')).toBe('{"a":"**z","b":{"a":"***"}}');
  });

  test('the longest name is compared, a longer key is not', () => {
    const longest = 'k'.repeat(1024);
    const text = (key: string): string => `{"${key}":1}`;
    expect(kernel.text(name(longest, true), text(longest))).toBe(`{"${longest}":null}`);
    expect(kernel.text(name(longest, true), text('\u212a'.repeat(1024)))).toContain('null');
    expect(kernel.text(name(longest, true), text('\\u212A'.repeat(1024)))).toContain('null');
    for (const key of [
      `${longest}k`,
      'k'.repeat(5000),
      '\u212a'.repeat(9000),
      '\\u006b'.repeat(4000),
    ]) {
      expect(kernel.text(name(longest, true), text(key))).toBe(text(key));
    }
  });

  test('a key too long to compare is still any member', () => {
    const key = 'x'.repeat(10_000);
    expect(kernel.text(path('$.*'), `{"${key}":1}`)).toBe(`{"${key}":null}`);
  });
});
