/** The tables of paths: distinct templates, and the segment trie that finds those that match a path. */
import { BundleSection, NONE, PathEdge, PathNode, PathPattern } from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import { hash32 } from '../hash32.ts';
import type { PathTemplate } from '../path-template.ts';
import { placeInSlots } from './hash-slots.ts';
import type { ListTable } from './lists.ts';

interface Pattern {
  readonly text: string;
  readonly rules: number[];
}

interface Node {
  readonly literals: Map<string, number>;
  any: number;
  readonly ends: number[];
  readonly tails: number[];
}

/** Collects path templates. Templates that match the same paths are one pattern. */
export class PathTable {
  readonly #indexes = new Map<string, number>();
  readonly #patterns: Pattern[] = [];
  readonly #nodes: Node[] = [newNode()];

  /** The index of the pattern of a template. */
  intern(template: PathTemplate): number {
    const parts = template.segments.map((s) => (s === 'any' ? '{}' : s.literal));
    const key = `${parts.join('/')}${template.tail ? '/**' : ''}`;
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = this.#patterns.push({ text: template.text, rules: [] }) - 1;
      this.#indexes.set(key, index);
      const node = this.#walk(template);
      (template.tail ? node.tails : node.ends).push(index);
    }
    return index;
  }

  /** Says that `rule` is to be tried when the pattern matches. Rules come in rising order. */
  addRule(pattern: number, rule: number): void {
    const rules = this.#patterns[pattern]?.rules;
    if (rules?.at(-1) !== rule) rules?.push(rule);
  }

  /** Sections PathPatterns, PathNodes and PathEdges. */
  write(lists: ListTable, strings: StringTable): SectionData[] {
    const patterns = new Records(PathPattern.SIZE);
    for (const pattern of this.#patterns) {
      patterns.add((view, at) => {
        strings.put(view, at + PathPattern.text, pattern.text);
        lists.put(view, at + PathPattern.ruleStart, pattern.rules);
      });
    }
    const nodes = new Records(PathNode.SIZE);
    for (const node of this.#nodes) {
      nodes.add((view, at) => {
        view.setUint32(at + PathNode.anyChild, node.any, true);
        lists.put(view, at + PathNode.endStart, node.ends);
        lists.put(view, at + PathNode.tailStart, node.tails);
      });
    }
    return [
      patterns.section(BundleSection.PathPatterns),
      nodes.section(BundleSection.PathNodes),
      this.#writeEdges(strings).section(BundleSection.PathEdges),
    ];
  }

  #walk(template: PathTemplate): Node {
    let at = 0;
    for (const segment of template.segments) {
      const node = this.#node(at);
      const known = segment === 'any' ? node.any : (node.literals.get(segment.literal) ?? NONE);
      if (known !== NONE) {
        at = known;
        continue;
      }
      // Children come after their parent, so the reader can check the trie in one pass.
      at = this.#nodes.push(newNode()) - 1;
      if (segment === 'any') node.any = at;
      else node.literals.set(segment.literal, at);
    }
    return this.#node(at);
  }

  #writeEdges(strings: StringTable): Records {
    const edges = this.#nodes.flatMap((node, parent) =>
      [...node.literals].map(([segment, child]) => ({ parent, segment, child })),
    );
    const hashes = edges.map(
      ({ parent, segment }) =>
        (hash32(Buffer.from(segment)) ^ Math.imul(parent, NODE_HASH_FACTOR)) >>> 0,
    );
    const { slotCount, slots } = placeInSlots(hashes);
    const table = new Records(PathEdge.SIZE);
    table.reserve(slotCount);
    for (const [i, { parent, segment, child }] of edges.entries()) {
      table.fillAt(slots[i] ?? 0, (view, at) => {
        view.setUint32(at + PathEdge.hash, hashes[i] ?? 0, true);
        view.setUint32(at + PathEdge.node, parent, true);
        view.setUint32(at + PathEdge.child, child, true);
        strings.put(view, at + PathEdge.segment, segment);
      });
    }
    return table;
  }

  #node(index: number): Node {
    const node = this.#nodes[index];
    if (node === undefined) throw new RangeError(`no path node ${index}`);
    return node;
  }
}

function newNode(): Node {
  return { literals: new Map(), any: NONE, ends: [], tails: [] };
}

// Part of the format (docs/formats.md, PathEdge.hash).
const NODE_HASH_FACTOR = 0x9e3779b1;
