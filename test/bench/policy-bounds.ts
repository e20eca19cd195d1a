/** The bounds of `make bench-policy`, each with what was measured. */
import type { VmCosts } from './vm-decisions.ts';

/** What one set cost. */
export interface BenchedSet {
  readonly count: number;
  /** Reading the text included. */
  readonly compileSeconds: number;
  readonly megabytes: number;
  /** First bundle of a process, code of the baseline compiler only: the worst that a worker meets. */
  readonly acceptMs: number;
  readonly vm: VmCosts;
}

/** Lines of a table. Bounds of sets that were not measured are left out. */
export function policyBounds(sets: readonly BenchedSet[]): string[] {
  const [big, small, middle] = [100_000, 100, 10_000].map((wanted) =>
    sets.find(({ count }) => count === wanted),
  );
  return [
    ...(big ? boundsOfBig(big) : []),
    ...(big && small ? boundsOfGrowth(big.vm, small.vm) : []),
    ...(middle ? boundsOfCache(middle.vm) : []),
  ];
}

function boundsOfBig({ vm, megabytes, compileSeconds, acceptMs }: BenchedSet): string[] {
  const what = '100,000 rules:';
  return [
    atMost(`${what} evaluated, caller and path known`, 3, vm.evaluated.median, 'µs'),
    atMost(`${what} the same, memory cold`, 3, vm.cold.median, 'µs'),
    atMost(`${what} evaluated, path is new`, 3, vm.newPath.median, 'µs'),
    atMost(`${what} bundle`, 24, megabytes, 'MB'),
    atMost(`${what} read and compiled`, 20, compileSeconds, 's'),
    atMost(`${what} accepted, first of a process, baseline code`, 300, acceptMs, 'ms'),
  ];
}

function boundsOfGrowth(big: VmCosts, small: VmCosts): string[] {
  const what = '100,000 rules over 100:';
  const times = (pick: (vm: VmCosts) => number): number => pick(big) / pick(small);
  const evaluated = times((vm) => vm.evaluated.median);
  const cold = times((vm) => vm.cold.median);
  const newPath = times((vm) => vm.newPath.median);
  return [
    atMost(`${what} evaluated, caller and path known`, 3, evaluated, 'x'),
    atMost(`${what} the same, memory cold`, 3, cold, 'x'),
    atMost(`${what} evaluated, path is new`, 3, newPath, 'x'),
  ];
}

function boundsOfCache({ whole, cached, evaluated, cold, newPath, newCaller }: VmCosts): string[] {
  const what = '10,000 rules, warm cache over';
  return [
    atLeast(`${what} nothing known`, 3, newCaller.median / whole.median),
    atLeast(`${what} a new path`, 3, newPath.median / cached.median),
    atLeast(`${what} an evaluation, memory cold`, 3, cold.median / cached.median),
    atLeast(`${what} an evaluation, caller and path known`, 3, evaluated.median / cached.median),
  ];
}

function atMost(what: string, bound: number, value: number, unit: string): string {
  const verdict = value <= bound ? 'pass' : `falls short by ${(value - bound).toFixed(2)} ${unit}`;
  return `| ${what} | at most ${bound} ${unit} | ${value.toFixed(2)} ${unit} | ${verdict} |`;
}

function atLeast(what: string, bound: number, value: number): string {
  const verdict = value >= bound ? 'pass' : `falls short by ${(bound - value).toFixed(2)}x`;
  return `| ${what} | at least ${bound}x | ${value.toFixed(2)}x | ${verdict} |`;
}
