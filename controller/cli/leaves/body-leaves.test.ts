/** Values of bodies with their places, in every kind. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { kindOfFile, kindOfStart, kindOfType } from './body-kind.ts';
import { bodyLeaves, decodeBody, showPlace } from './body-leaves.ts';
import { UnlistedBody } from './leaf.ts';

const listed = (kind: Parameters<typeof bodyLeaves>[0], text: string) =>
  [...bodyLeaves(kind, text)].map((leaf) => `${showPlace(kind, leaf)}=${leaf.text}`);

test.each<[Parameters<typeof bodyLeaves>[0], string, string[]]>([
  ['json', '7', ['$=7']],
  ['json', ' [ ] ', []],
  [
    'json',
    '{"a":{"b":[1,"x",[null]]},"c d":true}',
    ['$.a.b[0]=1', '$.a.b[1]=x', '$.a.b[2][0]=null', "$['c d']=true"],
  ],
  ['json', '{"a":1,"a":"2"}', ['$.a=1', '$.a=2']],
  ['json', '{"\\u0061\'":"\\ud83d\\ude00\\n"}', ['$["a\'"]=\u{1f600}\n']],
  ['json-lines', '{"a":1}\r\n\n\u001e[-1.5e3]', ['document 1 $.a=1', 'document 2 $[0]=-1.5e3']],
  [
    'csv',
    'a,"b, c"\r\n1,"x ""y"""\r\n,"two\nlines"\n9,8,7\n',
    [
      'row 1 a=1',
      'row 1 b, c=x "y"',
      'row 2 a=',
      'row 2 b, c=two\nlines',
      'row 3 a=9',
      'row 3 b, c=8',
      'row 3 column 3=7',
    ],
  ],
  ['form', 'c%61rd=4+1%2d&x&=y&%zz=%', ['field card=4 1-', 'field x=', 'field =y', 'field %zz=%']],
  [
    'xml',
    '<?xml version="1.0"?><!-- <x>no</x> --><a:o k="&lt;1"><b> t&#x41;&amp; </b><c/><b><![CDATA[<raw>]]></b></a:o>',
    ['/a:o/@k=<1', '/a:o/b= tA& ', '/a:o/b=<raw>'],
  ],
  ['text', 'one\n\n two\r\n', ['line 1=one', 'line 3= two']],
])('%s %s', (kind, text, expected) => {
  expect(listed(kind, text)).toEqual(expected);
});

describe('a text of another kind says where it ends to be one', () => {
  test.each<[Parameters<typeof bodyLeaves>[0], string, number]>([
    ['json', '', 0],
    ['json', '{"a":1', 6],
    ['json', '{"a" 1}', 5],
    ['json', '{a:1}', 1],
    ['json', '[1,]', 3],
    ['json', '[01]', 2],
    ['json', '{} {}', 3],
    ['json', '["a\n"]', 1],
    ['json', '"\\x"', 0],
    ['xml', '<a><b></a>', 10],
    ['xml', '<a>', 3],
    ['xml', '<a', 0],
  ])('%s %s', (kind, text, at) => {
    const error = (() => {
      try {
        listed(kind, text);
      } catch (caught) {
        return caught;
      }
      return undefined;
    })();
    expect(error).toBeInstanceOf(UnlistedBody);
    expect(error).toMatchObject({ at });
  });
});

test('JSON that JSON.parse takes is taken, with all its scalars, and nothing else', () => {
  const scalars = (value: unknown): unknown[] =>
    typeof value === 'object' && value !== null ? Object.values(value).flatMap(scalars) : [value];
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      const found = [...bodyLeaves('json', text)].map(({ raw }) => JSON.parse(raw) as unknown);
      // Members with the names of indexes come first in an object.
      expect(found.map(String).sort()).toEqual(scalars(JSON.parse(text)).map(String).sort());
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]:,"\\u0 1-.e\ntrue') }), (text) => {
      expect(isTaken(() => listed('json', text))).toBe(isTaken(() => JSON.parse(text)));
    }),
    { numRuns: 2_000 },
  );
});

function isTaken(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

test('kinds by type, name and first character', () => {
  expect(kindOfType('Application/JSON; charset=utf-8')).toBe('json');
  expect(kindOfType('application/problem+json')).toBe('json');
  expect(kindOfType('application/soap+xml')).toBe('xml');
  expect(kindOfType('text/csv')).toBe('csv');
  expect(kindOfType('')).toBe('text');
  expect(kindOfType('application/grpc+proto')).toBeUndefined();
  expect(kindOfFile('a/b.JSONL')).toBe('json-lines');
  expect(kindOfFile('a.json/b')).toBeUndefined();
  expect([' [1]', '<a/>', 'x'].map(kindOfStart)).toEqual(['json', 'xml', 'text']);
});

test('bytes by mark and charset', () => {
  expect(decodeBody(Buffer.from('\ufeff\u00e4'), '')).toBe('\u00e4');
  expect(decodeBody(Buffer.from('\ufeff\u00e4', 'utf16le'), '')).toBe('\u00e4');
  expect(decodeBody(Buffer.from('e4', 'hex'), 'a/b; charset="iso-8859-1"')).toBe('\u00e4');
  expect(decodeBody(Buffer.from('a'), 'a/b; charset=none')).toBe('a');
});
