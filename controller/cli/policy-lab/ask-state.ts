/** The state that makes a concrete request what it says: its signals, band and restrictions, all fresh. */
import { Attribute, type Band, Direction } from '../../layout.ts';
import type { ConcreteRequest } from '../../policy/analysis/concrete-request.ts';
import { subjectsByName } from '../../policy/cel/attributes.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import type { ServiceRestriction, SignalValue, StateContent } from '../../risk/encode-state.ts';

type Identity = ConcreteRequest['identity'];

/** Everything in a state but its epoch. */
export function stateContentOf(
  target: BundleTarget,
  request: ConcreteRequest,
  restrictions: readonly ServiceRestriction[],
): Omit<StateContent, 'epoch'> {
  const { identity, timeMs, band } = request;
  const isOutbound = target.direction === Direction.Outbound;
  const own = `${identity.environment}/${identity.service}`;
  const isForeign = identity.trustDomain !== target.mesh;
  const source = isForeign ? `${identity.trustDomain}/${own}` : own;
  return {
    mesh: target.mesh,
    self: isOutbound ? uriOf(identity) : '',
    selfSubject: isOutbound ? subjectTextOf(identity) : '',
    nowMs: timeMs,
    revokedDigests: [],
    revokedInstances: [],
    signals: Object.entries(request.signals).map(([name, value]) =>
      signalOf(name, value, source, target, timeMs),
    ),
    bands: [{ subject: source, band: band as Band }],
    restrictions,
  };
}

/** The SPIFFE ID of an identity. */
export function uriOf(identity: Identity): string {
  const { trustDomain, environment, team, service, instance } = identity;
  return `spiffe://${trustDomain}/env/${environment}/team/${team}/svc/${service}/i/${instance}`;
}

/** The subject of a certificate with the identity's labels, as RFC 2253 text. */
export function subjectTextOf({ labels }: Identity): string {
  return [
    ...Object.entries(labels).map(([name, value]) => `OU=label.${name}=${value}`),
    'O=x',
  ].join(',');
}

function signalOf(
  name: string,
  value: number,
  source: string,
  { environment, service }: BundleTarget,
  observedAtMs: number,
): SignalValue {
  const aged = { value, observedAtMs, maxAgeMs: 0 };
  const known = subjectsByName.get(name);
  if (known?.kind !== 'signal') {
    const subject = name.replace(/^environment\./, '');
    return { ...aged, subject, attribute: Attribute.EnvironmentFact };
  }
  const { attribute } = known.ref;
  const isOfSource = attribute !== Attribute.DestinationLoad;
  return { ...aged, subject: isOfSource ? source : `${environment}/${service}`, attribute };
}
