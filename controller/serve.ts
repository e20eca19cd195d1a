/** Opens the servers of a controller: for proxies, agents, operators and other trust domains. */
import { type AgentServer, createAgentServer } from './api/agent-server.ts';
import { createOperatorServer, type OperatorServer } from './api/operator-server.ts';
import type { BundleEndpoint } from './federation/bundle-endpoint.ts';
import { certificateDigests } from './identity/certificate-digests.ts';
import type { ControllerCertificate } from './identity/controller-certificate.ts';
import { parseMeshIdentity } from './identity/spiffe-id.ts';
import { operatorFederation, serveOwnBundle } from './open-federation.ts';
import type { Parts } from './parts.ts';
import { filterEnvironment, hostEnvironment } from './prove-bundle.ts';
import { RegistrationFiles } from './registration-files.ts';
import { TrustOfProxies } from './trust-of-proxies.ts';
import type { TlsMaterial } from './xds/credentials.ts';
import { createXdsServer, type XdsServer } from './xds/server.ts';

/** The servers that run. */
export interface Servers {
  /** What they present. */
  readonly own: ControllerCertificate;
  readonly agents: AgentServer;
  readonly xds: XdsServer;
  readonly operator: OperatorServer;
  readonly federation: BundleEndpoint | undefined;
}

/**
 * Opens all of them, proxies first; what is open when one fails is ended by `parts.closers`. Fails as
 * they do.
 */
export async function serve(parts: Parts, operatorToken: string): Promise<Servers> {
  const { options, identities, closers } = parts;
  const own = await identities.controllerCertificate(options.names.dns, options.names.ips);
  const xds = await serveProxies(parts, own);
  watchProxies(parts, xds);
  const agents = await serveAgents(parts, own);
  const operator = await serveOperators(parts, operatorToken);
  const { federation: address, log } = options;
  const federation = address && (await serveOwnBundle(address, identities, log));
  if (federation) closers.add(() => federation.close());
  return { own, agents, xds, operator, federation };
}

/** What the server for proxies presents, and what it checks them against. */
export function tlsOf(
  own: ControllerCertificate,
  { rootPem }: { readonly rootPem: string },
): TlsMaterial {
  return { certificatePem: own.chainPem, keyPem: own.keyPem, clientCaPem: rootPem };
}

async function serveProxies(parts: Parts, own: ControllerCertificate): Promise<XdsServer> {
  const { options, clock, identities, states, source, metrics, closers } = parts;
  const xds = await createXdsServer({
    tls: tlsOf(own, identities),
    host: options.host,
    port: options.ports.xds,
    source,
    filter: { filePath: options.filterPath, environment: filterEnvironment, hostEnvironment },
    identify: (text) => {
      const identity = parseMeshIdentity(text);
      return identity && { spiffeId: text, ...identity };
    },
    nameCertificate: (der) => ({
      digests: certificateDigests(der),
      issuer: identities.issuerOf(der),
    }),
    isRevoked: ({ digests, instance, issuer }) =>
      digests.some((digest) => states.isRevoked(digest)) ||
      states.isRevoked(instance) ||
      issuer === undefined ||
      !identities.trustsIssuer(issuer),
    log: options.log,
    clock,
    observer: metrics.xds,
  });
  closers.add(() => xds.close());
  return xds;
}

/** Who is connected counts for the status, and for whether an issuing key is known everywhere. */
function watchProxies({ clock, authority, trust, facade, closers }: Parts, xds: XdsServer): void {
  facade.watch(() => xds.proxies());
  const trustOfProxies = new TrustOfProxies(clock);
  const noteProxies = () => trustOfProxies.note(xds.proxies());
  closers.every(noteProxiesMs, noteProxies);
  authority.watch(() => {
    noteProxies();
    return [...trustOfProxies.holders(), ...trust.holders()];
  });
}

async function serveAgents(parts: Parts, own: ControllerCertificate): Promise<AgentServer> {
  const { options, clock, identities, trust, facade, closers } = parts;
  const agents = await createAgentServer({
    host: options.host,
    port: options.ports.agents,
    certificate: own,
    identities,
    trust,
    audit: facade,
    clock,
    log: options.log,
  });
  closers.add(() => agents.close());
  return agents;
}

async function serveOperators(parts: Parts, token: string): Promise<OperatorServer> {
  const { options, identities, authority, federation, live, privacy, facade, metrics } = parts;
  const operator = await createOperatorServer({
    listen: options.operator,
    token,
    identities,
    authority,
    federation: operatorFederation(federation, identities),
    registrations: new RegistrationFiles(identities.registrar),
    policies: facade,
    live,
    privacy,
    status: facade,
    audit: facade,
    metrics: metrics.registry,
    log: options.log,
  });
  parts.closers.add(() => operator.close());
  return operator;
}

const noteProxiesMs = 2_000;
