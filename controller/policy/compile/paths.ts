/** The tables of paths: distinct templates, and the segment trie that finds those that match a path. */
import {
  BundleSection,
  CHILD_LEAF,
  NONE,
  PathAffix,
  PathEdge,
  PathNode,
  PathPattern,
} from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import { hash32 } from '../hash32.ts';
import type { PathTemplate } from '../path-template.ts';
import { hashBelow, slotSection } from './hash-slots.ts';
import type { ListTable } from './lists.ts';
import { PathTrie } from './path-trie.ts';

/** The sections of paths, and the lengths of the suffixes. */
export interface WrittenPaths {
  readonly sections: readonly SectionData[];
  readonly suffixLengths: readonly number[];
}

/** Collects path templates. Templates that match the same paths are one pattern. */
export class PathTable {
  readonly #trie = new PathTrie();
  readonly #suffixes = new Map<string, number>();
  // Of each pattern the rules that use it.
  readonly #rules: number[][] = [];

  /** The index of the pattern of a template. */
  intern(template: PathTemplate): number {
    const next = this.#rules.length;
    const pattern =
      template.end === 'suffix'
        ? internIn(this.#suffixes, template.affix, next)
        : this.#trie.intern(template, next);
    if (pattern === next) this.#rules.push([]);
    return pattern;
  }

  /** Says that `rule` is to be tried when the pattern matches. Rules come in rising order. */
  addRule(pattern: number, rule: number): void {
    const rules = this.#rules[pattern];
    if (rules?.at(-1) !== rule) rules?.push(rule);
  }

  /** Sections PathPatterns, PathNodes, PathEdges, EdgeSlots, PathAffixes and AffixSlots. */
  write(lists: ListTable, strings: StringTable): WrittenPaths {
    const patterns = new Records(PathPattern.SIZE);
    for (const rules of this.#rules) {
      patterns.add((view, at) => lists.put(view, at + PathPattern.ruleStart, rules));
    }
    const trie = new TrieWriter(lists, strings);
    trie.writeNodes(this.#trie);
    const suffixLengths = trie.writeAffixes(NONE, this.#suffixes);
    return {
      sections: [patterns.section(BundleSection.PathPatterns), ...trie.sections()],
      suffixLengths,
    };
  }
}

/** Writes the trie: nodes that only end a pattern become leaves of their parent. */
class TrieWriter {
  readonly #lists: ListTable;
  readonly #strings: StringTable;
  readonly #nodes = new Records(PathNode.SIZE);
  readonly #edges = new Records(PathEdge.SIZE);
  readonly #edgeHashes: number[] = [];
  readonly #affixes = new Records(PathAffix.SIZE);
  readonly #affixHashes: number[] = [];

  constructor(lists: ListTable, strings: StringTable) {
    this.#lists = lists;
    this.#strings = strings;
  }

  writeNodes(trie: PathTrie): void {
    // What a child is called in the file: its number without the leaves in front of it, or the pattern of a leaf.
    const names = new Uint32Array(trie.nodes.length);
    let count = 0;
    for (const [i, node] of trie.nodes.entries()) {
      names[i] = i > 0 && node.isLeaf ? CHILD_LEAF + node.end : count++;
    }
    const nameOf = (child: number): number => (child === NONE ? NONE : (names[child] ?? NONE));
    for (const [i, node] of trie.nodes.entries()) {
      if (i > 0 && node.isLeaf) continue;
      const index = this.#nodes.count;
      const lengths = this.writeAffixes(index, node.prefixes);
      const prefixes =
        lengths.length === 0 ? NONE : this.#lists.intern([lengths.length, ...lengths]).start;
      this.#nodes.add((view, at) => {
        view.setUint32(at + PathNode.anyChild, nameOf(node.any), true);
        view.setUint32(at + PathNode.end, node.end, true);
        view.setUint32(at + PathNode.tail, node.tail, true);
        view.setUint32(at + PathNode.prefixes, prefixes, true);
      });
      for (const [segment, child] of node.literals ?? []) {
        this.#writeEdge(index, segment, nameOf(child));
      }
    }
  }

  /** Writes the affixes of a node, or suffixes for NONE; returns their distinct lengths in bytes, rising. */
  writeAffixes(node: number, affixes: ReadonlyMap<string, number> | undefined): number[] {
    const lengths = new Set<number>();
    for (const [text, pattern] of affixes ?? []) {
      this.#affixes.add((view, at) => {
        view.setUint32(at + PathAffix.node, node, true);
        view.setUint32(at + PathAffix.pattern, pattern, true);
        this.#strings.put(view, at + PathAffix.text, text);
      });
      this.#affixHashes.push(hashBelow(node, hash32(this.#strings.bytesOf(text))));
      lengths.add(this.#strings.intern(text).len);
    }
    return [...lengths].sort((a, b) => a - b);
  }

  sections(): SectionData[] {
    return [
      this.#nodes.section(BundleSection.PathNodes),
      this.#edges.section(BundleSection.PathEdges),
      slotSection(BundleSection.EdgeSlots, this.#edgeHashes),
      this.#affixes.section(BundleSection.PathAffixes),
      slotSection(BundleSection.AffixSlots, this.#affixHashes),
    ];
  }

  #writeEdge(node: number, segment: string, child: number): void {
    this.#edges.add((view, at) => {
      view.setUint32(at + PathEdge.node, node, true);
      view.setUint32(at + PathEdge.child, child, true);
      this.#strings.put(view, at + PathEdge.segment, segment);
    });
    this.#edgeHashes.push(hashBelow(node, hash32(this.#strings.bytesOf(segment))));
  }
}

function internIn(map: Map<string, number>, key: string, next: number): number {
  const known = map.get(key);
  if (known === undefined) map.set(key, next);
  return known ?? next;
}
