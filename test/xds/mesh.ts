/** A small mesh for tests: an authority, certificates of workloads and of the controller, a source that can be set. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';

import { Authority } from '../../controller/identity/authority.ts';
import {
  formatMeshIdentity,
  type MeshIdentity,
  parseMeshIdentity,
} from '../../controller/identity/spiffe-id.ts';
import type { TlsMaterial } from '../../controller/xds/credentials.ts';
import type {
  ProxyIdentity,
  ResourceChange,
  ResourceKey,
  ResourceSource,
  XdsResource,
} from '../../controller/xds/model.ts';

/** A certificate with its key. */
export interface Leaf {
  readonly identity: ProxyIdentity;
  /** Leaf first. */
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly digest: string;
  readonly serial: string;
  readonly notAfterMs: number;
}

const trustDomain = 'mesh.example';
/** Made before they are asked for: keys may be anywhere, so making is asynchronous. */
const spare = await Promise.all(
  Array.from({ length: 4 }, () => Authority.make(trustDomain, Date.now())),
);

/** A mesh with its own new authority; `mesh.example` unless that is of another. */
export class TestMesh {
  readonly trustDomain: string;
  readonly authority: Authority;

  constructor(authority = spare.pop()) {
    if (!authority) throw new Error('more meshes than authorities were made for');
    this.authority = authority;
    this.trustDomain = authority.trustDomain;
  }

  /** A certificate of a new instance. */
  leaf(service: string, changes: Partial<MeshIdentity> & { ttlMs?: number } = {}): Leaf {
    const { ttlMs = 600_000, ...parts } = changes;
    const identity = {
      trustDomain: this.trustDomain,
      environment: 'prod',
      team: 'shop',
      service,
      instance: randomUUID(),
      ...parts,
    };
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const leaf = this.authority.issueNow({
      publicKeySpki: keys.publicKey.export({ type: 'spki', format: 'der' }),
      identity,
      labels: {},
      ttlMs,
      nowMs: Date.now(),
      ...(service === 'controller' && { dnsNames: ['localhost'], ips: ['127.0.0.1'] }),
    });
    return {
      identity: { ...identity, spiffeId: formatMeshIdentity(identity) },
      certificatePem: leaf.chainPem,
      keyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      digest: leaf.sha256,
      serial: leaf.serial,
      notAfterMs: leaf.notAfterMs,
    };
  }

  /** A revocation list of `leaves`. */
  async crl(leaves: readonly Leaf[]): Promise<string> {
    const nowMs = Date.now();
    const revoked = leaves.map(({ serial }) => ({ serial, revokedAtMs: nowMs }));
    return (await this.authority.active.signRevocations(revoked, nowMs)).pem;
  }

  /** What the xDS server shows. */
  controllerTls(): TlsMaterial {
    const { certificatePem, keyPem } = this.leaf('controller', {
      environment: 'system',
      team: 'dta',
    });
    return { certificatePem, keyPem, clientCaPem: this.authority.rootPem };
  }

  /** Reads identities of this mesh. */
  readonly identify = (spiffeId: string): ProxyIdentity | undefined => {
    const identity = parseMeshIdentity(spiffeId);
    return identity?.trustDomain === this.trustDomain ? { ...identity, spiffeId } : undefined;
  };
}

/** A source that gives what the test put in, by service and key. */
export class TestSource implements ResourceSource {
  readonly #listeners = new Set<(change: ResourceChange) => void>();
  readonly #resources = new Map<string, XdsResource>();

  resource(proxy: ProxyIdentity, key: ResourceKey): XdsResource | undefined {
    return this.#resources.get(`${proxy.service} ${key.kind}`);
  }

  subscribe(listener: (change: ResourceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sets a resource and tells the server. */
  put(service: string, kind: ResourceKey['kind'], resource: XdsResource, urgent = false): void {
    this.#resources.set(`${service} ${kind}`, resource);
    for (const listener of this.#listeners) {
      listener({ kinds: [kind], urgent, sinceMs: Date.now() });
    }
  }
}
