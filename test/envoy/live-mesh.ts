/** A whole mesh for a test: controller and agents in this process, real Envoys, everything under one folder. */
import { mkdtempSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type AgentHandle, runAgent } from '../../controller/agent/agent.ts';
import { ControllerClient } from '../../controller/agent/controller-client.ts';
import type { HeldIdentity } from '../../controller/agent/identity.ts';
import { join as joinMesh } from '../../controller/agent/join.ts';
import type { OperatorClient } from '../../controller/api/client.ts';
import type { IdentityRequest } from '../../controller/api/messages.ts';
import { controllerPrefix } from '../../controller/cli/commands/bootstrap.ts';
import { operatorClient } from '../../controller/cli/operator-option.ts';
import { filterPath } from '../../controller/cli/project-paths.ts';
import { freePorts } from '../../controller/cli/up/free-ports.ts';
import { createLog } from '../../controller/log.ts';
import { type Controller, startController } from '../../controller/main.ts';
import type { FederationAddress } from '../../controller/open-federation.ts';
import type { PolicyFile } from '../../controller/policy/parse.ts';
import { type BootstrapOptions, renderBootstrap } from '../../controller/xds/render-bootstrap.ts';
import { LiveEnvoy } from './live-envoy.ts';

/** A workload with its sidecar; `prod` is its environment, `shop` its team. */
export interface SidecarOptions {
  readonly service: string;
  readonly app: { readonly port: number; readonly http2?: boolean };
  /** Services that it calls through its sidecar; they have to stand before it in the list. */
  readonly callees?: readonly string[];
  /** Puts decompressors around the filter. */
  readonly decompress?: boolean;
  /** File of its access log. */
  readonly accessLog?: string;
}

/** What a mesh is made of. */
export interface MeshOptions {
  readonly sidecars: readonly SidecarOptions[];
  /** The policy set: one YAML text, or its files. */
  readonly policies: string | readonly PolicyFile[];
  readonly leafTtlMs?: number;
  /** Default: `trustDomain`. */
  readonly trustDomain?: string;
  /** Serves the mesh's own bundle there. */
  readonly federation?: FederationAddress;
  /** Of connections and streams, of every sidecar. */
  readonly lifetimes?: BootstrapOptions['lifetimes'];
}

/** A running sidecar. */
export interface Sidecar {
  readonly envoy: LiveEnvoy;
  readonly agent: AgentHandle;
  /** Mutual TLS. */
  readonly inboundPort: number;
  /** Plaintext on loopback, by callee. */
  readonly outboundPorts: ReadonlyMap<string, number>;
}

/** Trust domain of every test mesh that does not say another one. */
export const trustDomain = 'mesh.test';

/** A running mesh. */
export class LiveMesh {
  readonly operator: OperatorClient;
  /** Data of the controller. */
  readonly dataDir: string;
  readonly #directory: string;
  readonly #options: MeshOptions;
  readonly #sidecars = new Map<string, Sidecar>();
  #controller: Controller;

  private constructor(directory: string, controller: Controller, options: MeshOptions) {
    this.#directory = directory;
    this.#controller = controller;
    this.#options = options;
    this.dataDir = join(directory, 'controller');
    this.operator = operatorClient(this.dataDir);
  }

  /** Starts everything; every proxy has acknowledged policy, state and trust when it returns. */
  static async start(options: MeshOptions): Promise<LiveMesh> {
    const directory = mkdtempSync(join(tmpdir(), 'dta-mesh-'));
    // A copy: the one in build/ may be compiled anew while the test runs.
    await copyFile(filterPath(), join(directory, 'filter.wasm'));
    const ports = { agents: 0, xds: 0 };
    const controller = await open(directory, ports, 0, options);
    const mesh = new LiveMesh(directory, controller, options);
    try {
      await mesh.push(options.policies);
      for (const sidecar of options.sidecars) await mesh.#addSidecar(sidecar);
      await mesh.untilCurrent();
    } catch (error) {
      await mesh.stop();
      throw error;
    }
    return mesh;
  }

  sidecar(service: string): Sidecar {
    const sidecar = this.#sidecars.get(service);
    if (!sidecar) throw new Error(`no sidecar of ${service}`);
    return sidecar;
  }

  /** Port of the endpoint of its bundle; 0: it has none. */
  get federationPort(): number {
    return this.#controller.federationPort ?? 0;
  }

  /** Publishes a policy set. */
  async push(policies: string | readonly PolicyFile[]): Promise<number> {
    const files =
      typeof policies === 'string' ? [{ name: 'policies.yaml', text: policies }] : policies;
    return (await this.operator.pushPolicies(files)).revision;
  }

  /** A new instance of a workload, with a certificate of its own. */
  async join(workload: Partial<IdentityRequest> & { service: string }): Promise<HeldIdentity> {
    const request = { environment: 'prod', team: 'shop', ...workload };
    const { token } = await this.operator.issueIdentity(request);
    return await joinMesh(
      new ControllerClient(this.#agentUrl(), AbortSignal.timeout(10_000)),
      token,
    );
  }

  /** Waits until every proxy uses what was sent to it last. */
  async untilCurrent(): Promise<void> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const { proxies } = await this.operator.status();
      const wanted = ['dta/inbound', 'dta-state', 'dta-validation'];
      const isCurrent = proxies.every(
        ({ resources }) =>
          resources.every((r) => r.sentVersion === r.ackedVersion) &&
          wanted.every((name) => resources.some((r) => r.name === name && r.ackedVersion)),
      );
      if (isCurrent && proxies.length === this.#sidecars.size) return;
      if (Date.now() > deadline) throw new Error(`not current: ${JSON.stringify(proxies)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends the controller; Envoys and agents go on. */
  stopController(): Promise<void> {
    return this.#controller.stop();
  }

  /** Starts it again on the same data directory and ports. */
  async restartController(): Promise<void> {
    const { agentPort, xdsPort, operatorAddress } = this.#controller;
    const ports = { agents: agentPort, xds: xdsPort };
    const operatorPort = Number(new URL(operatorAddress).port);
    this.#controller = await open(this.#directory, ports, operatorPort, this.#options);
  }

  async stop(): Promise<void> {
    for (const { envoy } of this.#sidecars.values()) await envoy.stop();
    for (const { agent } of this.#sidecars.values()) await agent.stop();
    await this.#controller.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #agentUrl(): string {
    return `https://127.0.0.1:${this.#controller.agentPort}`;
  }

  async #addSidecar(options: SidecarOptions): Promise<void> {
    const { service, app, callees = [], decompress, accessLog } = options;
    const workload = { service, environment: 'prod', team: 'shop' };
    const { token } = await this.operator.issueIdentity(workload);
    const agent = await runAgent({
      controllerUrl: this.#agentUrl(),
      token,
      workload: service,
      stateDir: join(this.#directory, 'agents'),
      socketDir: join(this.#directory, 'sockets'),
      log: createLog('agent', 'silent'),
    });
    await agent.ready;
    const [adminPort = 0, inboundPort = 0, ...listenPorts] = await freePorts(2 + callees.length);
    const outbound = callees.map((callee, i) => ({
      environment: 'prod',
      service: callee,
      listenPort: listenPorts[i] ?? 0,
      address: '127.0.0.1',
      port: this.sidecar(callee).inboundPort,
    }));
    const bootstrap = renderBootstrap({
      nodeId: service,
      environment: 'prod',
      service,
      controller: {
        address: '127.0.0.1',
        port: this.#controller.xdsPort,
        uriPrefix: controllerPrefix(this.#options.trustDomain ?? trustDomain),
      },
      agent: { sdsSocket: agent.sdsSocket, auditSocket: agent.auditSocket },
      admin: { port: adminPort },
      inbound: {
        address: '127.0.0.1',
        port: inboundPort,
        application: { address: '127.0.0.1', ...app },
      },
      outbound,
      masking: { decompress: decompress ?? false },
      ...(this.#options.lifetimes && { lifetimes: this.#options.lifetimes }),
      ...(accessLog !== undefined && { accessLog }),
    });
    const envoy = await LiveEnvoy.start(this.#directory, service, bootstrap, adminPort);
    const outboundPorts = new Map(outbound.map((each) => [each.service, each.listenPort]));
    this.#sidecars.set(service, { envoy, agent, inboundPort, outboundPorts });
  }
}

function open(
  directory: string,
  ports: { agents: number; xds: number },
  operatorPort: number,
  options: MeshOptions,
): Promise<Controller> {
  const { leafTtlMs, federation } = options;
  return startController({
    dataDir: join(directory, 'controller'),
    trustDomain: options.trustDomain ?? trustDomain,
    host: '127.0.0.1',
    names: { dns: ['localhost'], ips: ['127.0.0.1'] },
    ports,
    operator: { host: '127.0.0.1', port: operatorPort },
    filterPath: join(directory, 'filter.wasm'),
    newMesh: {},
    ...(leafTtlMs !== undefined && { leafTtlMs }),
    ...(federation && { federation }),
    log: createLog('controller', 'silent'),
  });
}
