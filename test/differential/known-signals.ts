/** What a proxy knows at a moment, by a plain list of measurements: the oracle's side of states, ages and instances. */
import { Attribute } from '../../controller/layout.ts';
import type { ServiceBand, SignalValue } from '../../controller/risk/encode-state.ts';
import { randomTarget } from '../oracle/random-domain.ts';
import type { OracleIdentity } from '../oracle/request.ts';
import type { OracleRestriction } from '../oracle/restrictions.ts';

/** How long a state's signals count, in milliseconds from its making (docs/formats.md, StateHeader). */
export const SOFT_LIFETIME_MS = 15 * 60_000;
/** How long a state counts at all. */
export const HARD_LIFETIME_MS = 60 * 60_000;

/** The part of a state that decisions depend on. */
export interface Knowledge {
  readonly nowMs: number;
  readonly signals: readonly SignalValue[];
  readonly bands: readonly ServiceBand[];
  readonly revokedDigests: readonly Uint8Array[];
  readonly revokedInstances: readonly string[];
  readonly restrictions: readonly OracleRestriction[];
}

/** What states call the service of an identity. */
export function subjectOf(identity: OracleIdentity): string {
  const service = `${identity.environment}/${identity.service}`;
  return isStranger(identity) ? `${identity.trustDomain}/${service}` : service;
}

function isStranger({ trustDomain }: OracleIdentity): boolean {
  return trustDomain !== randomTarget.mesh;
}

/** Signals by the names that conditions use, as far as they are known about a source at `timeMs`. */
export function knownSignals(
  knowledge: Knowledge,
  identity: OracleIdentity,
  timeMs: number,
): Record<string, number> {
  const known: Record<string, number> = {};
  const find = (subject: string, attribute: Attribute) =>
    knowledge.signals.find(
      (s) => s.subject === subject && s.attribute === attribute && isYoung(s, knowledge, timeMs),
    )?.value;
  for (const [name, attribute] of Object.entries(attributes)) {
    const subjects = subjectsOf(name, identity);
    const values = subjects.map((subject) => find(subject, attribute));
    const value = values.find((candidate) => candidate !== undefined);
    if (value !== undefined) known[name] = value;
  }
  return known;
}

/** Band of a source: the worst when the state names none. */
export function knownBand(knowledge: Knowledge, identity: OracleIdentity): number {
  const subject = subjectOf(identity);
  return knowledge.bands.find((band) => band.subject === subject)?.band ?? 3;
}

/** The attribute numbers of the names that conditions use. */
export const attributes: Readonly<Record<string, Attribute>> = {
  'source.cpu': Attribute.SourceCpu,
  'source.memory': Attribute.SourceMemory,
  'source.errorRate': Attribute.SourceErrorRate,
  'source.worstCve': Attribute.SourceWorstCve,
  'source.cveCount': Attribute.SourceCveCount,
  'source.requestRate': Attribute.SourceRequestRate,
  'destination.load': Attribute.DestinationLoad,
  'environment.alert': Attribute.EnvironmentFact,
};

/** Subjects under which a value may stand, the closest first. */
export function subjectsOf(name: string, identity: OracleIdentity): string[] {
  if (name === 'environment.alert') return ['alert'];
  if (name === 'destination.load') return [`${randomTarget.environment}/${randomTarget.service}`];
  // A stranger may have the UUID of an instance of ours.
  return isStranger(identity) ? [subjectOf(identity)] : [identity.instance, subjectOf(identity)];
}

function isYoung(signal: SignalValue, knowledge: Knowledge, timeMs: number): boolean {
  if (timeMs >= knowledge.nowMs + SOFT_LIFETIME_MS) return false;
  return signal.maxAgeMs === 0 || timeMs < signal.observedAtMs + signal.maxAgeMs;
}
