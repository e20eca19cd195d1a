/** Builds mask blobs for the kernel tests: the layout of schema/bundle.ts from paths, names and a card rule. */
import {
  MaskEdge,
  MaskHeader,
  MaskName,
  MaskNode,
  MaskOperator,
  MaskRule,
  NONE,
  StepKind,
} from '../../controller/layout.ts';

/** What happens to a value, and for which missing labels (none: for everybody). */
export interface RuleSpec {
  operator: 'KeepLast' | 'Redact' | 'Null';
  keep?: number;
  labels?: bigint;
}

/** A step of a path: a member by name, or one of the wildcards. */
export type StepSpec = { member: string } | '*' | '[*]' | '**';

/** What is masked in a document. */
export interface Profile {
  paths?: { path: string; rule: RuleSpec }[];
  names?: { name: string; ignoreCase?: boolean; rule: RuleSpec }[];
  card?: RuleSpec;
}

interface Node {
  rule: number;
  edges: { step: StepSpec; target: number }[];
}

/** Reads `$.customer.cards[*].number`, `$.*.id`, `$.**.pin`; `$` is the document. */
export function parsePath(path: string): StepSpec[] {
  return path
    .replaceAll('[*]', '.[*]')
    .split('.')
    .slice(1)
    .map((part) => (part === '*' || part === '[*]' || part === '**' ? part : { member: part }));
}

/** The blob of a profile. */
export function buildMaskBlob(profile: Profile): Buffer {
  const rules: RuleSpec[] = [];
  const ruleIndex = (rule: RuleSpec): number => rules.push(rule) - 1;
  const nodes: Node[] = [{ rule: NONE, edges: [] }];
  for (const { path, rule } of profile.paths ?? [])
    addPath(nodes, parsePath(path), ruleIndex(rule));
  const names = (profile.names ?? []).map((name) => ({ ...name, index: ruleIndex(name.rule) }));
  const cardRule = profile.card ? ruleIndex(profile.card) : NONE;
  return writeBlob(nodes, names, rules, cardRule);
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

type Names = { name: string; ignoreCase?: boolean; index: number }[];

function writeBlob(nodes: Node[], names: Names, rules: RuleSpec[], cardRule: number): Buffer {
  const edgeCount = nodes.reduce((sum, node) => sum + node.edges.length, 0);
  const nodeOff = MaskHeader.SIZE;
  const edgeOff = nodeOff + nodes.length * MaskNode.SIZE;
  const nameOff = edgeOff + edgeCount * MaskEdge.SIZE;
  const ruleOff = nameOff + names.length * MaskName.SIZE;
  const stringOff = ruleOff + rules.length * MaskRule.SIZE;
  const strings = new Strings();
  const head = Buffer.alloc(stringOff);
  let edge = 0;
  nodes.forEach((node, i) => {
    const at = nodeOff + i * MaskNode.SIZE;
    head.writeUInt32LE(edge, at + MaskNode.edgeStart);
    head.writeUInt32LE(node.edges.length, at + MaskNode.edgeCount);
    head.writeUInt32LE(node.rule, at + MaskNode.rule);
    for (const { step, target } of node.edges) {
      const edgeAt = edgeOff + edge++ * MaskEdge.SIZE;
      head.writeUInt32LE(stepKind(step), edgeAt + MaskEdge.kind);
      head.writeUInt32LE(target, edgeAt + MaskEdge.target);
      if (typeof step === 'object') strings.write(head, edgeAt + MaskEdge.key, step.member);
    }
  });
  names.forEach(({ name, ignoreCase, index }, i) => {
    const at = nameOff + i * MaskName.SIZE;
    head.writeUInt32LE(ignoreCase ? 1 : 0, at + MaskName.ignoreCase);
    head.writeUInt32LE(index, at + MaskName.rule);
    strings.write(head, at + MaskName.key, name);
  });
  rules.forEach(({ operator, keep, labels }, i) => {
    const at = ruleOff + i * MaskRule.SIZE;
    head.writeBigUInt64LE(labels ?? 0n, at + MaskRule.labels);
    head.writeUInt8(MaskOperator[operator], at + MaskRule.operator);
    head.writeUInt8(keep ?? 0, at + MaskRule.keep);
  });
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
    [MaskHeader.stringOff, stringOff],
    [MaskHeader.stringLen, strings.bytes.length],
    [MaskHeader.cardRule, cardRule],
  ];
  for (const [field, value] of header) head.writeUInt32LE(value, field);
  return Buffer.concat([head, strings.bytes], totalLen);
}

function stepKind(step: StepSpec): number {
  if (typeof step === 'object') return StepKind.Member;
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
