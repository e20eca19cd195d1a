/** The tree of field paths that a mask profile follows through a body. */
import { DtaError } from '../../errors.ts';
import { MASK_NODES_ACTIVE_MAX, StepKind } from '../../layout.ts';
import type { Step } from '../field-path.ts';
import { combineMasks, type Mask } from './mask.ts';

/** A position in a field path, with the mask of the values there. */
export interface TreeNode {
  readonly edges: { readonly step: Step; readonly target: number }[];
  mask: Mask | undefined;
}

/** Collects field paths; common starts share their nodes. Node 0 is the document. */
export class FieldTree {
  readonly nodes: TreeNode[] = [{ edges: [], mask: undefined }];

  // Targets of `**`: once active, they stay so further down.
  readonly #lasting = new Set<number>();

  get isEmpty(): boolean {
    return this.nodes.every((node) => node.mask === undefined);
  }

  /**
   * Adds a path. Masks of other labels at the same place get a node of their own, so that each is in force for those who
   * lack just its label; only on the whole document, which is one node, they become one.
   */
  add(path: readonly Step[], mask: Mask): void {
    let node = this.#node(0);
    for (const [i, step] of path.entries()) {
      const isLast = i === path.length - 1;
      const edge = node.edges.find(({ step: known, target }) => {
        if (known.kind !== step.kind || known.key !== step.key) return false;
        const there = this.#node(target).mask;
        return !isLast || there === undefined || there.labels === mask.labels;
      });
      if (edge === undefined) {
        const target = this.nodes.push({ edges: [], mask: undefined }) - 1;
        node.edges.push({ step, target });
        if (step.kind === StepKind.AnyDepth) this.#lasting.add(target);
        node = this.#node(target);
      } else node = this.#node(edge.target);
    }
    node.mask = combineMasks(node.mask, mask);
  }

  /**
   * Throws DtaError when some document could make more nodes active at one depth than the filter has room for. Follows
   * every set of nodes that can be active together; sets beyond a bound of work count as too many.
   */
  checkActive(): void {
    if (this.nodes.length > NODES_MAX) throw tooManyNodes();
    const start = this.#close(new Set([0]));
    const seen = new Set<string>();
    const queue = [start];
    for (let active = queue.pop(); active !== undefined; active = queue.pop()) {
      if (active.size > MASK_NODES_ACTIVE_MAX || seen.size > ACTIVE_SETS_MAX) throw tooManyActive();
      const key = [...active].sort((a, b) => a - b).join();
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push(...this.#successors(active));
    }
  }

  // One set per member name that an active node knows, one for other members, one for elements.
  #successors(active: ReadonlySet<number>): Set<number>[] {
    const keys = new Set<string>();
    const elements = new Set<number>();
    const others = new Set<number>();
    const byKey: { key: string; target: number }[] = [];
    for (const index of active) {
      if (this.#lasting.has(index)) {
        others.add(index);
        elements.add(index);
      }
      for (const { step, target } of this.#node(index).edges) {
        if (step.kind === StepKind.Member) {
          keys.add(step.key);
          byKey.push({ key: step.key, target });
        } else if (step.kind === StepKind.AnyMember) others.add(target);
        else if (step.kind === StepKind.AnyElement) elements.add(target);
      }
    }
    const members = [...keys].map((key) => {
      const targets = byKey.filter((edge) => edge.key === key).map((edge) => edge.target);
      return new Set([...others, ...targets]);
    });
    return [elements, others, ...members].filter((s) => s.size > 0).map((s) => this.#close(s));
  }

  // `**` may stand for nothing, so its target is active together with its node.
  #close(active: Set<number>): Set<number> {
    for (const index of active) {
      for (const { step, target } of this.#node(index).edges) {
        if (step.kind === StepKind.AnyDepth) active.add(target);
      }
    }
    return active;
  }

  #node(index: number): TreeNode {
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`no field node ${index}`);
    return node;
  }
}

function tooManyActive(): DtaError {
  const message = `field paths need more than ${MASK_NODES_ACTIVE_MAX} places at one depth`;
  return new DtaError('policyInvalid', message, {
    help: 'use fewer paths with `*`, `[*]` and `**`, or classify fields by `name`',
  });
}

function tooManyNodes(): DtaError {
  return new DtaError('policyInvalid', `field paths have more than ${NODES_MAX} places`, {
    help: 'classify fields by `name`',
  });
}

// The filter keeps node numbers in 15 bits.
const NODES_MAX = 0x7fff;
const ACTIVE_SETS_MAX = 20_000;
