/** The trie of path templates while it grows: one node for every run of segments that a template starts with. */
import { NONE } from '../../layout.ts';
import type { PathTemplate } from '../path-template.ts';

/** A node; indexes of nodes and patterns are NONE where there is nothing. */
export class TrieNode {
  literals: Map<string, number> | undefined;
  any: number = NONE;
  end: number = NONE;
  tail: number = NONE;
  /** Patterns by what the rest of a path starts with. */
  prefixes: Map<string, number> | undefined;

  /** True when a pattern ends here and nothing else is. */
  get isLeaf(): boolean {
    const { literals, any, end, tail, prefixes } = this;
    const hasMore = any !== NONE || tail !== NONE;
    return end !== NONE && !hasMore && literals === undefined && prefixes === undefined;
  }
}

/** Collects templates. Children come after their parent. */
export class PathTrie {
  readonly nodes: TrieNode[] = [new TrieNode()];

  /** The pattern at the place of the template; `next` is put there when there is none. */
  intern(template: PathTemplate, next: number): number {
    const node = this.#walk(template);
    if (template.end === 'prefix') {
      node.prefixes ??= new Map();
      const known = node.prefixes.get(template.affix);
      if (known === undefined) node.prefixes.set(template.affix, next);
      return known ?? next;
    }
    if (template.end === 'tail') {
      if (node.tail === NONE) node.tail = next;
      return node.tail;
    }
    if (node.end === NONE) node.end = next;
    return node.end;
  }

  #walk(template: PathTemplate): TrieNode {
    let node = this.#node(0);
    for (const segment of template.segments) {
      const isAny = segment === 'any';
      const known = isAny ? node.any : (node.literals?.get(segment.literal) ?? NONE);
      if (known !== NONE) {
        node = this.#node(known);
        continue;
      }
      const child = new TrieNode();
      const index = this.nodes.push(child) - 1;
      if (isAny) node.any = index;
      else {
        node.literals ??= new Map();
        node.literals.set(segment.literal, index);
      }
      node = child;
    }
    return node;
  }

  #node(index: number): TrieNode {
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`no path node ${index}`);
    return node;
  }
}
