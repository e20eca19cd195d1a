/** One mask, which of two is the stronger, and which say nothing beside another. */
import { Band, MaskOperator } from '../../layout.ts';
import type { Transformation } from '../policy-set.ts';

/** How a value is masked, and for whom: in bands from `minBand` on, callers who lack one of `labels`. */
export interface Mask extends Transformation {
  /** What the value is, one bit each. */
  readonly labels: bigint;
  readonly minBand: number;
  /** For every caller, whatever it is cleared for. */
  readonly ignoresClearance: boolean;
}

/** A band above all: a mask of it is never in force, and tells only what the value is. */
export const NEVER_IN_FORCE = Band.Critical + 1;

/** A mask that only tells which labels a value has. */
export function onlyFound(labels: bigint): Mask {
  return {
    labels,
    operator: MaskOperator.Redact,
    keep: 0,
    param: 0,
    text: '',
    minBand: NEVER_IN_FORCE,
    ignoresClearance: false,
  };
}

/** A text that is the same for the same masks only. */
export function maskKey(mask: Mask): string {
  const { labels, operator, keep, param, text, minBand, ignoresClearance } = mask;
  return `${labels} ${operator} ${keep} ${param} ${minBand} ${ignoresClearance} ${text}`;
}

/**
 * The order of masks, the weakest first: by operator (policy-model, "Meaning", 7), then by what is left, then by anything
 * else, so that it never depends on the order in a file.
 */
export function compareMasks(a: Mask, b: Mask): number {
  return compareStrength(a, b) || compareRest(a, b);
}

/** Masks without those that are never in force alone and never the strongest: their place needs no record of them. */
export function withoutCovered(masks: readonly Mask[]): Mask[] {
  const unique = new Map(masks.map((mask) => [maskKey(mask), mask]));
  const kept: Mask[] = [];
  // The strongest first: what covers a mask is among those that are kept, which are few.
  for (const mask of [...unique.values()].sort((a, b) => compareMasks(b, a))) {
    if (!kept.some((stronger) => covers(stronger, mask))) kept.push(mask);
  }
  return kept.reverse();
}

/** True when the operator works with a key. */
export function isKeyed({ operator }: Pick<Mask, 'operator'>): boolean {
  return keyed.has(operator);
}

/** Place of an operator in the order of strength, from 0. */
export function operatorRank(operator: MaskOperator): number {
  return ranks.findIndex((rank) => rank.includes(operator));
}

function compareStrength(a: Mask, b: Mask): number {
  return (
    operatorRank(a.operator) - operatorRank(b.operator) ||
    // Fewer characters are stronger, and so are fewer digits of a hash; a wider bucket or shift is.
    b.keep - a.keep ||
    (a.operator === MaskOperator.Hash ? b.param - a.param : a.param - b.param)
  );
}

function compareRest(a: Mask, b: Mask): number {
  const [left, right] = [maskKey(a), maskKey(b)];
  return a.operator - b.operator || (left < right ? -1 : left > right ? 1 : 0);
}

// Both are of one value: whenever `weak` is in force, so is `strong`.
function covers(strong: Mask, weak: Mask): boolean {
  const forMore = strong.ignoresClearance || !weak.ignoresClearance;
  return strong.minBand <= weak.minBand && forMore && (weak.labels & ~strong.labels) === 0n;
}

const ranks: readonly (readonly MaskOperator[])[] = [
  [MaskOperator.KeepLast, MaskOperator.KeepFirst],
  [MaskOperator.DateShift],
  [MaskOperator.Truncate],
  [MaskOperator.Bucket],
  [MaskOperator.FormatPreserving],
  [MaskOperator.Token],
  [MaskOperator.Hash],
  [MaskOperator.Replace],
  [MaskOperator.Redact],
  [MaskOperator.Null],
  [MaskOperator.Drop],
];
const keyed: ReadonlySet<MaskOperator> = new Set([
  MaskOperator.DateShift,
  MaskOperator.FormatPreserving,
  MaskOperator.Token,
  MaskOperator.Hash,
]);
