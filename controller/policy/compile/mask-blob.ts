/** Writes a mask blob: what the filter needs to mask one direction, in one piece without outside references. */
import {
  DetectorKind,
  MaskDetector,
  MaskEdge,
  MaskFlag,
  MaskHeader,
  MaskKey,
  MaskName,
  MaskNode,
  MaskOperator,
  NAME_FILTER_BYTES,
  type NameMode,
  NONE,
  StepKind,
} from '../../layout.ts';
import type { MaskKeys } from '../../mask-keys.ts';
import { align8, Records, type Span, StringTable } from '../../section-file.ts';
import { nameFilterOf } from '../fold-name.ts';
import type { Mask } from './mask.ts';
import { compareSteps, compareTexts } from './mask-order.ts';
import { type PlacePlan, type PlaceTables, writePlaces } from './mask-places.ts';
import { type MaskedMethod, type ProtobufTables, writeProtobuf } from './mask-protobuf.ts';
import { MaskRules } from './mask-rules.ts';
import type { FieldTree, TreeNode } from './mask-tree.ts';

/** What a direction masks: by path, by name (all that match count), by value, and beside the body. */
export interface MaskPlan extends PlacePlan {
  readonly tree: FieldTree;
  readonly names: readonly {
    readonly fieldName: string;
    readonly match: NameMode;
    readonly mask: Mask;
  }[];
  readonly detectors: readonly { readonly kind: DetectorKind; readonly mask: Mask }[];
  /** Tables of Pattern0 and those behind it. */
  readonly patterns: readonly Uint8Array[];
  readonly methods: readonly MaskedMethod[];
  readonly allowsUpgrades: boolean;
  /** In lower case; empty for none. */
  readonly labelHeader: string;
}

/**
 * The bytes of a blob, a multiple of 8. `keys` are written when a rule works with one. Throws DtaError when its paths need
 * too many active nodes, or protobuf messages too many places.
 */
export function writeMaskBlob(plan: MaskPlan, keys: MaskKeys): Uint8Array {
  plan.tree.checkActive();
  const rules = collectRules(plan);
  const strings = new StringTable();
  const ruleRecords = rules.write(strings);
  const tables = {
    ...writeTree(plan.tree, rules, strings),
    names: writeNames(plan, rules, strings),
    rules: ruleRecords,
    keys: writeKeys(rules, keys),
    ...writePlaces(plan, rules, strings),
    ...writeProtobuf(plan.methods, plan, rules, strings),
  };
  const labelHeader = strings.intern(plan.labelHeader);
  // Behind all texts, so that their places are known.
  const patterns = placePatterns(plan.patterns, strings.length);
  const detectors = writeDetectors(plan, rules, patterns.spans);
  const steps = plan.tree.nodes.flatMap((node) => node.edges.map((edge) => edge.step));
  const members = steps.filter((step) => step.kind === StepKind.Member).map((step) => step.key);
  const flags =
    (plan.allowsUpgrades ? MaskFlag.AllowUpgrades : 0) |
    (steps.some((step) => step.kind === StepKind.Element) ? MaskFlag.HasElements : 0) |
    (rules.has(MaskOperator.Drop) ? MaskFlag.HasDrops : 0);
  const filter = nameFilterOf([...members, ...plan.names.map((name) => name.fieldName)]);
  const bytes = Buffer.concat([strings.bytes(), patterns.bytes]);
  return assemble({ ...tables, detectors }, bytes, { flags, filter, labelHeader });
}

function collectRules(plan: MaskPlan): MaskRules {
  const rules = new MaskRules();
  for (const { mask } of plan.tree.nodes) {
    if (mask !== undefined) rules.add(mask);
  }
  for (const { mask } of [...plan.names, ...plan.detectors, ...plan.values, ...plan.segments]) {
    rules.add(mask);
  }
  return rules;
}

function writeTree(
  tree: FieldTree,
  rules: MaskRules,
  strings: StringTable,
): { nodes: Records; edges: Records } {
  const nodes = new Records(MaskNode.SIZE);
  const edges = new Records(MaskEdge.SIZE);
  for (const node of tree.nodes) {
    const edgeStart = edges.count;
    const sorted = node.edges.toSorted(
      (a, b) => compareSteps(a.step, b.step) || a.target - b.target,
    );
    for (const { step, target } of sorted) {
      edges.add((view, at) => {
        view.setUint32(at + MaskEdge.kind, step.kind, true);
        view.setUint32(at + MaskEdge.target, target, true);
        view.setUint32(at + MaskEdge.index, step.index, true);
        strings.put(view, at + MaskEdge.key, step.key);
      });
    }
    const rule = node.mask === undefined ? NONE : rules.indexOf(node.mask);
    nodes.add((view, at) => {
      view.setUint32(at + MaskNode.edgeStart, edgeStart, true);
      view.setUint32(at + MaskNode.edgeCount, node.edges.length, true);
      view.setUint32(at + MaskNode.rule, rule, true);
      view.setUint32(at + MaskNode.kinds, kindsOf(node.edges), true);
    });
  }
  return { nodes, edges };
}

// A bit for each kind of step.
function kindsOf(edges: TreeNode['edges']): number {
  return edges.reduce((kinds, { step }) => kinds | (1 << step.kind), 0);
}

function writeNames(plan: MaskPlan, rules: MaskRules, strings: StringTable): Records {
  const names = new Records(MaskName.SIZE);
  const sorted = plan.names
    .map(({ fieldName, match, mask }) => ({ fieldName, match, rule: rules.indexOf(mask) }))
    .sort(compareNames);
  for (const [i, one] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before !== undefined && compareNames(before, one) === 0) continue;
    names.add((view, at) => {
      view.setUint32(at + MaskName.mode, one.match, true);
      view.setUint32(at + MaskName.rule, one.rule, true);
      strings.put(view, at + MaskName.key, one.fieldName);
    });
  }
  return names;
}

interface Name {
  readonly fieldName: string;
  readonly match: NameMode;
  readonly rule: number;
}

function compareNames(a: Name, b: Name): number {
  return compareTexts(a.fieldName, b.fieldName) || a.match - b.match || a.rule - b.rule;
}

// Each table begins at a multiple of 8.
function placePatterns(
  tables: readonly Uint8Array[],
  textLength: number,
): { spans: Span[]; bytes: Uint8Array } {
  if (tables.length === 0) return { spans: [], bytes: new Uint8Array() };
  const spans: Span[] = [];
  let end = textLength;
  for (const { length: len } of tables) {
    const off = align8(end);
    spans.push({ off, len });
    end = off + len;
  }
  const bytes = new Uint8Array(end - textLength);
  for (const [i, table] of tables.entries()) bytes.set(table, (spans[i]?.off ?? 0) - textLength);
  return { spans, bytes };
}

function writeDetectors(plan: MaskPlan, rules: MaskRules, patterns: readonly Span[]): Records {
  const detectors = new Records(MaskDetector.SIZE);
  for (const { kind, mask } of plan.detectors) {
    const { off, len } = patterns[kind - DetectorKind.Pattern0] ?? { off: 0, len: 0 };
    detectors.add((view, at) => {
      view.setUint32(at + MaskDetector.kind, kind, true);
      view.setUint32(at + MaskDetector.rule, rules.indexOf(mask), true);
      view.setUint32(at + MaskDetector.pattern, off, true);
      view.setUint32(at + MaskDetector.patternLen, len, true);
    });
  }
  return detectors;
}

function writeKeys(rules: MaskRules, keys: MaskKeys): Records {
  const records = new Records(MaskKey.SIZE);
  if (!rules.needsKey) return records;
  records.add((view, at) => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset);
    view.setUint32(at + MaskKey.id, keys.keyId, true);
    bytes.set(keys.hash, at + MaskKey.hash);
    bytes.set(keys.siv, at + MaskKey.siv);
    bytes.set(keys.fpe, at + MaskKey.fpe);
    bytes.set(keys.dateShift, at + MaskKey.dateShift);
  });
  return records;
}

interface Tables extends PlaceTables, ProtobufTables {
  readonly nodes: Records;
  readonly edges: Records;
  readonly names: Records;
  readonly rules: Records;
  readonly detectors: Records;
  readonly keys: Records;
}

interface HeaderFields {
  readonly flags: number;
  readonly filter: Uint8Array;
  readonly labelHeader: Span;
}

// In the order of the bytes; each count stands behind its offset.
const places = [
  ['nodes', MaskHeader.nodeOff],
  ['edges', MaskHeader.edgeOff],
  ['names', MaskHeader.nameOff],
  ['rules', MaskHeader.ruleOff],
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

function assemble(tables: Tables, strings: Uint8Array, fields: HeaderFields): Uint8Array {
  const sections = places.map(([name, at]) => ({ at, ...tables[name].section(0) }));
  const tablesEnd = sections.reduce<number>(
    (end, { bytes }) => end + bytes.length,
    MaskHeader.SIZE,
  );
  const filterOff = align8(tablesEnd + strings.length);
  const blob = new Uint8Array(filterOff + NAME_FILTER_BYTES);
  const view = new DataView(blob.buffer);
  view.setUint32(MaskHeader.totalLen, blob.length, true);
  let off: number = MaskHeader.SIZE;
  for (const { at, bytes, count } of sections) {
    view.setUint32(at, off, true);
    view.setUint32(at + 4, count, true);
    blob.set(bytes, off);
    off += bytes.length;
  }
  view.setUint32(MaskHeader.stringOff, tablesEnd, true);
  view.setUint32(MaskHeader.stringLen, strings.length, true);
  blob.set(strings, tablesEnd);
  view.setUint32(MaskHeader.nameFilter, filterOff, true);
  blob.set(fields.filter, filterOff);
  view.setUint32(MaskHeader.flags, fields.flags, true);
  view.setUint32(MaskHeader.labelHeader, fields.labelHeader.off, true);
  view.setUint32(MaskHeader.labelHeaderLen, fields.labelHeader.len, true);
  return blob;
}
