/** Whether the answers of a destination hang on the time. */
import type { Condition } from '../../policy/cel/condition.ts';
import { visitLeaves } from '../../policy/cel/visit-condition.ts';
import type { Selected } from '../../policy/select.ts';

/** True when a rule has a condition on the time. */
export function readsTime({ access }: Selected): boolean {
  return access.some(({ rules }) =>
    rules.some(({ when, to }) =>
      [when, ...to.map(({ also }) => also)].some((one) => one !== undefined && hasTime(one)),
    ),
  );
}

function hasTime(condition: Condition): boolean {
  let isFound = false;
  visitLeaves(condition, ({ kind }) => {
    if (kind === 'within' || kind === 'dates' || kind === 'before') isFound = true;
  });
  return isFound;
}
