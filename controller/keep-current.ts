/**
 * Everything that happens by itself: changes go out at once, states, lists and certificates are
 * renewed in time, what has ended is forgotten.
 */
import { keepFederationCurrent } from './open-federation.ts';
import { OwnCertificate } from './own-certificate.ts';
import type { Parts } from './parts.ts';
import { Coalescer } from './risk/coalesce.ts';
import { type Servers, tlsOf } from './serve.ts';
import { StateRefresh } from './state-refresh.ts';
import { TrustRefresh } from './trust-refresh.ts';

/** Begins it; `parts.closers` ends it. */
export function keepCurrent(parts: Parts, servers: Servers): void {
  const { options, closers } = parts;
  const { log } = options;
  const trustRefresh = new TrustRefresh({ ...parts, log });
  closers.add(() => trustRefresh.close());
  const states = keepStatesCurrent(parts, trustRefresh);
  keepPoliciesCurrent(parts);
  closers.every(hourMs, () => tidy(parts));
  const every = (ms: number, work: () => void) => closers.every(ms, work);
  keepFederationCurrent({ ...parts, trustRefresh, log, every });
  keepCertificateCurrent(parts, servers, states);
}

function keepStatesCurrent(parts: Parts, trustRefresh: TrustRefresh): StateRefresh {
  const { options, clock, identities, live, closers } = parts;
  const { log } = options;
  const states = new StateRefresh({ ...parts, log }, (sinceMs) => trustRefresh.ask(sinceMs));
  closers.add(() => states.close());
  closers.add(identities.onRevoked(() => states.advance(true, clock())));
  const measured = new Coalescer((sinceMs) => states.advance(false, sinceMs), coalesceMs);
  closers.add(() => measured.close());
  closers.add(
    live.onChange((change) => {
      if (change === 'atOnce') states.advance(true, clock());
      else measured.ask(clock());
    }),
  );
  closers.every(heartbeatMs, () => states.advance(false, clock()));
  return states;
}

function keepPoliciesCurrent({ options, policies, privacy, source, closers }: Parts): void {
  const renew = (maxAgeMs: number) => {
    policies
      .renew(maxAgeMs)
      .catch((err: unknown) => options.log.error({ err }, 'bundles not renewed'));
  };
  // Bundles carry the keys that mask.
  privacy.keys.onRotated(() => renew(0));
  policies.onChange(() => source.announce({ kinds: ['inbound', 'outbound'], urgent: true }));
  closers.every(hourMs, () => renew(bundleMaxAgeMs));
}

function keepCertificateCurrent(parts: Parts, servers: Servers, states: StateRefresh): void {
  const { options, clock, identities, authority, trust, facade, closers } = parts;
  const own = new OwnCertificate(servers.own, {
    certify: () => identities.controllerCertificate(options.names.dns, options.names.ips),
    use: (certificate) => {
      servers.agents.useCertificate(certificate);
      servers.xds.updateTls(tlsOf(certificate, identities));
    },
    ...{ clock, facade, log: options.log },
  });
  closers.add(() => own.close());
  closers.every(lookAtClockMs, () => void own.look());
  closers.add(
    authority.onChange(({ isRevocation }) => {
      void own.renew();
      trust.wake();
      // Roots, lists and what was revoked with a key.
      states.advance(isRevocation, clock());
    }),
  );
}

function tidy({ options, identities, authority, live }: Parts): void {
  for (const each of [identities, authority, live]) {
    each.forgetEnded().catch((err: unknown) => options.log.error({ err }, 'store not tidied'));
  }
}

/** Well inside the 15 minutes after which signals count as unknown. */
const heartbeatMs = 5 * 60_000;
/** Signals and facts that change within this time share an epoch. */
const coalesceMs = 250;
const hourMs = 3_600_000;
/** Half of a bundle's soft life. */
const bundleMaxAgeMs = 12 * hourMs;
/** When the clock is set back, agents refuse the certificate for so long at most. */
const lookAtClockMs = 10_000;
