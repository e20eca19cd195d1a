/** Splits the values of a signal or a fact at the constants that conditions compare it with. */
import { AtomOp } from '../../layout.ts';
import type { SignalDomain } from './signals.ts';

/** Values that no comparison tells apart; all of them lie where `witness` does. `words` name them. */
export interface NumberClass {
  readonly witness: number;
  readonly words: string;
  /** The value itself when it is of the class, else one that is: the nearest that is simple to say. */
  readonly nearest: (value: number) => number;
}

/** The classes that have a value in the domain, rising. */
export function numberClasses(domain: SignalDomain, constants: Iterable<number>): NumberClass[] {
  const { min, max, isWhole } = domain;
  const edges = [...new Set(constants)].filter((c) => c >= min && c <= max).sort((a, b) => a - b);
  const classes: NumberClass[] = [];
  const first = edges[0];
  if (first === undefined) {
    const witness = Math.max(min, 0);
    return [{ witness, words: 'known', nearest: nearestIn({ domain, witness }) }];
  }
  if (min < first) {
    const witness = min < -Number.MAX_SAFE_INTEGER ? Math.max(min, below(first)) : min;
    const nearest = nearestIn({ domain, witness, below: first });
    classes.push({ witness, words: `below ${first}`, nearest });
  }
  for (const [i, edge] of edges.entries()) {
    if (!isWhole || Number.isInteger(edge)) {
      classes.push({ witness: edge, words: `${edge}`, nearest: () => edge });
    }
    const next = edges[i + 1];
    const witness = between(edge, next ?? max, isWhole, next === undefined);
    if (witness === undefined) continue;
    const words = next === undefined ? `above ${edge}` : `between ${edge} and ${next}`;
    classes.push({
      witness,
      words,
      nearest: nearestIn({ domain, witness, above: edge, below: next }),
    });
  }
  return classes;
}

/** Whether a value compares as the condition says. */
export function compares(value: number, op: AtomOp, number: number): boolean {
  switch (op) {
    case AtomOp.Less:
      return value < number;
    case AtomOp.LessEqual:
      return value <= number;
    case AtomOp.Greater:
      return value > number;
    case AtomOp.GreaterEqual:
      return value >= number;
    case AtomOp.Equal:
      return value === number;
    default:
      return value !== number;
  }
}

interface Range {
  readonly domain: SignalDomain;
  readonly witness: number;
  /** Both are outside; absent: up to the end of the domain. */
  readonly above?: number | undefined;
  readonly below?: number | undefined;
}

function nearestIn({ domain, witness, above, below }: Range): (value: number) => number {
  const { min, max, isWhole } = domain;
  const fits = (value: number): boolean =>
    value >= min &&
    value <= max &&
    (above === undefined || value > above) &&
    (below === undefined || value < below) &&
    (!isWhole || Number.isInteger(value));
  return (value) => {
    if (fits(value)) return value;
    const isUnder = above !== undefined && value <= above;
    const edge = isUnder ? above : below;
    if (edge === undefined) return witness;
    return stepsFrom(edge, domain, isUnder ? 1 : -1).find(fits) ?? witness;
  };
}

// Away from the edge, by a step that fits the numbers which people write there, then by smaller ones.
function stepsFrom(edge: number, { max, isWhole }: SignalDomain, sign: 1 | -1): number[] {
  if (isWhole) return [sign > 0 ? Math.floor(edge) + 1 : Math.ceil(edge) - 1];
  const decimals = (/\.(\d+)$/.exec(String(edge))?.[1] ?? '').length;
  const first = max === 1 ? Math.max(2, decimals) : decimals;
  return [0, 1, 2, 3, 4].map((more) =>
    Number((edge + sign * 10 ** -(first + more)).toFixed(Math.min(100, first + more))),
  );
}

// A value above `low` and below `high` (or `high` itself, when it is included); simple ones first.
function between(
  low: number,
  high: number,
  isWhole: boolean,
  includesHigh: boolean,
): number | undefined {
  const fits = (value: number): boolean =>
    value > low &&
    (includesHigh ? value <= high : value < high) &&
    (!isWhole || Number.isInteger(value));
  const middle = low + (high - low) / 2;
  return [Math.floor(low) + 1, Number(middle.toPrecision(3)), middle, high].find(fits);
}

function below(value: number): number {
  return value - 1 < value ? value - 1 : value * (value < 0 ? 2 : 0.5);
}
