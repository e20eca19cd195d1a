/** Follows field paths through a shape that is known before any document: the places that are active at a value. */
import { StepKind } from '../../layout.ts';
import type { Mask } from './mask.ts';
import type { FieldTree, TreeNode } from './mask-tree.ts';

/** Nodes that are active at a value, sorted. */
export type Place = readonly number[];

/**
 * Steps from place to place as the filter does with a document. Where something is only known of a document (the key of a
 * map, the index of an element) every node that could become active does.
 */
export class FieldWalk {
  readonly #nodes: readonly TreeNode[];
  // Targets of `**`: once active, they stay so further down.
  readonly #lasting: ReadonlySet<number>;

  constructor(tree: FieldTree) {
    this.#nodes = tree.nodes;
    const edges = tree.nodes.flatMap((node) => node.edges);
    const lasting = edges.filter(({ step }) => step.kind === StepKind.AnyDepth);
    this.#lasting = new Set(lasting.map(({ target }) => target));
  }

  /** The whole document. */
  document(): Place {
    return this.#close([0]);
  }

  /** A member that may be called by each of the names. */
  member(place: Place, names: readonly string[]): Place {
    return this.#step(
      place,
      ({ kind, key }) =>
        kind === StepKind.AnyMember || (kind === StepKind.Member && names.includes(key)),
    );
  }

  /** A member of any name. */
  anyMember(place: Place): Place {
    return this.#step(place, ({ kind }) => kind === StepKind.AnyMember || kind === StepKind.Member);
  }

  /** An element of any index. */
  element(place: Place): Place {
    return this.#step(
      place,
      ({ kind }) => kind === StepKind.AnyElement || kind === StepKind.Element,
    );
  }

  /** Masks of the value at a place. */
  masksAt(place: Place): Mask[] {
    return place.flatMap((index) => this.#nodes[index]?.mask ?? []);
  }

  /** Masks of the value at a place and of everything that could be inside it. */
  masksBelow(place: Place): Mask[] {
    const found = new Set(place);
    for (const index of found) {
      for (const { target } of this.#nodes[index]?.edges ?? []) found.add(target);
    }
    return this.masksAt([...found]);
  }

  #step(place: Place, takes: (step: TreeNode['edges'][number]['step']) => boolean): Place {
    const next: number[] = [];
    for (const index of place) {
      if (this.#lasting.has(index)) next.push(index);
      for (const { step, target } of this.#nodes[index]?.edges ?? []) {
        if (takes(step)) next.push(target);
      }
    }
    return this.#close(next);
  }

  // `**` may stand for nothing, so its target is active together with its node.
  #close(active: readonly number[]): Place {
    const found = new Set(active);
    for (const index of found) {
      for (const { step, target } of this.#nodes[index]?.edges ?? []) {
        if (step.kind === StepKind.AnyDepth) found.add(target);
      }
    }
    return [...found].sort((a, b) => a - b);
  }
}
