/** Random documents with planted secrets: the kernel writes what the oracle writes, and no secret is in it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import type { Profile, RuleSpec } from './mask-blob.ts';
import { isCard, maskByOracle } from './mask-oracle.ts';

const numRuns = Number(process.env.FUZZ_RUNS ?? 3000);
const kernel = await loadKernel();

const SECRET = 'Zq7Xw9Vk3Jp5';
const CARD = '4539578763621486';

/** One character of a string as it may be written. */
const unit = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('a', 'B', 'z', '1', '4', '0', '9', ' ', '-', '.', '*', '_'),
  },
  fc.constantFrom(
    '\\n',
    '\\"',
    '\\\\',
    '\\/',
    '\\t',
    '\\u0000',
    '\\u0034',
    '\\u0031',
    '\\u0020',
    '\\u002d',
    '\\u002A',
  ),
  fc.constantFrom(
    '\u00e9',
    '\u00a0',
    '\u2011',
    '\u20ac',
    '\u{1f600}',
    '\\ud83d\\ude00',
    '\\ud800',
    '\\udc00',
    '\u017f',
  ),
);
const spelledDigit = fc
  .tuple(fc.nat(9), fc.boolean())
  .map(([d, escaped]) => (escaped ? `\\u003${d}` : `${d}`));
const digits = fc
  .array(fc.tuple(spelledDigit, fc.constantFrom('', '', '', ' ', '-', '\u00a0')), {
    minLength: 8,
    maxLength: 45,
  })
  .map((all) => all.flat().join(''));
/** The planted card number, with separators and escapes. */
const card = fc
  .array(fc.tuple(fc.boolean(), fc.constantFrom('', '', '', '', ' ', '-', '\\u0020')), {
    minLength: 16,
    maxLength: 16,
  })
  .map((how) =>
    how
      .map(([escaped, gap], i) => (i > 0 ? gap : '') + (escaped ? `\\u003${CARD[i]}` : CARD[i]))
      .join(''),
  );
const string = fc
  .oneof(
    { weight: 3, arbitrary: fc.array(unit, { maxLength: 12 }).map((all) => all.join('')) },
    { weight: 1, arbitrary: digits },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom('', 'no ', 'x', '\\n'),
          card,
          fc.constantFrom('', ' y', '.', '\\u00e9'),
        )
        .map((all) => all.join('')),
    },
    { weight: 1, arbitrary: fc.nat(60).map((n) => 'plain text in a row '.repeat(4).slice(0, n)) },
  )
  .map((body) => `"${body}"`);
const number = fc.oneof(
  fc.integer().map(String),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => (Object.is(value, -0) ? '0' : String(value))),
  fc.bigInt({ min: 10n ** 10n, max: 10n ** 21n }).map(String),
  fc.constantFrom(CARD, `${CARD}.0`, `${CARD}e0`, '4.539578763621486e15', '-0', '0.0', '1E400'),
);
const name = fc.constantFrom(
  'a',
  'b',
  'card',
  'c\\u0061rd',
  'Pin',
  '\\u0070IN',
  'ta\u017fk',
  'TAS\\u212a',
  '',
  '\u00e9',
  '\\ud83d\\ude00',
  '\u{1f600}',
  '4',
);
const gap = fc.constantFrom('', '', '', ' ', '\n  ', '\t', '                    ');

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    string,
    number,
    fc.constantFrom('true', 'false', 'null'),
    fc
      .tuple(gap, fc.array(tie('value'), { maxLength: 5 }))
      .map(([g, all]) => `[${g}${all.join(`${g},${g}`)}${g}]`),
    fc
      .tuple(gap, fc.array(fc.tuple(name, tie('value')), { maxLength: 6 }))
      .map(
        ([g, all]) => `{${g}${all.map(([k, v]) => `"${k}"${g}:${g}${v}`).join(`${g},${g}`)}${g}}`,
      ),
  ),
}));

const rule: fc.Arbitrary<RuleSpec> = fc.record({
  operator: fc.constantFrom('KeepLast', 'KeepLast', 'Redact', 'Null'),
  keep: fc.constantFrom(0, 1, 2, 4, 4, 11, 12, 16),
  labels: fc.constantFrom(0n, 1n, 2n, 3n),
});
const path = fc
  .array(fc.constantFrom('.a', '.b', '.card', '.*', '[*]', '.**', '.\u{1f600}', '.'), {
    maxLength: 4,
  })
  .map((steps) => `$${steps.join('')}`);
const named = fc.constantFrom(
  { name: 'card', ignoreCase: false },
  { name: 'pin', ignoreCase: true },
  { name: 'task', ignoreCase: true },
  { name: 'a', ignoreCase: false },
  { name: '\u00e9', ignoreCase: true },
);
const profile: fc.Arbitrary<Profile> = fc
  .tuple(
    fc.array(fc.record({ path, rule }), { maxLength: 3 }),
    fc.array(
      fc.tuple(named, rule).map(([one, r]) => ({ ...one, rule: r })),
      { maxLength: 3 },
    ),
    fc.option(rule, { nil: undefined }),
  )
  .map(([paths, names, cardRule]) => ({ paths, names, ...(cardRule ? { card: cardRule } : {}) }));
const cuts = fc.array(fc.nat(1000), { maxLength: 6 });

function cut(text: string, at: number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const edges = [0, ...at.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
}

test('the kernel writes what the oracle writes, in whatever pieces', () => {
  fc.assert(
    fc.property(profile, value, cuts, fc.constantFrom(0n, 1n, 3n), (masks, text, at, clearance) => {
      const { status, output } = kernel.mask(masks, cut(text, at), clearance);
      expect(status).toBe('ok');
      expect(output.toString()).toBe(maskByOracle(masks, text, clearance));
      JSON.parse(output.toString());
    }),
    { numRuns },
  );
});

/** Escapes some characters of a text that has none that must be. */
const spelled = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((how) =>
      [...text]
        .map((c, i) => (how[i] ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c))
        .join(''),
    );

test('a planted secret is nowhere in the output, raw or decoded', () => {
  const strict: Profile = {
    names: [{ name: 'secret', ignoreCase: true, rule: { operator: 'KeepLast', keep: 4 } }],
    card: { operator: 'KeepLast', keep: 4 },
  };
  const key = fc.constantFrom('secret', 'SECRET', '\u017fecret').chain(spelled);
  const around = fc.constantFrom('V', '[V]', '{"x":V}', '[1,{"y":[V,2]},V]');
  fc.assert(
    fc.property(value, key, spelled(SECRET), card, around, cuts, (other, k, s, c, shape, at) => {
      const text = `[${other},{"z":"${c}","${k}":${shape.replaceAll('V', () => `"${s}"`)}},${other}]`;
      const { status, output } = kernel.mask(strict, cut(text, at));
      expect(status).toBe('ok');
      const raw = output.toString();
      const decoded = decodedValues(JSON.parse(raw)).join('\n');
      for (const view of [raw, decoded]) {
        expect(view).not.toContain(SECRET);
        expect(view).not.toContain(SECRET.slice(0, 9));
      }
      expect(digitRuns(decoded).some((run) => run.includes(CARD) && isCard(CARD))).toBe(false);
    }),
    { numRuns: Math.ceil(numRuns / 3) },
  );
});

test('random bytes never trap, and what is accepted is JSON', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .array(fc.constantFrom(...'{}[]:,"\\u0041eE+-.129 tfn\u00e9'), { maxLength: 40 })
      .map((all) => Buffer.from(all.join(''))),
    fc.tuple(value, fc.nat(), fc.nat(255)).map(([text, i, byte]) => {
      const copy = Buffer.from(text);
      copy[i % copy.length] = byte;
      return copy;
    }),
  );
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  fc.assert(
    fc.property(bytes, profile, cuts, (document, masks, at) => {
      let isJson = document.length === 0;
      try {
        JSON.parse(decoder.decode(document));
        isJson = true;
      } catch {}
      const edges = [
        0,
        ...at.map((n) => n % (document.length + 1)).sort((a, b) => a - b),
        document.length,
      ];
      const pieces = edges.slice(1).map((end, i) => document.subarray(edges[i], end));
      const { status, output } = kernel.mask(masks, pieces);
      expect(status).toBe(isJson ? 'ok' : 'malformed');
      if (isJson && document.length > 0) JSON.parse(decoder.decode(output));
    }),
    { numRuns },
  );
});

function decodedValues(parsed: unknown): string[] {
  if (typeof parsed !== 'object' || parsed === null) return [String(parsed)];
  return Object.values(parsed).flatMap(decodedValues);
}

/** Digits with single separators between them, without the separators. */
const digitRuns = (text: string): string[] =>
  (text.match(/\d(?:[ \-\u00a0]?\d)*/g) ?? []).map((run) => run.replace(/\D/g, ''));
