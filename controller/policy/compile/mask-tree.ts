/** The tree of field paths that a mask profile follows through a body. */
import { DtaError } from '../../errors.ts';
import { MASK_NODES_ACTIVE_MAX, StepKind } from '../../layout.ts';
import type { Step } from '../field-path.ts';
import { type Mask, maskKey } from './mask.ts';

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
   * Adds a path. Each mask at a place gets a node of its own, because a node has one rule; on the whole document, which is
   * one node, all but the first stand behind a `**` that stands for nothing.
   */
  add(path: readonly Step[], mask: Mask): void {
    const root = this.#node(0);
    const isTaken = path.length === 0 && root.mask !== undefined && !isSame(root.mask, mask);
    const steps = isTaken ? [wholeDocument] : path;
    let node = root;
    for (const [i, step] of steps.entries()) {
      const isLast = i === steps.length - 1;
      const edge = node.edges.find(({ step: known, target }) => {
        if (!isSameStep(known, step)) return false;
        const there = this.#node(target).mask;
        return !isLast || there === undefined || isSame(there, mask);
      });
      if (edge === undefined) {
        const target = this.nodes.push({ edges: [], mask: undefined }) - 1;
        node.edges.push({ step, target });
        if (step.kind === StepKind.AnyDepth) this.#lasting.add(target);
        node = this.#node(target);
      } else node = this.#node(edge.target);
    }
    node.mask = mask;
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

  // One set per member name and index that an active node knows, one for other members, one for other elements.
  #successors(active: ReadonlySet<number>): Set<number>[] {
    const elements = new Set<number>();
    const members = new Set<number>();
    const named = new Map<string, number[]>();
    for (const index of active) {
      if (this.#lasting.has(index)) {
        members.add(index);
        elements.add(index);
      }
      for (const { step, target } of this.#node(index).edges) {
        if (step.kind === StepKind.AnyMember) members.add(target);
        else if (step.kind === StepKind.AnyElement) elements.add(target);
        else if (step.kind !== StepKind.AnyDepth) {
          const key = `${step.kind} ${step.index} ${step.key}`;
          named.set(key, [...(named.get(key) ?? []), target]);
        }
      }
    }
    const known = [...named].map(([key, targets]) => {
      const isElement = key.startsWith(`${StepKind.Element} `);
      return new Set([...(isElement ? elements : members), ...targets]);
    });
    return [elements, members, ...known].filter((s) => s.size > 0).map((s) => this.#close(s));
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

function isSameStep(a: Step, b: Step): boolean {
  return a.kind === b.kind && a.key === b.key && a.index === b.index;
}

function isSame(a: Mask, b: Mask): boolean {
  return maskKey(a) === maskKey(b);
}

function tooManyActive(): DtaError {
  const message = `field paths need more than ${MASK_NODES_ACTIVE_MAX} places at one depth`;
  return new DtaError('policyInvalid', message, {
    help: 'use fewer paths with `*`, `[*]` and `**`, fewer masking rules for a label, or classify fields by `name`',
  });
}

function tooManyNodes(): DtaError {
  return new DtaError('policyInvalid', `field paths have more than ${NODES_MAX} places`, {
    help: 'classify fields by `name`',
  });
}

// The filter keeps node numbers in 15 bits.
const NODES_MAX = 0x7fff;
const wholeDocument: Step = { kind: StepKind.AnyDepth, key: '', index: 0 };
const ACTIVE_SETS_MAX = 20_000;
