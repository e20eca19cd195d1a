/** Names and values of signals and facts. */
import { Severity } from '../../layout.ts';
import { factDomain, subjectsByName } from '../cel/attributes.ts';
import type { AttributeRef } from '../cel/condition.ts';

/** A signal as conditions name it, and the numbers that it can be; severities count as whole numbers. */
export interface SignalDomain {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
}

export function signalDomain({ attribute, fact }: AttributeRef): SignalDomain {
  for (const subject of subjectsByName.values()) {
    if (subject.kind !== 'signal' || subject.ref.attribute !== attribute) continue;
    return { name: subject.name, ...numbersOf(subject.domain) };
  }
  return { name: `environment.${fact}`, ...numbersOf(factDomain) };
}

function numbersOf(domain: typeof factDomain): Omit<SignalDomain, 'name'> {
  if (domain.type === 'severity') return { min: 0, max: Severity.critical, isWhole: true };
  const { min, max, isWhole } = domain;
  return { min, max, isWhole };
}
