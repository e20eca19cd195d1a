/** Asks the filter the examples of a difference: it has to give the two answers that the analysis says. */
import { DtaError } from '../errors.ts';
import { Direction } from '../layout.ts';
import type { DifferenceEntry } from '../policy/analysis/diff-sets.ts';
import type { BundleTarget } from '../policy/compile.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { selectFor } from '../policy/select.ts';
import { AuditLevels, auditNames } from './policy-lab/audit-level.ts';
import { Laboratory, type Question } from './policy-lab/laboratory.ts';

/** Throws `internal` when the filter does not tell the sets apart as the entry says. */
export function confirmDifference(
  module: WebAssembly.Module,
  a: PolicySet,
  b: PolicySet,
  entry: DifferenceEntry,
): void {
  const target: BundleTarget = {
    mesh: entry.example.identity.trustDomain,
    environment: entry.exampleEnvironment,
    service: entry.service,
    direction: Direction.Inbound,
  };
  const question: Question = { request: entry.example, restrictions: [] };
  const holds = (set: PolicySet): boolean => holdsIn(module, set, target, question, entry);
  const [before, after] = [holds(a), holds(b)];
  if (before === after || after !== isGain(entry)) {
    throw new DtaError(
      'internal',
      `the filter answers the example of \`${entry.kind}\` otherwise`,
      {
        help: 'report it together with both policy sets',
        fields: { entry },
      },
    );
  }
}

/** True when the second set has more than the first. */
export function isGain({ kind }: DifferenceEntry): boolean {
  return kind === 'grants' || kind === 'clearance granted' || kind === 'audit raised';
}

// Whether a set gives the request what the entry is about.
function holdsIn(
  module: WebAssembly.Module,
  set: PolicySet,
  target: BundleTarget,
  question: Question,
  { kind, label = '' }: DifferenceEntry,
): boolean {
  if (kind.startsWith('audit')) {
    const level = new AuditLevels(module, set, target).of(question);
    const levels: readonly string[] = auditNames;
    return levels.indexOf(level) >= levels.indexOf(label);
  }
  const answer = new Laboratory(module, set, target, question.request.timeMs).ask(question);
  if (answer.status !== undefined || !kind.startsWith('clearance')) {
    return answer.status === undefined;
  }
  const bit = selectFor(set, target).labels.indexOf(label);
  return bit >= 0 && ((answer.record.clearance >> BigInt(bit)) & 1n) === 1n;
}
