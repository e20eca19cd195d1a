/** One Envoy with the real filter on an xDS server that gives what a test puts in: no compiler or prover in between. */
import { mkdtempSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { filterPath } from '../../controller/cli/project-paths.ts';
import { freePorts } from '../../controller/cli/up/free-ports.ts';
import { BundleHeader, RESERVED_BYTES } from '../../controller/layout.ts';
import { createLog } from '../../controller/log.ts';
import { filterEnvironment } from '../../controller/prove-bundle.ts';
import { renderBootstrap } from '../../controller/xds/render-bootstrap.ts';
import { createXdsServer, type XdsServer } from '../../controller/xds/server.ts';
import { stateOf } from '../filter/mesh.ts';
import { TestMesh, TestSource } from '../xds/mesh.ts';
import type { Credentials } from './client.ts';
import { LiveEnvoy } from './live-envoy.ts';
import { startSdsAgent } from './sds-agent.ts';

/** How a version fared. */
export interface Verdict {
  readonly version: string;
  /** What the proxy refused it with; absent: it uses it. */
  readonly nack?: string;
}

/** A running Envoy for `prod/orders` of `mesh.example`. */
export class DirectMesh {
  readonly mesh = new TestMesh();
  readonly inboundPort: number;
  readonly envoy: LiveEnvoy;
  readonly server: XdsServer;
  readonly #source: TestSource;
  readonly #verdicts: Verdicts;
  readonly #close: () => Promise<void>;

  private constructor(parts: Parts) {
    this.mesh = parts.mesh;
    this.inboundPort = parts.inboundPort;
    this.envoy = parts.envoy;
    this.server = parts.server;
    this.#source = parts.source;
    this.#verdicts = parts.verdicts;
    this.#close = parts.close;
  }

  /** Starts it with a first bundle, version `1`, in front of the application on `appPort`. */
  static async start(bundle: Uint8Array, appPort: number): Promise<DirectMesh> {
    const mesh = new TestMesh();
    const directory = mkdtempSync(join(tmpdir(), 'dta-direct-'));
    const wasm = join(directory, 'filter.wasm');
    await copyFile(filterPath(), wasm);
    const leaf = mesh.leaf('orders', { ttlMs: 3_600_000 });
    const source = firstResources(mesh, leaf.identity.spiffeId, bundle);
    const verdicts = new Verdicts();
    const server = await createXdsServer({
      tls: mesh.controllerTls(),
      port: 0,
      source,
      filter: { filePath: wasm, environment: filterEnvironment },
      identify: mesh.identify,
      isRevoked: () => false,
      nameCertificate: () => ({ digests: [], issuer: undefined }),
      log: createLog('xds', 'silent'),
      clock: Date.now,
      observer: {
        onAck: ({ name, version }) => verdicts.note(name, { version }),
        onNack: ({ name, version, message }) => verdicts.note(name, { version, nack: message }),
      },
    });
    const sdsSocket = join(directory, 'sds.sock');
    const stopAgent = await startSdsAgent(sdsSocket, leaf, mesh.authority.rootPem);
    const [adminPort = 0, inboundPort = 0] = await freePorts(2);
    const bootstrap = renderBootstrap({
      nodeId: 'orders',
      environment: 'prod',
      service: 'orders',
      controller: {
        address: '127.0.0.1',
        port: server.port,
        uriPrefix: `spiffe://${mesh.trustDomain}/env/system/team/dta/svc/controller/i/`,
      },
      agent: { sdsSocket, auditSocket: join(directory, 'audit.sock') },
      admin: { port: adminPort },
      inbound: {
        address: '127.0.0.1',
        port: inboundPort,
        application: { address: '127.0.0.1', port: appPort },
      },
      outbound: [],
    });
    const envoy = await LiveEnvoy.start(directory, 'orders', bootstrap, adminPort);
    const close = async () => {
      await envoy.stop();
      stopAgent();
      await server.close();
      await rm(directory, { recursive: true });
    };
    return new DirectMesh({ mesh, inboundPort, envoy, server, source, verdicts, close });
  }

  /** A caller with a certificate of its own. */
  credentials(service: string): Credentials {
    const { certificatePem, keyPem } = this.mesh.leaf(service, { ttlMs: 3_600_000 });
    return { chainPem: certificatePem, keyPem, rootPem: this.mesh.authority.rootPem };
  }

  /** Sends a bundle under `version` and waits for what the proxy says. */
  async push(version: string, configuration: Uint8Array): Promise<Verdict> {
    const verdict = this.#verdicts.of('dta/inbound', version);
    this.#source.put('orders', 'inbound', { kind: 'wasm', version, configuration });
    return await verdict;
  }

  /** How the bundle stands at the proxy. */
  bundleStatus() {
    return this.server.proxies()[0]?.resources.find(({ name }) => name === 'dta/inbound');
  }

  stop(): Promise<void> {
    return this.#close();
  }
}

interface Parts {
  readonly mesh: TestMesh;
  readonly inboundPort: number;
  readonly envoy: LiveEnvoy;
  readonly server: XdsServer;
  readonly source: TestSource;
  readonly verdicts: Verdicts;
  readonly close: () => Promise<void>;
}

/** A copy of a bundle that is valid from now on, under another version. */
export function renewed(bundle: Uint8Array, version: bigint): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bundle);
  const view = new DataView(copy.buffer, RESERVED_BYTES);
  const dayMs = 86_400_000n;
  const nowMs = BigInt(Date.now());
  view.setBigUint64(BundleHeader.version, version, true);
  view.setBigUint64(BundleHeader.softExpiryMs, nowMs + dayMs, true);
  view.setBigUint64(BundleHeader.hardExpiryMs, nowMs + 7n * dayMs, true);
  return copy;
}

function firstResources(mesh: TestMesh, self: string, bundle: Uint8Array): TestSource {
  const source = new TestSource();
  const nowMs = Date.now();
  source.put('orders', 'inbound', { kind: 'wasm', version: '1', configuration: bundle });
  source.put('orders', 'state', {
    kind: 'wasm',
    version: '1',
    configuration: stateOf({ self, nowMs, epoch: BigInt(nowMs) }),
  });
  source.put('orders', 'validation', {
    kind: 'validation',
    version: '1',
    trustDomain: mesh.trustDomain,
    trustedCaPem: mesh.authority.rootPem,
    crlPem: undefined,
  });
  return source;
}

/** What the proxy said to versions, and who waits for it. */
class Verdicts {
  readonly #waiting = new Map<string, (verdict: Verdict) => void>();

  of(name: string, version: string): Promise<Verdict> {
    return new Promise((resolve) => this.#waiting.set(`${name} ${version}`, resolve));
  }

  note(name: string, verdict: Verdict): void {
    this.#waiting.get(`${name} ${verdict.version}`)?.(verdict);
  }
}
