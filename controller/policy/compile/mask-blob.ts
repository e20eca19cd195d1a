/** Writes a mask blob: what the filter needs to mask one kind of body, in one piece without outside references. */
import { MaskEdge, MaskHeader, MaskName, MaskNode, MaskRule, NONE } from '../../layout.ts';
import { align8, Records, StringTable } from '../../section-file.ts';
import type { Mask } from './mask.ts';
import type { FieldTree } from './mask-tree.ts';

/** What one kind of body masks: by path, by name (all that match count), and card numbers. */
export interface MaskPlan {
  readonly tree: FieldTree;
  readonly names: readonly {
    readonly fieldName: string;
    readonly ignoreCase: boolean;
    readonly mask: Mask;
  }[];
  readonly card: Mask | undefined;
}

/** The bytes of a blob, a multiple of 8. Throws DtaError when its paths need too many active nodes. */
export function writeMaskBlob(plan: MaskPlan): Uint8Array {
  plan.tree.checkActive();
  const rules = new MaskRules();
  const strings = new StringTable();
  const { nodes, edges } = writeTree(plan.tree, rules, strings);
  const names = new Records(MaskName.SIZE);
  for (const { fieldName, ignoreCase, mask } of plan.names) {
    names.add((view, at) => {
      view.setUint32(at + MaskName.ignoreCase, ignoreCase ? 1 : 0, true);
      view.setUint32(at + MaskName.rule, rules.intern(mask), true);
      strings.put(view, at + MaskName.key, fieldName);
    });
  }
  const cardRule = plan.card === undefined ? NONE : rules.intern(plan.card);
  return assemble({ nodes, edges, names, rules: rules.records }, strings, cardRule);
}

class MaskRules {
  readonly records = new Records(MaskRule.SIZE);
  readonly #indexes = new Map<string, number>();

  intern(mask: Mask): number {
    const key = `${mask.labels} ${mask.operator} ${mask.keep}`;
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.records.add((view, at) => {
      view.setBigUint64(at + MaskRule.labels, mask.labels, true);
      view.setUint8(at + MaskRule.operator, mask.operator);
      view.setUint8(at + MaskRule.keep, mask.keep);
    });
    this.#indexes.set(key, index);
    return index;
  }
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
    for (const { step, target } of node.edges) {
      edges.add((view, at) => {
        view.setUint32(at + MaskEdge.kind, step.kind, true);
        view.setUint32(at + MaskEdge.target, target, true);
        strings.put(view, at + MaskEdge.key, step.key);
      });
    }
    nodes.add((view, at) => {
      view.setUint32(at + MaskNode.edgeStart, edgeStart, true);
      view.setUint32(at + MaskNode.edgeCount, node.edges.length, true);
      view.setUint32(
        at + MaskNode.rule,
        node.mask === undefined ? NONE : rules.intern(node.mask),
        true,
      );
    });
  }
  return { nodes, edges };
}

interface Parts {
  readonly nodes: Records;
  readonly edges: Records;
  readonly names: Records;
  readonly rules: Records;
}

function assemble(parts: Parts, strings: StringTable, cardRule: number): Uint8Array {
  const order = [parts.nodes, parts.edges, parts.names, parts.rules].map((r) => r.section(0));
  const starts: number[] = [];
  let stringOff: number = MaskHeader.SIZE;
  for (const section of order) {
    starts.push(stringOff);
    stringOff += section.bytes.length;
  }
  const bytes = new Uint8Array(align8(stringOff + strings.length));
  const view = new DataView(bytes.buffer);
  const places = [MaskHeader.nodeOff, MaskHeader.edgeOff, MaskHeader.nameOff, MaskHeader.ruleOff];
  view.setUint32(MaskHeader.totalLen, bytes.length, true);
  for (const [i, section] of order.entries()) {
    const off = starts[i] ?? 0;
    // Each count stands behind its offset.
    view.setUint32(places[i] ?? 0, off, true);
    view.setUint32((places[i] ?? 0) + 4, section.count, true);
    bytes.set(section.bytes, off);
  }
  view.setUint32(MaskHeader.stringOff, stringOff, true);
  view.setUint32(MaskHeader.stringLen, strings.length, true);
  view.setUint32(MaskHeader.cardRule, cardRule, true);
  bytes.set(strings.bytes(), stringOff);
  return bytes;
}
