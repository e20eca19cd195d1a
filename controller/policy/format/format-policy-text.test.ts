/** Formatting: the canonical form, what it keeps, and what it refuses. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parsePolicySet } from '../parse.ts';
import { commentsOf } from './comments.ts';
import { formatPolicyText } from './format-policy-text.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 150);

function format(text: string, name = 'f.yaml'): string {
  const result = formatPolicyText(name, text);
  if ('errors' in result) throw new Error(`${JSON.stringify(result.errors)}\n${text}`);
  return result.text;
}

test('keys stand in the order of the schema, two spaces deep, without needless quotes', () => {
  const text = `# the orders
kind: "AccessPolicy"
apiVersion: 'sm-dta/v1'
spec:
    rules:
    # who may read

    -   effect: allow   # never deny
        name: "reads"
        to: [{paths: ["/orders/{id}", '/a-b'], methods: [ "GET" ]}]


    - name: writes
      when: 'source.worstCve < "high"'
      effect:   deny
      from:
      - {labels: {b: x, a: y}, service: "checkout"}
      # last
    destination: {environment: 'prod', service: orders}
metadata: {name: orders}
# end
`;
  expect(format(text)).toBe(`# the orders
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders, environment: prod }
  rules:
    # who may read

    - name: reads
      effect: allow # never deny
      to: [{ methods: [GET], paths: ["/orders/{id}", /a-b] }]

    - name: writes
      effect: deny
      from:
        - { service: checkout, labels: { b: x, a: y } }
        # last
      when: source.worstCve < "high"

# end
`);
});

const head = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: a }
spec:
  destination: { service: a }
  rules:
    - name: r
      effect: allow
`;

test.each([
  [
    'a long list becomes one entry a line',
    `${head}      clearance: [${Array.from({ length: 30 }, (_, i) => `L${i}`)}]\n`,
    `${head}      clearance:\n${Array.from({ length: 30 }, (_, i) => `        - L${i}\n`).join('')}`,
  ],
  [
    'a folded text keeps its lines',
    `${head}      when: >-\n          true\n          && true\n`,
    `${head}      when: >-\n        true\n        && true\n`,
  ],
  [
    'a literal text keeps its lines',
    `${head}      when: |   # why\n         true\n           && true\n`,
    `${head}      when: | # why\n        true\n          && true\n`,
  ],
  [
    'a text over two lines that fits into one becomes one',
    `${head}      when: true\n        && true\n`,
    `${head}      when: true && true\n`,
  ],
  [
    'a text over lines that fits no line becomes folded',
    `${head}      when: "true\n        && ${'(true) && '.repeat(8)}\n        ${'(true) && '.repeat(2)}true"\n`,
    `${head}      when: >-\n        true\n        && ${'(true) && '.repeat(8).trim()}\n        ${'(true) && '.repeat(2)}true\n`,
  ],
  [
    'documents are separated',
    `---\n${head}...\n---\n# two\n${head.replace('name: a', 'name: b')}`,
    `${head}---\n# two\n${head.replace('name: a', 'name: b')}`,
  ],
  [
    'aliases keep the order of their document',
    `${head}      from: [&x { team: t, service: a }]\n    - { name: s, from: [*x ], effect: deny }\n`,
    `${head}      from: [&x { team: t, service: a }]\n    - { name: s, from: [*x ], effect: deny }\n`,
  ],
  ['an empty file stays empty', '', ''],
  ['a file of comments stays one', '\n# nothing\n\n', '# nothing\n'],
  ['line ends become line feeds', head.replaceAll('\n', '\r\n'), head],
  [
    'comments in brackets open them',
    `${head}      clearance: [A, # one\n        B]\n`,
    `${head}      clearance:\n        - A # one\n        - B\n`,
  ],
])('%s', (_, text, expected) => {
  expect(format(text)).toBe(expected);
  expect(format(expected)).toBe(expected);
});

test('JSON stays JSON', () => {
  const text =
    '{"kind":"AccessPolicy","apiVersion":"sm-dta/v1","spec":{"rules":[{"effect":"allow","name":"r"}],"destination":{"service":"a"}},"metadata":{"name":"a"}}';
  const formatted = format(text, 'f.json');
  expect(JSON.parse(formatted)).toEqual(JSON.parse(text));
  expect(formatted).toMatch(/^\{\n {2}"apiVersion": "sm-dta\/v1",\n {2}"kind"/);
  expect(format(formatted, 'f.json')).toBe(formatted);
});

test('a file with mistakes is refused with them', () => {
  expect(formatPolicyText('f.yaml', head.replace('allow', 'alow'))).toEqual({
    errors: [
      expect.objectContaining({
        line: 8,
        column: 15,
        message: '`alow` is not allowed for `effect`',
      }),
    ],
  });
  expect(formatPolicyText('f.yaml', 'a: [')).toMatchObject({ errors: [{ line: 1 }] });
});

// A random policy, written in a random style.
type Value = string | readonly Value[] | { readonly [key: string]: Value | undefined };
type Member = [key: string, value: Value];
const name = fc.constantFrom(
  'a',
  'web',
  'x-1',
  'no',
  '007',
  '1.5',
  'null',
  'true',
  '0x1',
  '1e3',
  'a.b',
);
const when = fc.constantFrom(
  'true',
  'source.cpu < 0.5 && true',
  'source.service == "a # b"',
  "source.team == 'x: y'",
  `true && ${'(true || false) && '.repeat(8)}true`,
  'within(request.time, "Mon-Fri 09:00-18:00", "Europe/Paris")',
);
const rule = fc.record({
  effect: fc.constantFrom('allow', 'deny'),
  from: fc.option(
    fc.array(fc.record({ service: name, team: fc.option(name, { nil: undefined }) }), {
      minLength: 1,
      maxLength: 3,
    }),
    { nil: undefined },
  ),
  to: fc.option(
    fc.array(
      fc.record({
        methods: fc.option(fc.constant(['GET', 'POST']), { nil: undefined }),
        paths: fc.array(fc.constantFrom('/a/{id}', '/a/**', '/b-c', '/a#b', '/x'), {
          minLength: 1,
          maxLength: 9,
        }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    { nil: undefined },
  ),
  when: fc.option(when, { nil: undefined }),
});
const policy = fc.record({ name, rules: fc.array(rule, { minLength: 1, maxLength: 3 }) });

function styled(value: Value, random: () => number): string {
  const pick = <T>(...choices: T[]): T => choices[Math.floor(random() * choices.length)] as T;
  let comments = 0;
  const comment = () => `# c${comments++}${pick('', ' "x', ': y')}`;
  const scalar = (text: string, deep: string, isFlow: boolean): string => {
    const quotes = pick(0, 1, 2, 3);
    if (quotes === 1) return JSON.stringify(text);
    if (quotes === 2) return `'${text.replaceAll("'", "''")}'`;
    if (quotes === 3 && !isFlow && text.includes(' ')) {
      const lines = pick(text.split(' && ').join('\n&& '), text).replaceAll('\n', `\n${deep}`);
      return `${pick('>-', '>', '|', '|-')}${pick('', ` ${comment()}`)}\n${deep}${lines}`;
    }
    const isPlain = /^[a-zA-Z/][^#:{},[\]*]*$/.test(text) && !/^(?:null|true)$/.test(text);
    return isPlain ? text : JSON.stringify(text);
  };
  const shuffled = <T>(members: readonly T[]) =>
    members
      .map((member) => [random(), member] as const)
      .sort(([a], [b]) => a - b)
      .map(([, member]) => member);
  const membersOf = (map: Value) =>
    shuffled(Object.entries(map).filter((member): member is Member => member[1] !== undefined));
  const flow = (inner: Value, indent: string): string => {
    const space = () => pick('', '', ' ', ' ', `\n${indent}    `);
    const gap = () => pick(space(), space(), ` ${comment()}\n${indent}    `);
    if (typeof inner === 'string') return scalar(inner, indent, true);
    const parts = Array.isArray(inner)
      ? inner.map((item) => flow(item, indent))
      : membersOf(inner).map(([key, item]) => `${pick(key, `"${key}"`)}: ${flow(item, indent)}`);
    const [open, close] = Array.isArray(inner) ? '[]' : '{}';
    return `${open}${parts.map((part) => `${gap()}${part}${space()}`).join(',')}${gap()}${close}`;
  };
  const before = (indent: string) =>
    pick(
      '',
      '',
      '',
      '\n',
      `${indent}${comment()}\n`,
      `\n${indent}${comment()}\n`,
      `${comment()}\n`,
      `${indent}${comment()}\n\n`,
    );
  const after = () => pick('', '', '', ` ${comment()}`, '   ');
  const block = (inner: Value, indent: string): string => {
    const deeper = indent + pick('  ', '    ', ' ');
    if (Array.isArray(inner)) {
      return inner
        .map((item) => `${before(indent)}${indent}-${entry(item, `${indent}  `, true)}`)
        .join('');
    }
    if (typeof inner === 'string') return '';
    return membersOf(inner)
      .map(([key, item]) => `${before(indent)}${indent}${key}:${entry(item, deeper, false)}`)
      .join('');
  };
  const entry = (item: Value, indent: string, isItem: boolean): string => {
    if (typeof item === 'string') {
      const text = scalar(item, `${indent} `, false);
      return ` ${text}${text.includes('\n') ? '' : after()}\n`;
    }
    if (random() < 0.4) return ` ${flow(item, indent)}${after()}\n`;
    if (isItem && random() < 0.7)
      return ` ${block(item, indent).replace(/^[\s\S]*?(?=[^\s#])/, (skipped) => (skipped.includes('#') ? `${comment()}\n${indent}` : ''))}`;
    return `${after()}\n${block(item, indent)}`;
  };
  return (
    pick('', '---\n', `${comment()}\n`, `${comment()}\n\n`) +
    block(value, '') +
    pick('', `${comment()}\n`, `\n${comment()}\n`, '\n\n', `  ${comment()}\n`)
  );
}

// Numbers from 0 to 1 out of a seed.
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const meaningOf = (text: string) =>
  JSON.stringify(parsePolicySet([{ name: 'f', text }]).set, (key, value) =>
    key === 'origin' ? undefined : value,
  );

test('formatting keeps meaning and comments, and formatting again changes nothing', () => {
  let formatted = 0;
  fc.assert(
    fc.property(policy, fc.integer(), ({ name, rules }, seed) => {
      const named: Value = rules.map((rule, i) => ({ name: `r${i}`, ...rule }));
      const spec = { destination: { service: 'a' }, rules: named };
      const whole = { apiVersion: 'sm-dta/v1', kind: 'AccessPolicy', metadata: { name }, spec };
      const text = styled(whole, randomFrom(seed));
      fc.pre(parsePolicySet([{ name: 'f', text }]).errors.length === 0);
      const once = format(text);
      expect(`${text}\n=>\n${format(once)}`).toBe(`${text}\n=>\n${once}`);
      expect(commentsOf(once).sort()).toEqual(commentsOf(text).sort());
      expect(meaningOf(once)).toBe(meaningOf(text));
      for (const line of once.split('\n')) expect(line).toBe(line.trimEnd());
      formatted++;
    }),
    { numRuns: runs },
  );
  expect(formatted).toBe(runs);
});
