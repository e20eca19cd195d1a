/** XML documents through the masker. */
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
import { readXml, textOf } from './xml-reader.ts';

const xml = { format: 'Xml' } as const;
const profile: Profile = {
  paths: [
    { path: '$.r.top', rule: { operator: 'KeepLast', keep: 4 } },
    { path: '$.r.a.@id', rule: { operator: 'Redact' } },
    { path: '$.*.cut', rule: { operator: 'Truncate', keep: 3 } },
  ],
  names: [
    { name: 'card', ignoreCase: true, rule: { operator: 'Redact' } },
    { name: 'text', rule: { operator: 'Replace', text: '<&"\u00fc' } },
    { name: 'gone', rule: { operator: 'Drop' } },
  ],
  detectors: [{ kind: 'Email', rule: { operator: 'Replace', text: '<a&b>' } }],
  card: { operator: 'KeepLast', keep: 4 },
};
const none: Profile = {};
const names: Profile = { names: [{ name: 'card', rule: { operator: 'Redact' } }] };
const redacting: Profile = { card: { operator: 'Redact' } };

const vectors: [string, Profile, string, string][] = [
  [
    'elements and attributes by name',
    profile,
    '<r><card>secret</card><x:Card a="1">s<b/></x:Card><b card=\'secret\' y:card = "s"/></r>',
    '<r><card>***</card><x:Card a="***">***<b/></x:Card><b card=\'***\' y:card = "***"/></r>',
  ],
  [
    'paths',
    profile,
    '<r><top>12345678</top><a id="x" no="y"/><a><id>x</id></a></r>',
    '<r><top>****5678</top><a id="***" no="y"/><a><id>x</id></a></r>',
  ],
  [
    'elements in a masked one',
    profile,
    '<r>\n <card>\n  <a>1</a>\n  <b x="&#60;">2 &amp; 3</b> t\n </card>\n</r>',
    '<r>\n <card>\n  <a>***</a>\n  <b x="***">***</b> ***</card>\n</r>',
  ],
  [
    'one value once',
    profile,
    '<r><top>11112222<b/>33334444<b/> 55556666</top></r>',
    '<r><top>****2222<b/>***<b/> ***</top></r>',
  ],
  [
    'references',
    profile,
    '<r><top>&#x34;&#49;11&#50;22&lt;2</top><cut>&#x3c;&amp;&gt;x</cut></r>',
    '<r><top>****&#50;22&lt;2</top><cut>&#x3c;&amp;&gt;</cut></r>',
  ],
  [
    'sections under a rule',
    profile,
    '<r><top>1111<![CDATA[2<&>]]2]]>22</top><card><![CDATA[x]]>y</card><cut><![CDATA[<&>x]]></cut></r>',
    '<r><top>****2&lt;&amp;&gt;]]222</top><card>***</card><cut>&lt;&amp;&gt;</cut></r>',
  ],
  [
    'asides under a rule',
    profile,
    '<r><top>1111<!-- 9 - 9 -->22<?p 9?>33</top><card><!--x--></card><card><?x?>y</card></r>',
    '<r><top>****2233</top><card></card><card>***</card></r>',
  ],
  [
    'dropped elements',
    profile,
    '<r>a<gone x="1">b<c><!--x--><![CDATA[<gone>]]></c></gone>c<gone/><x:gone  />d</r>',
    '<r>acd</r>',
  ],
  ['a dropped root', profile, '<?xml version="1.0"?><gone>x</gone>\n', '<?xml version="1.0"?>\n'],
  [
    'replacements',
    profile,
    '<r><text>x</text><text>x<b/>y</text><b text="x"/></r>',
    '<r><text>&#60;&#38;&#34;\u00fc</text><text>&#60;&#38;&#34;\u00fc<b/>&#60;&#38;&#34;\u00fc</text><b text="&#60;&#38;&#34;\u00fc"/></r>',
  ],
  [
    'cards',
    profile,
    '<r>4111111111111111<b n="x 4111-1111-1111-1111"/> &#x34;111 1111 1111 1111 </r>',
    '<r>************1111<b n="x ****-****-****-1111"/> **** **** **** 1111 </r>',
  ],
  [
    'cards in sections',
    profile,
    '<r><a>4111 <![CDATA[1111-1111]]> 1111</a><a><![CDATA[x < 4111111111111111 ]]]></a><a>x<![CDATA[]]></a></r>',
    '<r><a>**** <![CDATA[****-****]]> 1111</a><a><![CDATA[x < ************1111 ]]]></a><a>x<![CDATA[]]></a></r>',
  ],
  [
    'section ends stay',
    redacting,
    '<r>x 4111 <![CDATA[1111 1111]]> 1111 y<![CDATA[ 4111]]> 1111 1111 1111</r>',
    '<r>x ***<![CDATA[]]> y<![CDATA[ ***]]></r>',
  ],
  [
    'mail',
    profile,
    '<r a="jo@example.com">jo@example.com<!-- jo@example.com --><?x jo@example.com?></r>',
    '<r a="&#60;a&#38;b&#62;"> a b <!--  a b  --><?x  a b ?></r>',
  ],
  [
    'asides',
    profile,
    '<!--4111111111111111-x- --><?p 4111111111111111??><r> <!-- -->x<?p?></r><!----><?q a?>',
    '<!--************1111-x- --><?p ************1111??><r> <!-- -->x<?p?></r><!----><?q a?>',
  ],
  [
    'a declaration',
    profile,
    '<?xml version="1.0" encoding=\'UTF-8\' standalone="yes" ?>\r\n<r xmlns="u" xmlns:card="v" card:x="1"/>',
    '<?xml version="1.0" encoding=\'UTF-8\' standalone="yes" ?>\r\n<r xmlns="u" xmlns:card="v" card:x="1"/>',
  ],
  [
    'other names',
    profile,
    '<\u00fc:r-1._ \u00e9="\u20ac"\n>\u{1f600}]] ></\u00fc:r-1._ >',
    '<\u00fc:r-1._ \u00e9="\u20ac"\n>\u{1f600}]] ></\u00fc:r-1._ >',
  ],
  [
    'nothing in force',
    none,
    '<?xml version="1.1"?><r a="&lt;">x<!--c-->y<![CDATA[z]]]]>&#x41;<?p q?></r>',
    '<?xml version="1.1"?><r a="&lt;">x<!--c-->y<![CDATA[z]]]]>&#x41;<?p q?></r>',
  ],
  [
    'names alone',
    names,
    '<r>x<!--c-->y<card>x<!--c-->y<![CDATA[z]]></card><![CDATA[ ]]>z</r>',
    '<r>x<!--c-->y<card>***</card><![CDATA[ ]]>z</r>',
  ],
  [
    'long texts',
    profile,
    `<r>${'ab &amp; '.repeat(500)}4111111111111111<card>${'x'.repeat(3000)}</card></r>`,
    `<r>${'ab &amp; '.repeat(500)}************1111<card>***</card></r>`,
  ],
];

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadBodyKernel(target);

  test.each(vectors)('%s', (_, masks, input, output) => {
    expectOutput(kernel, xml, masks, input, output);
    if (output.includes('<r')) readXml(output);
  });

  test('nothing in force changes nothing', () => {
    for (const [, , input] of vectors) expectOutput(kernel, xml, none, input, input);
  });
});

describe('more', async () => {
  const kernel = await loadBodyKernel();

  test.each([
    ['<r><card>secret</card>'],
    ['<r><card>secret</r></card>'],
    ['<r><card>secret</cards></r>'],
    ['<r></r><r><card>secret</card></r>'],
    ['<r/>secret'],
    ['secret'],
    [''.padEnd(3)],
    ['</r>'],
    ['<r><card>secret</card></r'],
    ['<!DOCTYPE r><r/>'],
    ['<!DOCTYPE r [<!ENTITY x "secret">]><r>&x;</r>'],
    ['<r><card>&secret;</card></r>'],
    ['<r>&nbsp;</r>'],
    ['<r>&amp</r>'],
    ['<r>&;</r>'],
    ['<r>&#;</r>'],
    ['<r>&#x;</r>'],
    ['<r>&#xd800;</r>'],
    ['<r>&#0;</r>'],
    ['<r>&#x110000;</r>'],
    ['<r>&#99999999999;</r>'],
    ['<r>&#4a;</r>'],
    [`<r>&#${'0'.repeat(40)}52;</r>`],
    ['<r>&'],
    ['<r>]]></r>'],
    ['<r a="<"/>'],
    ['<r a=x/>'],
    ['<r a/>'],
    ['<r a="1"b="2"/>'],
    ['<r a="1" / >'],
    ['< r/>'],
    ['<1/>'],
    ['<r><!-- -- --></r>'],
    ['<r><!-- x --->'],
    ['<r><!- x --></r>'],
    ['<r><![CDATA[x]]</r>'],
    ['<r><![cdata[x]]></r>'],
    ['<![CDATA[x]]><r/>'],
    ['<r><? x?></r>'],
    ['<r><?x'],
    ['<r><?x?y?></r>'],
    ['<r><?xml version="1.0"?></r>'],
    [' <?xml version="1.0"?><r/>'],
    ['<?XML version="1.0"?><r/>'],
    ['<?xml version="1.0" encoding="utf-16"?><r/>'],
    ['<?xml version="1.0" encoding="utf-7"?><r/>'],
    ['<?xml version="1.0" encoding="iso-8859-1"?><r/>'],
    ['<?xml encoding="utf-8"?><r/>'],
    ['<?xml version="2.0"?><r/>'],
    ['<?xml version="1.0" encoding="utf-8" encoding="utf-7"?><r/>'],
    ['<?xml version="1.0"encoding="utf-7"?><r/>'],
    ['<?xml?><r/>'],
    [`<?xml version="1.0"${' '.repeat(300)}?><r/>`],
    ['<r>\u0001</r>'],
    ['<r>\uffff</r>'],
    ['<r a="\u0000"/>'],
    ['<r><a>x 4111<!-- -->secret</a></r>'],
    ['<r><a>x<?p?><![CDATA[secret]]></a></r>'],
    ['<r><a>sec<![CDATA[ret]]></a></r>'],
    ['<r><a><![CDATA[4111]]><![CDATA[]]>&#49;1111111111secret</a></r>'],
    [`<${'n'.repeat(3400)}/>`],
    [`${'<a>'.repeat(512)}${'</a>'.repeat(512)}`],
  ])('refused: %j', (input) => {
    expectRefused(kernel, xml, profile, input, ['secret']);
  });

  test('refused: no UTF-8', () => {
    for (const text of [
      '<r>\xff</r>',
      '<\xc3/>',
      '<r>\xc3</r>',
      '<r \xc3="1"/>',
      '<r a="\xc3"/>',
      '<r><!--\xc3--></r>',
    ])
      expectRefused(kernel, xml, profile, Buffer.from(text, 'latin1'));
  });

  test('deep documents', () => {
    const deep = (depth: number): string =>
      `${'<a>'.repeat(depth)}<card>x</card>${'</a>'.repeat(depth)}`;
    expect(maskWhole(kernel, xml, profile, deep(510)).toString()).toBe(
      deep(510).replace('>x<', '>***<'),
    );
  });

  test('random documents', () => {
    const blob = buildMaskBlob(profile);
    const random = randomOf(19);
    for (let run = 0; run < fuzzRuns; run++) {
      const input = Buffer.from(
        `${pick(random, ['', '<?xml version="1.0"?>\n'])}<r>${element(random, 0)}</r>${pick(random, ['', '\n', '<!-- x -->'])}`,
      );
      const before = readXml(input.toString());
      const output = maskWhole(kernel, xml, blob, input);
      expect(kernel.mask(xml, blob, chunksOf(random, input)).output).toEqual(output);
      const after = readXml(output.toString());
      expect(textOf(after)).not.toMatch(/4111 ?1111|s-e-c/);
      expect(shape(after)).toEqual(shape(masked(before)));
    }
  });
});

/** An element of random content; texts and asides are never mixed. */
function element(random: (below: number) => number, depth: number): string {
  const name = pick(random, ['a', 'b', 'x:c', 'card', 'gone', '\u00fc']);
  const attributes = pick(random, [
    '',
    ' n="4111111111111111"',
    ' card="s-e-c"',
    " id='&#x34;111111111111111'",
    ' x = "y"',
  ]);
  if (random(5) === 0) return `<${name}${attributes}/>`;
  const inner = Array.from({ length: random(4) }, () =>
    depth > 3 || random(2) === 0
      ? text(random)
      : `${element(random, depth + 1)}${pick(random, ['', '<!-- 4111111111111111 -->', '<?p x?>'])}<b/>`,
  );
  return `<${name}${attributes}>${inner.join('')}</${name}${pick(random, ['', ' '])}>`;
}

function text(random: (below: number) => number): string {
  return pick(random, [
    'plain \u20ac',
    ' 4111111111111111 ',
    ' &#52;111111111111111 ',
    ' 4111 <![CDATA[1111 1111]]> 1111 ',
    '<![CDATA[ <x> & ]]>',
    '<![CDATA[ 4111111111111111 ]]]]>',
    '&lt;&amp;',
    '\n  ',
  ]);
}

type Node = ReturnType<typeof readXml>;

/** What has to be seen of a document, but for texts: those of masked elements and all attributes of them. */
function masked(node: Node): Node {
  return {
    ...node,
    children: node.children
      .filter((child) => typeof child === 'string' || child.name !== 'gone')
      .map((child) => (typeof child === 'string' ? child : masked(child))),
  };
}

/** Names, attributes that are not masked, and texts that hold no secret, where no rule is. */
function shape(node: Node): unknown {
  if (node.name === 'card')
    return [
      node.name,
      node.children
        .filter((child) => typeof child !== 'string')
        .map((child) => shapeInside(child as Node)),
    ];
  const texts = node.children.map((child) =>
    typeof child === 'string'
      ? child.replaceAll(/4111111111111111|\*{12}1111|4111 1111 1111 1111|(?:\*{4} ){3}1111/g, '#')
      : shape(child),
  );
  return [node.name, node.attributes.map(([name]) => name), texts];
}

function shapeInside(node: Node): unknown {
  return [
    node.name,
    node.children
      .filter((child) => typeof child !== 'string')
      .map((child) => shapeInside(child as Node)),
  ];
}
