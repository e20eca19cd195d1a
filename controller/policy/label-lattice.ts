/** The order of labels: what is `PII` is also `Confidential`, `Internal` and `Public`. */
import { compareText, type PolicyError } from './policy-error.ts';
import type { LabelRank, PolicySet } from './policy-set.ts';

/** The labels of a set and which of them include which others. */
export class LabelLattice {
  readonly #above = new Map<string, Set<string>>();
  readonly #closed = new Map<string, ReadonlySet<string>>();

  /** `ranks` are added to the labels that every set knows; they have no cycle. */
  constructor(ranks: Iterable<Pick<LabelRank, 'name' | 'above'>>) {
    for (const rank of builtIn) this.#add(rank);
    for (const rank of ranks) this.#add(rank);
  }

  /** The label and all below it. */
  below(label: string): ReadonlySet<string> {
    let found = this.#closed.get(label);
    if (found === undefined) {
      found = reach(label, this.#above);
      this.#closed.set(label, found);
    }
    return found;
  }

  /** The labels, and those below them that data has; sorted. */
  closeDown(labels: readonly string[], ofData: ReadonlySet<string>): string[] {
    const below = labels.flatMap((label) => [...this.below(label)]);
    return [...new Set([...labels, ...below.filter((label) => ofData.has(label))])].sort(
      compareText,
    );
  }

  #add({ name, above }: Pick<LabelRank, 'name' | 'above'>): void {
    const known = this.#above.get(name) ?? new Set();
    for (const label of above) known.add(label);
    this.#above.set(name, known);
  }
}

/** The lattice of a set without mistakes. */
export function latticeOf(set: PolicySet): LabelLattice {
  let lattice = lattices.get(set);
  if (lattice === undefined) {
    lattice = new LabelLattice(findCircles(set).sound);
    lattices.set(set, lattice);
  }
  return lattice;
}

/** Ranks that put a label above itself, each where it stands; the others are sound. */
export function findCircles(set: PolicySet): { errors: PolicyError[]; sound: LabelRank[] } {
  const errors: PolicyError[] = [];
  const sound: LabelRank[] = [];
  const above = new Map<string, Set<string>>();
  for (const { name, above: labels } of builtIn) above.set(name, new Set(labels));
  for (const rank of set.classifications.flatMap((policy) => policy.labels)) {
    const lower = rank.above.find((label) => reach(label, above).has(rank.name));
    if (lower === undefined) {
      sound.push(rank);
      above.set(rank.name, new Set([...(above.get(rank.name) ?? []), ...rank.above]));
      continue;
    }
    const isItself = lower === rank.name;
    errors.push({
      ...rank.origin,
      message: isItself
        ? `label \`${rank.name}\` is above itself`
        : `label \`${rank.name}\` is above \`${lower}\`, which is above \`${rank.name}\``,
      help: isItself
        ? 'name the labels that it includes'
        : `remove one of the two; built in are \`PII\`, \`PCI\` > \`Confidential\` > \`Internal\` > \`Public\``,
    });
  }
  return { errors, sound };
}

function reach(label: string, above: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const found = new Set([label]);
  for (const one of found) {
    for (const next of above.get(one) ?? []) found.add(next);
  }
  return found;
}

/** Labels that every set knows. */
const builtIn = [
  { name: 'PII', above: ['Confidential'] },
  { name: 'PCI', above: ['Confidential'] },
  { name: 'Confidential', above: ['Internal'] },
  { name: 'Internal', above: ['Public'] },
] as const;
const lattices = new WeakMap<PolicySet, LabelLattice>();
