/** Which of very many rules are for the caller of a request. */
import type { BundleTarget } from '../../policy/compile.ts';
import type { AccessRule } from '../../policy/policy-set.ts';
import type { Question } from './laboratory.ts';
import { Probes } from './probes.ts';

/** By rule: whether its `from` holds. Whole groups are asked first, so that strangers cost little. */
export function rulesForCaller(
  module: WebAssembly.Module,
  target: BundleTarget,
  rules: readonly AccessRule[],
  question: Question,
): boolean[] {
  const groups: AccessRule[][] = [];
  for (let start = 0; start < rules.length; start += GROUP) {
    groups.push(rules.slice(start, start + GROUP));
  }
  const unions = groups.map((group) => {
    const isForAll = group.some(({ from }) => from.length === 0);
    return { from: isForAll ? [] : group.flatMap(({ from }) => from) };
  });
  const isNear = new Probes(module, target, unions).holding(question);
  const single = groups.flatMap((group, i) =>
    isNear[i] ? group.map(({ from }) => ({ from })) : [],
  );
  const holding = new Probes(module, target, single).holding(question);
  let at = 0;
  return groups.flatMap((group, i) =>
    group.map(() => isNear[i] === true && holding[at++] === true),
  );
}

const GROUP = 500;
