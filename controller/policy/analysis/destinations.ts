/** Which destinations an analysis looks at: every one that is named, and those that are not but get policies all the same. */
import { IdentityAttribute } from '../../layout.ts';
import type { Policy, PolicySet } from '../policy-set.ts';
import { type Selected, selectFor } from '../select.ts';
import { type Effort, GaveUp } from './effort.ts';
import { identitySegment } from './grammars.ts';
import { splitTexts } from './split-texts.ts';
import { shapeOfPattern } from './text-shape.ts';
import { equalTo, identityKey, Vocabulary } from './vocabulary.ts';

/** A service in an environment; `isNamed` is false when the environment stands for all that no policy names. */
export interface AnalysedDestination {
  readonly service: string;
  readonly environment: string;
  readonly isNamed: boolean;
}

/** The policies of one service, of one set or several. */
export class ServicePolicies {
  readonly service: string;
  readonly #sets: readonly PolicySet[];
  readonly #policies: readonly Policy[];

  constructor(service: string, sets: readonly PolicySet[], policies: readonly Policy[]) {
    this.service = service;
    this.#sets = sets;
    this.#policies = policies;
  }

  /** What each of the sets says about a destination. */
  selected(destination: AnalysedDestination): Selected[] {
    return this.#sets.map((set) => selectFor(set, destination));
  }

  /**
   * The destinations, by environment. Policies without one hold in every environment: one that nobody names stands for
   * the others, or one of each kind when rules compare the caller's environment with it. Throws GaveUp when rules tell
   * too many kinds apart.
   */
  destinations(effort: Effort): AnalysedDestination[] {
    const { service } = this;
    const policies = this.#policies;
    const named = [...new Set(policies.flatMap((p) => p.destination.environment ?? []))].sort();
    const found = named.map((environment) => ({ service, environment, isNamed: true }));
    if (policies.every((policy) => policy.destination.environment !== undefined)) return found;
    const others = this.#otherEnvironments(named, effort);
    return [...found, ...others.map((environment) => ({ service, environment, isNamed: false }))];
  }

  #otherEnvironments(named: readonly string[], effort: Effort): string[] {
    const vocabulary = new Vocabulary(NO_ENVIRONMENT);
    const anywhere = this.#sets.map((set) => selectFor(set, { service: this.service }));
    for (const rule of anywhere.flatMap(({ access }) => access.flatMap((policy) => policy.rules))) {
      vocabulary.addRule(rule);
    }
    const own = vocabulary.identity.get(identityKey(IdentityAttribute.Environment, ''));
    const isCompared = own?.items.some(({ text }) => text === NO_ENVIRONMENT) ?? false;
    const patterns = isCompared ? (own?.items ?? []) : [];
    const shapes = [...patterns, ...named.map(equalTo)].map(shapeOfPattern);
    const { witnesses } = splitTexts(shapes, identitySegment, [ANY], effort);
    const isNamed = new Set(named);
    const others = witnesses.filter((text) => !isNamed.has(text));
    if (others.length > ENVIRONMENTS_MAX) throw new GaveUp('rules name too many environments');
    return others;
  }
}

/** The services that policies of the sets are for, in order. */
export function policiesByService(sets: readonly PolicySet[]): ServicePolicies[] {
  const parts = sets.map((set) =>
    Map.groupBy(everythingIn(set), (policy) => policy.destination.service),
  );
  const services = [...new Set(parts.flatMap((part) => [...part.keys()]))].sort();
  return services.map((service) => {
    const policies = parts.flatMap((part) => part.get(service) ?? []);
    return new ServicePolicies(service, sets, policies);
  });
}

function everythingIn({ access, classifications, masking }: PolicySet): Policy[] {
  return [...access, ...classifications, ...masking];
}

/** No environment can be called that; it marks comparisons with the destination's own. */
const NO_ENVIRONMENT = '/';
/** Stands for environments that nothing names, unless it is named itself. */
const ANY = 'any';
const ENVIRONMENTS_MAX = 16;
