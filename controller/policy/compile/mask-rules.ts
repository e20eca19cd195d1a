/** The rules of a mask blob, sorted by strength. */
import { MaskRule } from '../../layout.ts';
import { Records, type StringTable } from '../../section-file.ts';
import { compareMasks, isKeyed, type Mask, maskKey } from './mask.ts';

/** Collects masks; their indexes are known when all are there. */
export class MaskRules {
  readonly #masks = new Map<string, Mask>();
  #indexes: ReadonlyMap<string, number> | undefined;

  /** Adds a mask; not after the first `indexOf`. */
  add(mask: Mask): void {
    this.#masks.set(maskKey(mask), mask);
  }

  /** The rule of a mask that was added. */
  indexOf(mask: Mask): number {
    this.#indexes ??= new Map(this.#sorted().map((one, i) => [maskKey(one), i]));
    const index = this.#indexes.get(maskKey(mask));
    if (index === undefined) throw new RangeError('mask was not added');
    return index;
  }

  /** True when a rule works with a key. */
  get needsKey(): boolean {
    return [...this.#masks.values()].some(isKeyed);
  }

  /** True when a rule has the operator. */
  has(operator: Mask['operator']): boolean {
    return [...this.#masks.values()].some((mask) => mask.operator === operator);
  }

  /**
   * The records, the weakest first. INVARIANT: far fewer than RULES_MAX: of one label at most two for each band cover none of
   * the others (`withoutCovered`).
   */
  write(strings: StringTable): Records {
    const records = new Records(MaskRule.SIZE);
    for (const mask of this.#sorted()) {
      records.add((view, at) => {
        view.setBigUint64(at + MaskRule.labels, mask.labels, true);
        view.setUint8(at + MaskRule.operator, mask.operator);
        view.setUint8(at + MaskRule.keep, mask.keep);
        view.setUint8(at + MaskRule.minBand, mask.minBand);
        view.setUint8(at + MaskRule.flags, mask.ignoresClearance ? 1 : 0);
        view.setUint32(at + MaskRule.param, mask.param, true);
        strings.put(view, at + MaskRule.text, mask.text);
      });
    }
    return records;
  }

  #sorted(): Mask[] {
    return [...this.#masks.values()].sort(compareMasks);
  }
}
