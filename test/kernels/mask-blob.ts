/** Builds mask blobs for the kernel tests: the layout of schema/bundle.ts from paths, names and a card rule. */
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
  MaskRule,
  NAME_FILTER_BYTES,
  NameMode,
  NONE,
  StepKind,
} from '../../controller/layout.ts';
import { compareSteps, compareTexts } from '../../controller/policy/compile/mask-order.ts';
import type { Step } from '../../controller/policy/field-path.ts';
import { appendMessages, type FieldSpec } from './proto-blob.ts';

/** What happens to a value, and for which missing labels (none: for everybody). */
export interface RuleSpec {
  operator: keyof typeof MaskOperator;
  keep?: number;
  labels?: bigint;
  /** Band from which on; default 0. */
  minBand?: number;
  /** Bucket width or DateUnit, days of DateShift, digits of Hash, radix of FormatPreserving. */
  param?: number;
  /** Replace */
  text?: string;
}

/** A step of a path: a member by name, an element by number, or one of the wildcards. */
export type StepSpec = { member: string } | { element: number } | '*' | '[*]' | '**';

/** What is masked in a document. */
export interface Profile {
  paths?: { path: string; rule: RuleSpec }[];
  /** `mode` wins over `ignoreCase`. */
  names?: {
    name: string;
    ignoreCase?: boolean;
    mode?: keyof typeof NameMode;
    rule: RuleSpec;
  }[];
  detectors?: { kind: keyof typeof DetectorKind; rule: RuleSpec }[];
  /** The same as a detector for cards. */
  card?: RuleSpec;
  flags?: number;
  /** Protobuf messages; `message` of a field is an index of these. */
  messages?: FieldSpec<RuleSpec>[][];
}

interface Node {
  rule: number;
  edges: { step: StepSpec; target: number }[];
}

/** Reads `$.customer.cards[*].number`, `$.lines[2]`, `$.*.id`, `$.**.pin`; `$` is the document. */
export function parsePath(path: string): StepSpec[] {
  return path
    .replaceAll('[', '.[')
    .split('.')
    .slice(1)
    .map((part) => {
      if (part === '*' || part === '[*]' || part === '**') return part;
      const element = /^\[(\d+)\]$/.exec(part)?.[1];
      return element === undefined ? { member: part } : { element: Number(element) };
    });
}

/** The keys of every blob: 32 bytes, 32 bytes, 16 bytes, a number. */
export const testKeys = {
  id: 7,
  hash: Buffer.alloc(32, 0x11),
  siv: Buffer.alloc(32, 0x22),
  fpe: Buffer.alloc(16, 0x33),
  dateShift: 0x1234_5678_9abcn,
};

/** The blob of a profile. */
export function buildMaskBlob(profile: Profile): Buffer {
  const rules = new Rules(specsOf(profile));
  const nodes: Node[] = [{ rule: NONE, edges: [] }];
  for (const { path, rule } of profile.paths ?? [])
    addPath(nodes, parsePath(path), rules.indexOf(rule));
  const names = namesOf(profile, rules);
  const detectors = detectorsOf(profile).map(({ kind, rule }) => ({
    kind: DetectorKind[kind],
    rule: rules.indexOf(rule),
  }));
  const blob = writeBlob(nodes, names, detectors, rules.sorted, profile.flags ?? 0);
  return appendMessages(blob, profile.messages ?? [], rules);
}

/** Names in the order of the blob, none of them twice. */
function namesOf(profile: Profile, rules: Rules): Names {
  const compare = (a: Names[number], b: Names[number]): number =>
    compareTexts(a.name, b.name) || a.mode - b.mode || a.index - b.index;
  return (profile.names ?? [])
    .map(({ name, ignoreCase, mode, rule }) => ({
      name,
      mode: NameMode[mode ?? (ignoreCase ? 'AnyCase' : 'Exact')],
      index: rules.indexOf(rule),
    }))
    .sort(compare)
    .filter((one, i, all) => i === 0 || compare(all[i - 1] as Names[number], one) !== 0);
}

/** Strength of a rule among others: the operator first, then how much it leaves. */
export function strengthOf(rule: RuleSpec): number {
  const order: (keyof typeof MaskOperator)[] = [
    'KeepLast',
    'KeepFirst',
    'DateShift',
    'Truncate',
    'Bucket',
    'FormatPreserving',
    'Token',
    'Hash',
    'Replace',
    'Redact',
    'Null',
    'Drop',
  ];
  return order.indexOf(rule.operator) * 100 + 99 - (rule.keep ?? 0);
}

function detectorsOf(profile: Profile): { kind: keyof typeof DetectorKind; rule: RuleSpec }[] {
  const card = profile.card ? [{ kind: 'Card' as const, rule: profile.card }] : [];
  return [...(profile.detectors ?? []), ...card];
}

function specsOf(profile: Profile): RuleSpec[] {
  const entries = [...(profile.paths ?? []), ...(profile.names ?? []), ...detectorsOf(profile)];
  const fields = (profile.messages ?? []).flat();
  return [...entries, ...fields].flatMap(({ rule }) => rule ?? []);
}

/** Rules sorted by strength, as the compiler writes them. */
class Rules {
  readonly sorted: RuleSpec[];

  constructor(rules: RuleSpec[]) {
    this.sorted = [...new Set(rules)].sort((a, b) => strengthOf(a) - strengthOf(b));
  }

  indexOf(rule: RuleSpec): number {
    return this.sorted.indexOf(rule);
  }
}

/** Paths share their common beginnings; two rules on one position get nodes of their own. */
function addPath(nodes: Node[], steps: StepSpec[], rule: number): void {
  let at = 0;
  // A second rule on the document itself: `**` without a step leads to it.
  const ways: StepSpec[] = steps.length === 0 && nodes[0]?.rule !== NONE ? ['**'] : steps;
  ways.forEach((step, i) => {
    const isLast = i === ways.length - 1;
    const node = nodes[at] as Node;
    const same = node.edges.find(
      (edge) =>
        JSON.stringify(edge.step) === JSON.stringify(step) &&
        !(isLast && nodes[edge.target]?.rule !== NONE),
    );
    at = same ? same.target : nodes.push({ rule: NONE, edges: [] }) - 1;
    if (!same) node.edges.push({ step, target: at });
  });
  (nodes[at] as Node).rule = rule;
}

type Names = { name: string; mode: number; index: number }[];
type Detectors = { kind: number; rule: number }[];

function writeBlob(
  nodes: Node[],
  names: Names,
  detectors: Detectors,
  rules: RuleSpec[],
  flags: number,
): Buffer {
  const edgeCount = nodes.reduce((sum, node) => sum + node.edges.length, 0);
  const nodeOff = MaskHeader.SIZE;
  const edgeOff = nodeOff + nodes.length * MaskNode.SIZE;
  const nameOff = edgeOff + edgeCount * MaskEdge.SIZE;
  const ruleOff = nameOff + names.length * MaskName.SIZE;
  const detectorOff = ruleOff + rules.length * MaskRule.SIZE;
  const keyOff = Math.ceil((detectorOff + detectors.length * MaskDetector.SIZE) / 8) * 8;
  const filterOff = keyOff + MaskKey.SIZE;
  const stringOff = filterOff + NAME_FILTER_BYTES;
  const strings = new Strings();
  const head = Buffer.alloc(stringOff);
  const filter = head.subarray(filterOff);
  let edge = 0;
  nodes.forEach((node, i) => {
    const at = nodeOff + i * MaskNode.SIZE;
    head.writeUInt32LE(edge, at + MaskNode.edgeStart);
    head.writeUInt32LE(node.edges.length, at + MaskNode.edgeCount);
    head.writeUInt32LE(node.rule, at + MaskNode.rule);
    const kinds = node.edges.reduce((bits, { step }) => bits | (1 << stepKind(step)), 0);
    head.writeUInt32LE(kinds, at + MaskNode.kinds);
    const sorted = node.edges.toSorted(
      (a, b) => compareSteps(plainStep(a.step), plainStep(b.step)) || a.target - b.target,
    );
    for (const { step, target } of sorted) {
      const edgeAt = edgeOff + edge++ * MaskEdge.SIZE;
      head.writeUInt32LE(stepKind(step), edgeAt + MaskEdge.kind);
      head.writeUInt32LE(target, edgeAt + MaskEdge.target);
      if (typeof step === 'object' && 'member' in step) {
        strings.write(head, edgeAt + MaskEdge.key, step.member);
        admitName(filter, step.member);
      }
      if (typeof step === 'object' && 'element' in step) {
        head.writeUInt32LE(step.element, edgeAt + MaskEdge.index);
        flags |= MaskFlag.HasElements;
      }
    }
  });
  names.forEach(({ name, mode, index }, i) => {
    const at = nameOff + i * MaskName.SIZE;
    head.writeUInt32LE(mode, at + MaskName.mode);
    head.writeUInt32LE(index, at + MaskName.rule);
    strings.write(head, at + MaskName.key, name);
    admitName(filter, name);
  });
  rules.forEach((rule, i) => {
    const at = ruleOff + i * MaskRule.SIZE;
    const { operator, keep, labels, minBand, param, text } = rule;
    head.writeBigUInt64LE(labels ?? 1n, at + MaskRule.labels);
    head.writeUInt8(MaskOperator[operator], at + MaskRule.operator);
    head.writeUInt8(keep ?? 0, at + MaskRule.keep);
    head.writeUInt8(minBand ?? 0, at + MaskRule.minBand);
    head.writeUInt8(labels ? 0 : 1, at + MaskRule.flags);
    head.writeUInt32LE(param ?? 0, at + MaskRule.param);
    if (text !== undefined) strings.write(head, at + MaskRule.text, text);
    if (operator === 'Drop') flags |= MaskFlag.HasDrops;
  });
  detectors.forEach(({ kind, rule }, i) => {
    const at = detectorOff + i * MaskDetector.SIZE;
    head.writeUInt32LE(kind, at + MaskDetector.kind);
    head.writeUInt32LE(rule, at + MaskDetector.rule);
  });
  head.writeUInt32LE(testKeys.id, keyOff + MaskKey.id);
  testKeys.hash.copy(head, keyOff + MaskKey.hash);
  testKeys.siv.copy(head, keyOff + MaskKey.siv);
  testKeys.fpe.copy(head, keyOff + MaskKey.fpe);
  head.writeBigUInt64LE(testKeys.dateShift, keyOff + MaskKey.dateShift);
  const totalLen = Math.ceil((stringOff + strings.bytes.length) / 8) * 8;
  const header: [number, number][] = [
    [MaskHeader.totalLen, totalLen],
    [MaskHeader.nodeOff, nodeOff],
    [MaskHeader.nodeCount, nodes.length],
    [MaskHeader.edgeOff, edgeOff],
    [MaskHeader.edgeCount, edgeCount],
    [MaskHeader.nameOff, nameOff],
    [MaskHeader.nameCount, names.length],
    [MaskHeader.ruleOff, ruleOff],
    [MaskHeader.ruleCount, rules.length],
    [MaskHeader.detectorOff, detectorOff],
    [MaskHeader.detectorCount, detectors.length],
    [MaskHeader.keyOff, keyOff],
    [MaskHeader.keyCount, 1],
    [MaskHeader.stringOff, stringOff],
    [MaskHeader.stringLen, strings.bytes.length],
    [MaskHeader.nameFilter, filterOff],
    [MaskHeader.flags, flags],
  ];
  for (const empty of ['value', 'segment', 'path', 'route', 'method', 'message', 'field'] as const)
    header.push([MaskHeader[`${empty}Off`], MaskHeader.SIZE]);
  for (const [field, value] of header) head.writeUInt32LE(value, field);
  return Buffer.concat([head, strings.bytes], totalLen);
}

/** Sets the bit of a name's first and last letter, folded and without separators. */
function admitName(filter: Buffer, name: string): void {
  const folded = Buffer.from(
    name
      .toLowerCase()
      .replaceAll('\u017f', 's')
      .replaceAll(/[-_. ]/g, ''),
  );
  const first = folded[0] ?? 0x80;
  const last = folded.at(-1) ?? 0x80;
  if (first >= 0x80 || last >= 0x80) {
    filter.fill(0xff, 0, NAME_FILTER_BYTES);
    return;
  }
  const bit = ((first & 31) << 5) | (last & 31);
  filter[bit >> 3] = (filter[bit >> 3] ?? 0) | (1 << (bit & 7));
}

function plainStep(step: StepSpec): Step {
  const key = typeof step === 'object' && 'member' in step ? step.member : '';
  const index = typeof step === 'object' && 'element' in step ? step.element : 0;
  return { kind: stepKind(step), key, index };
}

function stepKind(step: StepSpec): StepKind {
  if (typeof step === 'object') return 'member' in step ? StepKind.Member : StepKind.Element;
  return { '*': StepKind.AnyMember, '[*]': StepKind.AnyElement, '**': StepKind.AnyDepth }[step];
}

/** The strings section: bytes one after the other. */
class Strings {
  bytes = Buffer.alloc(0);

  /** Appends a text and writes its `str` at `field`. */
  write(target: Buffer, field: number, text: string): void {
    const bytes = Buffer.from(text);
    target.writeUInt32LE(this.bytes.length, field);
    target.writeUInt32LE(bytes.length, field + 4);
    this.bytes = Buffer.concat([this.bytes, bytes]);
  }
}
