/** The checks of mask blobs: they take what the compiler writes, and refuse everything that would be read wrongly. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  MaskDetector,
  MaskEdge,
  MaskHeader,
  MaskKey,
  MaskName,
  MaskNode,
  MaskOperator,
  MaskPath,
  MaskRoute,
  MaskRule,
  MaskSegment,
  MaskValue,
  NONE,
} from '../../controller/layout.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import { compilePattern } from '../../controller/policy/pattern/compile-pattern.ts';
import { Problem } from '../../controller/policy/problem.ts';
import { compileMasksOf, masksOf } from '../oracle/compiled-masks.ts';
import { loadValidationKernel } from './mask-validation-kernel.ts';

const kernel = await loadValidationKernel();
const classification = `fields:
    - { path: "$.a.b[*]", label: A }
    - { path: "$.**.c", label: B }
    - { path: "$.rows[7].d", label: C }
    - { name: Pin_No, label: C }
    - { name: Card_No, match: words, label: B }
    - { name: X, match: exact, label: B }
  values: [{ detector: card, label: A }, { detector: national-id, countries: [NO], label: B }]
  headers: [{ name: x-a, label: A }]
  cookies: [{ name: Sid, label: A }]
  parameters: [{ name: q, match: words, label: B }]
  pathParameters: [{ path: "/c/{id}/**", parameter: id, label: A }]`;
const masking = `routes: [{ paths: [/export/**], unreadable: redact-body }]
  rules:
    - { labels: [A], operator: keep-last, keep: 16 }
    - { labels: [A], operator: date-shift, days: 30, band: guarded }
    - { labels: [A], operator: bucket, unit: year, band: high }
    - { labels: [A], operator: hash, digits: 8, band: critical }
    - { labels: [B], operator: replace, text: größe }
    - { labels: [B], operator: format-preserving, clearance: ignore }
    - { labels: [C], operator: drop }`;
const compiled = (...policies: [string, string]): Buffer => {
  const blob = compileMasksOf(masksOf(...policies)).request?.blob;
  if (blob === undefined) throw new Error('no blob');
  return Buffer.from(blob);
};
const valid = compiled(classification, masking);
const at = (field: number): number => valid.readUInt32LE(field);
const changed = (change: (blob: Buffer) => void): Buffer => {
  const copy = Buffer.from(valid);
  change(copy);
  return copy;
};

test('what the compiler writes is accepted', () => {
  expect(kernel.acceptsBlob(valid, 3)).toBe(true);
  expect(kernel.acceptsBlob(valid, 64)).toBe(true);
});

test.each([
  'keep-last, keep: 0',
  'keep-first, keep: 64',
  'truncate, keep: 64',
  'date-shift, days: 3650',
  'bucket, width: 1000000000',
  'bucket, unit: month',
  'bucket, unit: decade',
  'format-preserving, alphabet: letters-digits',
  'token',
  'hash',
  'replace, text: ""',
  'replace, text: "\u{1f600} \uffee \u00a0"',
  'redact',
  'null',
  'drop',
])('%s is accepted', (operator) => {
  const rules = `rules: [{ labels: [A], operator: ${operator} }]`;
  expect(kernel.acceptsBlob(compiled('fields: [{ name: a, label: A }]', rules), 1)).toBe(true);
});

test.each(['größe', 'ñ', '_', '\u017fo\u212a', 'a\u017f', 'a\u212a__', '\u2126'])(
  'a field with the name %j passes its filter',
  (name) => {
    for (const match of ['exact', 'ignore-case']) {
      const fields = `fields: [{ name: "${name}", match: ${match}, label: A }, { path: "$['${name}']", label: A }]`;
      const blob = compiled(fields, 'rules: [{ labels: [A], operator: token }]');
      expect(kernel.acceptsBlob(blob, 1)).toBe(true);
      const filter = blob.readUInt32LE(MaskHeader.nameFilter);
      for (let bit = 0; bit < 1024; bit++) {
        const byte = filter + (bit >> 3);
        const known = blob.readUInt8(byte);
        if (((known >> (bit & 7)) & 1) === 0) continue;
        const copy = Buffer.from(blob);
        copy.writeUInt8(known & ~(1 << (bit & 7)), byte);
        expect(kernel.acceptsBlob(copy, 1)).toBe(false);
      }
    }
  },
);

describe('refused', () => {
  const record = (off: number, size: number, index = 0) => at(off) + index * size;
  const node = (field: number) => record(MaskHeader.nodeOff, MaskNode.SIZE) + field;
  const edges = Array.from({ length: at(MaskHeader.edgeCount) }, (_, i) =>
    record(MaskHeader.edgeOff, MaskEdge.SIZE, i),
  );
  const edge = (kind: number, field: number) =>
    (edges.find((one) => at(one + MaskEdge.kind) === kind) ?? -1) + field;
  const name = (index: number, field: number) =>
    record(MaskHeader.nameOff, MaskName.SIZE, index) + field;
  const rule = (index: number, field: number) =>
    record(MaskHeader.ruleOff, MaskRule.SIZE, index) + field;
  const detector = (field: number) => record(MaskHeader.detectorOff, MaskDetector.SIZE) + field;
  const value = (index: number, field: number) =>
    record(MaskHeader.valueOff, MaskValue.SIZE, index) + field;
  const segment = (index: number, field: number) =>
    record(MaskHeader.segmentOff, MaskSegment.SIZE, index) + field;
  const path = (field: number) => record(MaskHeader.pathOff, MaskPath.SIZE) + field;
  const route = (field: number) => record(MaskHeader.routeOff, MaskRoute.SIZE) + field;
  const text = (field: number) => at(MaskHeader.stringOff) + at(field);
  const u32 = (field: number, to: number) => (blob: Buffer) => void blob.writeUInt32LE(to, field);
  const u8 = (field: number, to: number) => (blob: Buffer) => void blob.writeUInt8(to, field);
  const repeat = (one: number, size: number) => (blob: Buffer) =>
    void blob.copy(blob, one + size, one, one + size);
  const swap = (one: number, other: number, size: number) => (blob: Buffer) => {
    const before = Buffer.from(blob.subarray(one, one + size));
    blob.copy(blob, one, other, other + size);
    before.copy(blob, other);
  };
  // By strength: KeepLast, DateShift, Bucket, FormatPreserving, Hash, Replace, Drop.
  const [keepLast, dateShift, bucket, fpe, hash, replace, drop] = [0, 1, 2, 3, 4, 5, 6];
  const tables = [
    ['nodes', MaskHeader.nodeOff],
    ['edges', MaskHeader.edgeOff],
    ['names', MaskHeader.nameOff],
    ['rules', MaskHeader.ruleOff],
    ['strings', MaskHeader.stringOff],
    ['detectors', MaskHeader.detectorOff],
    ['keys', MaskHeader.keyOff],
    ['values', MaskHeader.valueOff],
    ['segments', MaskHeader.segmentOff],
    ['paths', MaskHeader.pathOff],
    ['routes', MaskHeader.routeOff],
    ['methods', MaskHeader.methodOff],
    ['messages', MaskHeader.messageOff],
    ['fields', MaskHeader.fieldOff],
  ] as const;
  const ofTables = tables.flatMap(([what, off]): [string, (blob: Buffer) => void][] => [
    [`${what} in the header`, u32(off, MaskHeader.SIZE - 8)],
    [`${what} behind the end`, u32(off, valid.length + 8)],
    [`${what} over the end`, u32(off + 4, valid.length)],
    [`${what} that wrap`, u32(off + 4, 0x10000001)],
  ]);
  const rows: [string, (blob: Buffer) => void][] = [
    ...ofTables,
    ['another length', u32(MaskHeader.totalLen, valid.length - 8)],
    ['no node', u32(MaskHeader.nodeCount, 0)],
    ['two keys', u32(MaskHeader.keyCount, 2)],
    ['no key where one is needed', u32(MaskHeader.keyCount, 0)],
    ['a reserved field of the key', u32(at(MaskHeader.keyOff) + MaskKey.reserved, 1)],
    ['a filter in the header', u32(MaskHeader.nameFilter, MaskHeader.SIZE - 8)],
    ['a filter over the end', u32(MaskHeader.nameFilter, valid.length - 120)],
    ['a filter that wraps', u32(MaskHeader.nameFilter, NONE)],
    ['an unknown flag', u32(MaskHeader.flags, 8 + 6)],
    ['elements without their flag', u32(MaskHeader.flags, 4)],
    ['drops without their flag', u32(MaskHeader.flags, 2)],
    ['a reserved field of the header', u32(MaskHeader.reserved, 1)],
    ['a label header over the end', u32(MaskHeader.labelHeader, at(MaskHeader.stringLen))],
    ['a label header of 256 bytes', u32(MaskHeader.labelHeaderLen, 256)],
    ['a capital in the label header', u8(text(MaskHeader.labelHeader), 0x58)],
    ['a blank in the label header', u8(text(MaskHeader.labelHeader), 0x20)],
    ['a node with edges over the end', u32(node(MaskNode.edgeStart), at(MaskHeader.edgeCount))],
    ['a node with edges that wrap', u32(node(MaskNode.edgeCount), NONE)],
    ['a node with a rule that is none', u32(node(MaskNode.rule), at(MaskHeader.ruleCount))],
    ['a kind of edges that a node has not', u32(node(MaskNode.kinds), (1 << 1) | (1 << 4) | 1)],
    ['a kind of edges that a node does not tell', u32(node(MaskNode.kinds), 1 << 1)],
    ['a node that shares edges', u32(node(MaskNode.SIZE + MaskNode.edgeStart), 0)],
    ['edges of no node', u32(node(MaskNode.edgeCount), 2)],
    ['members that are not sorted', swap(edges[0] ?? 0, edges[1] ?? 0, MaskEdge.SIZE)],
    ['kinds that are not sorted', swap(edges[1] ?? 0, edges[2] ?? 0, MaskEdge.SIZE)],
    ['an edge twice', repeat(edges[0] ?? 0, MaskEdge.SIZE)],
    ['names that are not sorted', swap(name(0, 0), name(1, 0), MaskName.SIZE)],
    ['names of one length that are not sorted', swap(name(1, 0), name(2, 0), MaskName.SIZE)],
    ['a name twice', repeat(name(0, 0), MaskName.SIZE)],
    ['an unknown step', u32(edge(1, MaskEdge.kind), 6)],
    ['step 0', u32(edge(1, MaskEdge.kind), 0)],
    ['a target that is no node', u32(edge(1, MaskEdge.target), at(MaskHeader.nodeCount))],
    ['a member with an index', u32(edge(1, MaskEdge.index), 1)],
    ['a wildcard with a key', u32(edge(4, MaskEdge.keyLen), 1)],
    ['an element with a key', u32(edge(5, MaskEdge.keyLen), 1)],
    ['a reserved field of an edge', u32(edge(1, MaskEdge.reserved), 1)],
    ['a key over the end', u32(edge(1, MaskEdge.key), at(MaskHeader.stringLen))],
    ['a key that wraps', u32(edge(1, MaskEdge.key), NONE)],
    ['a key of 4 GiB', u32(edge(1, MaskEdge.keyLen), NONE)],
    ['a key that is not in the filter', u8(text(edge(1, MaskEdge.key)), 0x7a)],
    ['a name without a rule', u32(name(0, MaskName.rule), NONE)],
    ['an unknown way to compare', u32(name(0, MaskName.mode), 3)],
    ['a name over the end', u32(name(0, MaskName.key), 0x7fffffff)],
    ['a capital in a name without case', u8(text(name(2, MaskName.key)), 0x50)],
    ['a separator in a name of words', u8(text(name(1, MaskName.key)) + 1, 0x5f)],
    ['a name of words that is empty', u32(name(1, MaskName.keyLen), 0)],
    ['operator 0', u8(rule(keepLast, MaskRule.operator), 0)],
    ['an unknown operator', u8(rule(drop, MaskRule.operator), 13)],
    [
      'a rule behind a stronger one',
      (blob) => {
        blob.writeUInt8(MaskOperator.Redact, rule(keepLast, MaskRule.operator));
        blob.writeUInt8(0, rule(keepLast, MaskRule.keep));
      },
    ],
    ['too much kept', u8(rule(keepLast, MaskRule.keep), 17)],
    ['something kept by drop', u8(rule(drop, MaskRule.keep), 1)],
    ['a band above those above all', u8(rule(drop, MaskRule.minBand), 5)],
    ['an unknown flag of a rule', u8(rule(drop, MaskRule.flags), 2)],
    ['a parameter of drop', u32(rule(drop, MaskRule.param), 1)],
    ['a text of drop', u32(rule(drop, MaskRule.textLen), 1)],
    ['a shift of 0 days', u32(rule(dateShift, MaskRule.param), 0)],
    ['a shift of 3651 days', u32(rule(dateShift, MaskRule.param), 3651)],
    ['a bucket of width 0', u32(rule(bucket, MaskRule.param), 0)],
    ['a bucket of an unknown unit', u32(rule(bucket, MaskRule.param), 0x80000004)],
    ['a bucket that is too wide', u32(rule(bucket, MaskRule.param), 1_000_000_001)],
    ['a radix of 11', u32(rule(fpe, MaskRule.param), 11)],
    ['a hash of 7 digits', u32(rule(hash, MaskRule.param), 7)],
    ['a hash of 65 digits', u32(rule(hash, MaskRule.param), 65)],
    ['a replacement of 65 bytes', u32(rule(replace, MaskRule.textLen), 65)],
    ['a replacement over the end', u32(rule(replace, MaskRule.text), at(MaskHeader.stringLen))],
    ['a line end in a replacement', u8(text(rule(replace, MaskRule.text)), 0x0a)],
    ['half a character in a replacement', u32(rule(replace, MaskRule.textLen), 3)],
    ['a byte that begins no character', u8(text(rule(replace, MaskRule.text)), 0xff)],
    ['an unknown label', u8(rule(keepLast, MaskRule.labels), 8)],
    ['label 63', u8(rule(keepLast, MaskRule.labels) + 7, 0x80)],
    ['detector 0', u32(detector(MaskDetector.kind), 0)],
    ['detector 13', u32(detector(MaskDetector.kind), 13)],
    ['detector 36', u32(detector(MaskDetector.kind), 36)],
    ['detector 64', u32(detector(MaskDetector.kind), 64)],
    ['a pattern without a table', u32(detector(MaskDetector.kind), 56)],
    ['a detector without a rule', u32(detector(MaskDetector.rule), NONE)],
    ['a table of a card', u32(detector(MaskDetector.patternLen), 8)],
    ['an unknown place', u32(value(0, MaskValue.place), 3)],
    ['a header that is compared by words', u32(value(0, MaskValue.mode), 2)],
    ['a header with case', u32(value(0, MaskValue.mode), 0)],
    ['a header that is none', u8(text(value(0, MaskValue.key)), 0x3a)],
    ['a value without a rule', u32(value(1, MaskValue.rule), NONE)],
    ['a value without a name', u32(value(1, MaskValue.keyLen), 0)],
    ['a reserved field of a value', u32(value(1, MaskValue.reserved), 1)],
    ['a capital in a parameter of words', u8(text(value(2, MaskValue.key)), 0x51)],
    ['an unknown segment', u32(segment(0, MaskSegment.kind), 3)],
    ['a segment with a rule that is none', u32(segment(1, MaskSegment.rule), 1000)],
    ['a wildcard segment with a text', u32(segment(1, MaskSegment.keyLen), 1)],
    ['a segment over the end', u32(segment(0, MaskSegment.key), 0xffff)],
    [
      'a rest in the middle',
      (blob) => {
        blob.writeUInt32LE(2, segment(1, MaskSegment.kind));
      },
    ],
    ['a path of nothing', u32(path(MaskPath.segmentCount), 0)],
    ['a path over the end', u32(path(MaskPath.segmentCount), 100)],
    ['a path that wraps', u32(path(MaskPath.segmentStart), NONE)],
    ['a route over the end', u32(route(MaskRoute.segmentStart), 1000)],
    ['an unknown action', u32(route(MaskRoute.action), 3)],
    ['a reserved field of a route', u32(route(MaskRoute.reserved), 1)],
  ];
  test.each(rows)('%s', (_name, change) => {
    const blob = changed(change);
    expect(blob.equals(valid)).toBe(false);
    expect(kernel.acceptsBlob(blob, 3)).toBe(false);
  });

  test('every prefix', () => {
    for (let len = 0; len < valid.length; len++) {
      expect(kernel.acceptsBlob(valid.subarray(0, len), 3)).toBe(false);
      const lying = Buffer.from(valid.subarray(0, len));
      if (len >= 4) lying.writeUInt32LE(len);
      expect(kernel.acceptsBlob(lying, 3)).toBe(false);
    }
  });
});

test('random changes never trap', () => {
  const flips = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 4,
  });
  let accepted = 0;
  fc.assert(
    fc.property(flips, (all) => {
      const blob = changed((copy) => {
        for (const [i, byte] of all) copy[i] = byte;
      });
      if (kernel.acceptsBlob(blob, 64)) accepted++;
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 5000) },
  );
  expect(accepted).toBeGreaterThan(0);
});

describe('patterns of the user', () => {
  const tableOf = (text: string, isPartOfWord = false): Uint8Array => {
    const compiled = compilePattern(text, isPartOfWord);
    if (compiled instanceof Problem) throw new Error(compiled.message);
    return compiled.table;
  };
  const endIn = (table: Uint8Array, text: string, pos = 0): number =>
    kernel.patternEnd(table, Buffer.from(text, 'latin1'), pos);
  const texts = [String.raw`ORD-\d{8}`, 'x{255}', String.raw`[\w.-]+x`, String.raw`(\d\d?:){3}`];

  test.each(texts)('the table of %s is accepted, and none with a change that matters', (text) => {
    for (const isPartOfWord of [false, ...(text.includes('255') ? [] : [true])]) {
      const table = tableOf(text, isPartOfWord);
      expect(kernel.acceptsPattern(table)).toBe(true);
      expect(kernel.acceptsPattern(table.subarray(0, -1))).toBe(false);
      for (const at of [0, 2, 5, 7, 8, 8 + 255, 264]) {
        const copy = Uint8Array.from(table);
        copy[at] = 0xff;
        expect(kernel.acceptsPattern(copy), `byte ${at}`).toBe(false);
      }
    }
  });

  test('they are found where a word begins and ends, or anywhere', () => {
    const digits = tableOf(String.raw`\d{3}`);
    expect(endIn(digits, '123')).toBe(3);
    expect(endIn(digits, '1234')).toBe(0);
    expect(endIn(digits, 'a123', 1)).toBe(0);
    expect(endIn(digits, '-123-', 1)).toBe(4);
    const anywhere = tableOf(String.raw`\d{3}`, true);
    expect(endIn(anywhere, 'a1234', 1)).toBe(4);
    expect(endIn(tableOf('[^a]b'), '\u0080b')).toBe(2);
    expect(endIn(tableOf('ab'), 'a\u0001b')).toBe(3);
    expect(endIn(tableOf('x{255}'), 'x'.repeat(255))).toBe(255);
  });

  test('blobs hold the table of each pattern once, at most eight', () => {
    const rules = 'rules: [{ labels: [A], operator: redact }, { labels: [B], operator: drop }]';
    const values = Array.from({ length: 8 }, (_, i) => `{ pattern: "P${i}-x", label: A }`);
    const twice = [...values, '{ pattern: P3-x, label: B }'];
    const blob = compiled(`values: [${twice}]`, rules);
    expect(kernel.acceptsBlob(blob, 2)).toBe(true);
    const tables = Array.from({ length: 9 }, (_, i) => {
      const detector = blob.readUInt32LE(MaskHeader.detectorOff) + i * MaskDetector.SIZE;
      const [kind, , off, len] = [0, 4, 8, 12].map((field) => blob.readUInt32LE(detector + field));
      return `${kind} ${off} ${len}`;
    });
    expect(new Set(tables).size).toBe(8);
    // The second record of a pattern names another table.
    const other = Buffer.from(blob);
    const last = blob.readUInt32LE(MaskHeader.detectorOff) + 8 * MaskDetector.SIZE;
    other.writeUInt32LE(
      blob.readUInt32LE(last + MaskDetector.pattern) + 8,
      last + MaskDetector.pattern,
    );
    expect(kernel.acceptsBlob(other, 2)).toBe(false);
    const nine = masksOf(`values: [${values}, { pattern: P9, label: A }]`, rules);
    const { errors } = parsePolicySet([{ name: 'p.yaml', text: nine }]);
    expect(errors.map(({ message }) => message)).toEqual([
      'policies for service `orders` name 9 different patterns',
    ]);
  });
});
