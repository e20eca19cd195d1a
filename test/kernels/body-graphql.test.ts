/** GraphQL requests through the masker. */
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

const graphql = { format: 'Json', argLen: 1 } as const;
const profile: Profile = {
  paths: [{ path: '$.variables.top', rule: { operator: 'Redact' } }],
  names: [
    { name: 'card', ignoreCase: true, rule: { operator: 'Redact' } },
    { name: 'keep', rule: { operator: 'KeepLast', keep: 2 } },
    { name: 'none', rule: { operator: 'Null' } },
    { name: 'text', rule: { operator: 'Replace', text: 'a"\n\\b' } },
  ],
  detectors: [{ kind: 'Email', rule: { operator: 'Redact' } }],
  card: { operator: 'KeepLast', keep: 4 },
};

const documents: [string, string, string][] = [
  ['arguments', '{ a(card: "secret", n: "x") { card } }', '{ a(card: "***", n: "x") { card } }'],
  [
    'objects and lists',
    'mutation { a(i: {card: "secret", n: {Card:["s",1,{x:"y"}]}, m: [1]}) }',
    'mutation { a(i: {card: "***", n: {Card:["***","***",{x:"***"}]}, m: [1]}) }',
  ],
  [
    'numbers and words',
    '{ a(card: 12, keep: -12345, none: 5, b: 1.5e+3) @x(card: VISA, keep: true, n: OK) }',
    '{ a(card: "***", keep: "-***45", none: null, b: 1.5e+3) @x(card: null, keep: null, n: OK) }',
  ],
  [
    'aliases',
    '{ card: number(x: 1) { keep: id } a { card: b } }',
    '{ card: number(x: 1) { keep: id } a { card: b } }',
  ],
  [
    'variables',
    'query q($card: String = "secret", $n: [Int!]! = [1, 2], $keep: [In!] = {a: "abcd"}) { a(card: $card, keep: [$n, "abcd"]) }',
    'query q($card: String = "***", $n: [Int!]! = [1, 2], $keep: [In!] = {a: "**cd"}) { a(card: $card, keep: [$n, "**cd"]) }',
  ],
  [
    'escapes',
    '{ a(keep: "\\u0061b\\n\\"cd", text: "x", card: "\\ud83d\\ude00") }',
    '{ a(keep: "**\\n\\"cd", text: "a\\"\\u000a\\\\b", card: "***") }',
  ],
  [
    'block strings',
    '{ a(card: """x "y" """, keep: """ab""cd\\"""x""", text: """x""") b(card: """""", n: """""") }',
    '{ a(card: """***""", keep: """**""*d\\"""x""", text: """a   b""") b(card: """***""", n: """""") }',
  ],
  ['empty strings', '{ a(card: "", keep: "", n: "") }', '{ a(card: "", keep: "", n: "") }'],
  [
    'detectors',
    '{ a(n: "4111111111111111", m: 4111111111111111, b: """x 4111 1111 1111 1111 """) } # jo@example.com 4111111111111111\n',
    '{ a(n: "************1111", m: "************1111", b: """x **** **** **** 1111 """) } # *** ************1111\n',
  ],
  ['a name at the end', 'fragment f on card', 'fragment f on card'],
  [
    'fragments',
    '{ ...f ...on X { a(card:"s") } } fragment f on Y { b }',
    '{ ...f ...on X { a(card:"***") } } fragment f on Y { b }',
  ],
  [
    'a list of texts',
    '{ a(card: [["s"] "t", "u"] n: "v") }',
    '{ a(card: [["***"] "***", "***"] n: "v") }',
  ],
  ['nothing', '', ''],
];

/** A request with a document. */
function request(document: string): string {
  return JSON.stringify({ query: document, variables: { top: 1, card: 'x' }, n: '{"card":"x"}' });
}

/** What of it has to be seen, when the document is this one. */
function response(document: string): string {
  return request(document)
    .replace('"top":1,"card":"x"', '"top":"***","card":"***"')
    .replace('{\\"card\\":\\"x\\"}', '{\\"card\\":\\"***\\"}');
}

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadBodyKernel(target);

  test.each(documents)('%s', (_, input, output) => {
    expectOutput(kernel, graphql, profile, request(input), response(output));
    expectOutput(kernel, graphql, {}, request(input), request(input));
  });
});

describe('more', async () => {
  const kernel = await loadBodyKernel();
  const secret = '{ a(card: "secret") }';
  const masked = '{ a(card: "***") }';
  const q = (document: string): string => JSON.stringify({ query: document });

  test('where a query is one', () => {
    const list = (document: string): string =>
      JSON.stringify([{ query: document }, { query: document }]);
    expectOutput(kernel, graphql, profile, list(secret), list(masked));
    expectOutput(
      kernel,
      graphql,
      profile,
      q(secret).replace('query', '\\u0071uery'),
      q(masked).replace('query', '\\u0071uery'),
    );
    const deep = JSON.stringify({ variables: { query: 'x"' }, query: null, a: ['query', '(('] });
    expectOutput(kernel, graphql, profile, deep, deep);
    expectOutput(kernel, { format: 'Json' }, profile, q(secret), q(secret));
    const dropping: Profile = { names: [{ name: 'card', rule: { operator: 'Drop' } }] };
    expectOutput(kernel, graphql, dropping, q(secret), q('{ a(card: "") }'));
    const whole: Profile = { paths: [{ path: '$.query', rule: { operator: 'Redact' } }] };
    expectOutput(kernel, graphql, whole, q(secret), q('***'));
  });

  test('quotes as they were written', () => {
    const written =
      '{"query":"{a(n:\\u0022\\u0022\\u0022x\\u0022\\u0022y\\u0022\\u0022\\u0022,m:\\u0022z\\u0022)}"}';
    expectOutput(kernel, graphql, profile, written, written);
  });

  test.each([
    ['{ a(card: "secret }'],
    ['{ a(card: "secret") '],
    ['{ a(card: "secret"] }'],
    ['{ a(card: """secret) }'],
    ['{ a(card: "secret\n") }'],
    ['{ a(card: "secret\\x") }'],
    ['{ a(card: "secret\\u{41}") }'],
    ['}'],
    ['{ a(n: 1a) }'],
    ['{ a(n: $) }'],
    ['{ a(n: ;) }'],
    ["{ a(card: 'secret') }"],
    ['{ \u00fc }'],
    ['"'],
    [`${'['.repeat(513)}${']'.repeat(513)}`],
    [`{ a(n: ${'1'.repeat(300)}) }`],
  ])('refused: %j', (document) => {
    expectRefused(kernel, graphql, profile, q(document), ['secret']);
  });

  test('a long document', () => {
    const many = (card: string): string =>
      q(`{ ${`a(card: "${card}", n: "\u00fc") { b } `.repeat(500)} }`);
    expect(maskWhole(kernel, graphql, profile, many('secret')).toString()).toBe(many('***'));
  });

  test('random documents', () => {
    const blob = buildMaskBlob(profile);
    const random = randomOf(29);
    for (let run = 0; run < fuzzRuns; run++) {
      const [before, after] = args(random, 0);
      const body = Buffer.from(q(`query { f(${before}) { card } }`));
      const output = maskWhole(kernel, graphql, blob, body);
      expect(kernel.mask(graphql, blob, chunksOf(random, body)).output).toEqual(output);
      expect(JSON.parse(output.toString()).query).toBe(`query { f(${after}) { card } }`);
    }
  });
});

/** Random arguments, and what of them has to be seen. */
function args(random: (below: number) => number, depth: number): [string, string] {
  const parts = Array.from({ length: 1 + random(3) }, (): [string, string] => {
    const name = pick(random, ['card', 'n', 'CARD']);
    const [before, after] = name === 'n' ? value(random, depth) : secretOf(random, depth);
    return [`${name}: ${before}`, `${name}: ${after}`];
  });
  const gap = pick(random, [', ', ' ', '\n']);
  return [parts.map(([before]) => before).join(gap), parts.map(([, after]) => after).join(gap)];
}

function value(random: (below: number) => number, depth: number): [string, string] {
  switch (random(depth > 2 ? 4 : 6)) {
    case 0:
      return ['"plain \u20ac"', '"plain \u20ac"'];
    case 1:
      return ['"4111111111111111"', '"************1111"'];
    case 2:
      return ['12', '12'];
    case 3:
      return ['$v', '$v'];
    case 4: {
      const [before, after] = args(random, depth + 1);
      return [`{${before}}`, `{${after}}`];
    }
    default: {
      const [before, after] = value(random, depth + 1);
      return [`[${before} ${before}]`, `[${after} ${after}]`];
    }
  }
}

function secretOf(random: (below: number) => number, depth: number): [string, string] {
  switch (random(depth > 2 ? 4 : 6)) {
    case 0:
      return ['"s-e-c"', '"***"'];
    case 1:
      return ['"""s"e"c"""', '"""***"""'];
    case 2:
      return ['12', '"***"'];
    case 3:
      return ['WORD', 'null'];
    case 4: {
      const [before, after] = secretOf(random, depth + 1);
      return [`{n: ${before}}`, `{n: ${after}}`];
    }
    default: {
      const [before, after] = secretOf(random, depth + 1);
      return [`[${before}, $v]`, `[${after}, $v]`];
    }
  }
}
