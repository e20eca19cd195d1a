/** The validator of mask blobs: it takes what the compiler may write, and refuses everything that would be read wrongly. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  MaskDetector,
  MaskEdge,
  MaskHeader,
  MaskName,
  MaskNode,
  MaskRule,
  NONE,
} from '../../controller/layout.ts';
import { loadKernel } from './kernel.ts';
import { buildMaskBlob, type Profile } from './mask-blob.ts';

const kernel = await loadKernel();
const profile: Profile = {
  paths: [
    { path: '$.a.b[*]', rule: { operator: 'KeepLast', keep: 16, labels: 1n } },
    { path: '$.**.c', rule: { operator: 'Null', labels: 2n } },
  ],
  names: [{ name: 'pin', ignoreCase: true, rule: { operator: 'Redact', labels: 4n } }],
  card: { operator: 'KeepLast', keep: 4 },
};
const valid = buildMaskBlob(profile);
const at = (field: number): number => valid.readUInt32LE(field);
const changed = (change: (blob: Buffer) => void): Buffer => {
  const copy = Buffer.from(valid);
  change(copy);
  return copy;
};

test('what the builder writes is accepted', () => {
  expect(kernel.accepts(valid, 3)).toBe(true);
  expect(kernel.accepts(valid, 64)).toBe(true);
  expect(kernel.accepts(buildMaskBlob({}), 0)).toBe(true);
});

describe('refused', () => {
  const node = at(MaskHeader.nodeOff);
  const edge = at(MaskHeader.edgeOff);
  const name = at(MaskHeader.nameOff);
  const rule = at(MaskHeader.ruleOff);
  const detector = at(MaskHeader.detectorOff);
  const string = at(MaskHeader.stringOff);
  const u32 = (field: number, value: number) => (blob: Buffer) =>
    void blob.writeUInt32LE(value, field);
  const u8 = (field: number, value: number) => (blob: Buffer) => void blob.writeUInt8(value, field);
  const rows: [string, (blob: Buffer) => void][] = [
    ['another length', u32(MaskHeader.totalLen, valid.length - 8)],
    ['no node', u32(MaskHeader.nodeCount, 0)],
    ['nodes over the end', u32(MaskHeader.nodeCount, 1000)],
    ['nodes in the header', u32(MaskHeader.nodeOff, 8)],
    ['edges that wrap', u32(MaskHeader.edgeCount, 0x10000001)],
    ['names behind the end', u32(MaskHeader.nameOff, valid.length + 8)],
    ['rules over the end', u32(MaskHeader.ruleOff, valid.length - 8)],
    ['strings over the end', u32(MaskHeader.stringLen, valid.length)],
    ['a detector with a rule that is none', u32(detector + MaskDetector.rule, 4)],
    ['an unknown detector', u32(detector + MaskDetector.kind, 15)],
    ['a node with edges over the end', u32(node + MaskNode.edgeStart, at(MaskHeader.edgeCount))],
    ['a node with edges that wrap', u32(node + MaskNode.edgeCount, NONE)],
    ['a node with a rule that is none', u32(node + MaskNode.rule, 4)],
    ['kinds of edges that a node has not', u32(node + MaskNode.kinds, 0x3f)],
    ['an unknown step', u32(edge + MaskEdge.kind, 5)],
    ['step 0', u32(edge + MaskEdge.kind, 0)],
    ['a target that is no node', u32(edge + MaskEdge.target, at(MaskHeader.nodeCount))],
    ['a key over the end', u32(edge + MaskEdge.key, at(MaskHeader.stringLen))],
    ['a key that wraps', u32(edge + MaskEdge.key, NONE)],
    ['a key of 4 GiB', u32(edge + MaskEdge.keyLen, NONE)],
    ['a name without a rule', u32(name + MaskName.rule, NONE)],
    ['an unknown way to compare', u32(name + MaskName.mode, 3)],
    ['a name over the end', u32(name + MaskName.key, 0x7fffffff)],
    ['a capital in a name without case', u8(string + at(name + MaskName.key), 0x50)],
    ['operator 0', u8(rule + MaskRule.operator, 0)],
    ['an unknown operator', u8(rule + MaskRule.operator, 13)],
    ['too much kept', u8(rule + MaskRule.keep, 17)],
    ['an unknown flag of a rule', u8(rule + MaskRule.flags, 2)],
    ['a band that is none', u8(rule + MaskRule.minBand, 5)],
    ['a parameter that the operator has not', u32(rule + MaskRule.param, 1)],
    ['a text that the operator has not', u32(rule + MaskRule.textLen, 1)],
    ['rules that are not sorted', u8(rule + MaskRule.operator, 3)],
    ['an unknown label', u8(rule + MaskRule.labels, 8)],
    ['label 63', u8(rule + MaskRule.labels + 7, 0x80)],
  ];
  test.each(rows)('%s', (_name, change) => {
    const blob = changed(change);
    expect(blob.equals(valid)).toBe(false);
    expect(kernel.accepts(blob, 3)).toBe(false);
  });

  test('every prefix', () => {
    for (let len = 0; len < valid.length; len++) {
      expect(kernel.accepts(valid.subarray(0, len), 3)).toBe(false);
      const lying = Buffer.from(valid.subarray(0, len));
      if (len >= 4) lying.writeUInt32LE(len);
      // Only the padding and the end of a key that no record uses could be missing, and there is none of either.
      expect(kernel.accepts(lying, 3)).toBe(false);
    }
  });

  test('names of 1,025 bytes, and capitals in disguise', () => {
    const named = (text: string, ignoreCase: boolean): Buffer =>
      buildMaskBlob({ names: [{ name: text, ignoreCase, rule: { operator: 'Null' } }] });
    expect(kernel.accepts(named('x'.repeat(1024), true))).toBe(true);
    expect(kernel.accepts(named('x'.repeat(1025), true))).toBe(false);
    expect(kernel.accepts(named('Pin', false))).toBe(true);
    for (const text of ['Pin', 'ta\u017fk', 'tas\u212a'])
      expect(kernel.accepts(named(text, true))).toBe(false);
  });
});

test('random changes never trap, and what is accepted can be masked with', () => {
  const text = '{"a":{"b":["4111111111111111",1,{"c":true}]},"x":[{"c":"s","pin":[1]}]}';
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
      if (!kernel.accepts(blob, 64)) return;
      accepted++;
      const { status, output } = kernel.mask(blob, text);
      if (status === 'ok') JSON.parse(output.toString());
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 5000) },
  );
  expect(accepted).toBeGreaterThan(0);
});
