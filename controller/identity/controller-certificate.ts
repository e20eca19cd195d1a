/** The controller's own TLS certificate, under every root that peers may know. */
import { generateKeyPairSync } from 'node:crypto';

import type { Authority } from './authority.ts';
import { formatMeshIdentity } from './spiffe-id.ts';

/** A certificate with its key. */
export interface ControllerCertificate {
  readonly spiffeId: string;
  /** Leaf first, under the active root. */
  readonly chainPem: string;
  /** The same under each root that is trusted, by the hash of the root's key. */
  readonly chainsByRoot: ReadonlyMap<string, string>;
  readonly keyPem: string;
  readonly notAfterMs: number;
}

/**
 * Makes a key and has it certified by the active issuing key, and by an older one under each other
 * root: who knows only that one finds the controller too (`rootServerName`).
 */
export async function makeControllerCertificate(
  authority: Authority,
  instance: string,
  names: { readonly dnsNames: readonly string[]; readonly ips: readonly string[] },
  nowMs: number,
): Promise<ControllerCertificate> {
  const { trustDomain } = authority;
  const parts = { environment: systemEnvironment, team: 'dta', service: 'controller' };
  const identity = { trustDomain, ...parts, instance };
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeySpki = keys.publicKey.export({ type: 'spki', format: 'der' });
  const request = { publicKeySpki, identity, labels: {}, ttlMs, nowMs, ...names };
  const active = await authority.issue(request);
  const chainsByRoot = new Map([[authority.caKeyHash, active.chainPem]]);
  for (const issuer of authority.serverIssuers()) {
    // One that has ended is about to go: nothing of it lives.
    if (chainsByRoot.has(issuer.rootKeyHash) || issuer.notAfterMs <= nowMs) continue;
    chainsByRoot.set(issuer.rootKeyHash, (await issuer.issue(request)).chainPem);
  }
  return {
    spiffeId: formatMeshIdentity(identity),
    chainPem: active.chainPem,
    chainsByRoot,
    keyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    notAfterMs: active.notAfterMs,
  };
}

/** Environment of the controller, closed to workloads. */
export const systemEnvironment = 'system';
const ttlMs = 86_400_000;
