/** Reasons of refusals in tests, by code or name. */
import { Reason } from '../../layout.ts';
import { suggestName } from '../nearest-name.ts';
import { Problem, quoted } from '../problem.ts';

/** The name of a reason. */
export type ReasonName = keyof typeof Reason;

/** Reads `DTA1012` or `DenyRule`. */
export function parseReason(text: string): ReasonName | Problem {
  const names = Object.keys(Reason) as ReasonName[];
  const found = names.find((name) => name === text || text === `DTA${1000 + Reason[name]}`);
  return found ?? new Problem(`there is no reason ${quoted(text)}`, suggestName(text, names));
}
