/**
 * A mesh as somebody runs it: `dta controller` and `dta agent` as processes, real Envoys. Workloads
 * join with Kubernetes tokens that the test, as the cluster would, puts where the agent looks.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { type AgentStatusReply, readAgentStatus } from '../../../controller/agent/status-server.ts';
import type { OperatorClient } from '../../../controller/api/client.ts';
import { IdentityClient } from '../../../controller/api/identity-client.ts';
import { controllerPrefix } from '../../../controller/cli/commands/bootstrap.ts';
import { operatorClient } from '../../../controller/cli/operator-option.ts';
import { filterPath, projectPath } from '../../../controller/cli/project-paths.ts';
import { type Child, startChild } from '../../../controller/cli/up/child.ts';
import { freePorts } from '../../../controller/cli/up/free-ports.ts';
import { TokenIssuer } from '../../../controller/identity/attestation/attestation.test-data.ts';
import { renderBootstrap } from '../../../controller/xds/render-bootstrap.ts';
import { LiveEnvoy } from '../../envoy/live-envoy.ts';

/** What a mesh is made of. */
export interface SoakMeshOptions {
  /** Services that may join, all of `prod` and team `shop`. */
  readonly services: readonly string[];
  /** The policy set, YAML. */
  readonly policies: string;
  /** As `--leaf-ttl` takes it. */
  readonly leafTtl: string;
}

/** A sidecar that runs. */
export interface SoakSidecar {
  readonly name: string;
  readonly envoy: LiveEnvoy;
  /** Mutual TLS. */
  readonly inboundPort: number;
  /** Plaintext on loopback, by callee. */
  readonly outboundPorts: ReadonlyMap<string, number>;
}

/** How a sidecar is made. */
export interface SidecarOptions {
  readonly name: string;
  readonly service: string;
  /** The agent that serves its workload, which has the same name. */
  readonly agent: SoakAgent;
  readonly app: { readonly port: number; readonly http2?: boolean };
  /** Service and inbound port of what it calls. */
  readonly callees?: readonly { readonly service: string; readonly port: number }[];
  readonly workers?: number;
  /** Beside this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A host's agent that runs. */
export interface SoakAgent {
  readonly dir: string;
  readonly logFile: string;
  statuses(): Promise<AgentStatusReply[]>;
  /** Unix socket of the Workload API of a workload. */
  workloadSocket(workload: string): string;
  stop(): Promise<void>;
}

/** A running mesh. */
export class SoakMesh {
  readonly directory: string;
  readonly #options: SoakMeshOptions;
  readonly #cluster = new TokenIssuer();
  readonly #ports: readonly number[];
  #controller: Child | undefined;
  #clients: { operator: OperatorClient; identities: IdentityClient } | undefined;
  readonly #agents = new Set<Child>();
  readonly #envoys = new Set<LiveEnvoy>();
  #starts = 0;

  private constructor(options: SoakMeshOptions, ports: readonly number[]) {
    this.#options = options;
    this.#ports = ports;
    this.directory = mkdtempSync(join(tmpdir(), 'dta-soak-'));
    this.#cluster.add('soak', 'ES256');
  }

  /** Starts the controller, registers the services and publishes the policies. */
  static async start(options: SoakMeshOptions): Promise<SoakMesh> {
    const mesh = new SoakMesh(options, await freePorts(3));
    try {
      await mesh.#open();
    } catch (error) {
      await mesh.stop();
      throw error;
    }
    return mesh;
  }

  get operator(): OperatorClient {
    return found(this.#clients).operator;
  }

  get identities(): IdentityClient {
    return found(this.#clients).identities;
  }

  /** Of the controller. */
  get dataDir(): string {
    return join(this.directory, 'controller');
  }

  get controllerUrl(): string {
    return `https://127.0.0.1:${this.#ports[0]}`;
  }

  get xdsPort(): number {
    return found(this.#ports[1]);
  }

  /** Ends the controller, or starts it on the same directory and ports. */
  async stopController(): Promise<void> {
    await this.#controller?.stop();
    this.#controller = undefined;
  }

  async startController(): Promise<void> {
    const [agents, xds, operators] = this.#ports;
    this.#starts += 1;
    this.#controller = await startChild({
      name: 'controller',
      command: projectPath('dta'),
      args: [
        ...['controller', '--trust-domain', trustDomain, '--new-mesh'],
        ...['--data-dir', this.dataDir],
        ...['--agent-port', `${agents}`, '--xds-port', `${xds}`, '--operator-port', `${operators}`],
        ...['--filter', join(this.directory, 'filter.wasm'), '--leaf-ttl', this.#options.leafTtl],
        ...['--attestors', join(this.directory, 'attestors.yaml'), '--log-level', 'warn'],
      ],
      ready: /^controller of .*/,
      logFile: join(this.directory, `controller-${this.#starts}.log`),
      env: profiled(this.#starts),
    });
    const operator = operatorClient(this.dataDir);
    this.#clients = { operator, identities: new IdentityClient(operator) };
  }

  /** Starts an agent whose workloads, name to service, join by themselves; with their certificates when it returns. */
  async startAgent(
    name: string,
    workloads: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<SoakAgent> {
    const agent = await this.startAgentOnly(name, workloads, env);
    await until(`certificates of ${name}`, async () =>
      (await agent.statuses()).every(({ state }) => state === 'valid'),
    );
    return agent;
  }

  /** The same without waiting for certificates. */
  async startAgentOnly(
    name: string,
    workloads: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<SoakAgent> {
    const dir = join(this.directory, name);
    mkdirSync(dir, { mode: 0o700 });
    for (const [workload, service] of Object.entries(workloads)) {
      writeFileSync(join(dir, `${workload}.token`), this.#projectedToken(workload, service));
    }
    const { issuers } = await this.operator.authority();
    const config = {
      controller: this.controllerUrl,
      trust: { keyHash: found(issuers[0]).rootKeyHash },
      ...{ socketDir: 's', stateDir: 'state', statusSocket: 'status.sock' },
      workloads: Object.keys(workloads).map((workload) => ({
        name: workload,
        join: { method: 'k8s', tokenFile: `${workload}.token` },
      })),
    };
    const file = join(dir, 'agent.yaml');
    writeFileSync(file, stringify(config));
    const logFile = join(dir, 'agent.log');
    const child = await startChild({
      name,
      command: projectPath('dta'),
      args: ['agent', '--config', file, '--log-level', 'info'],
      ready: /^agent of .*/,
      logFile,
      env,
    });
    this.#agents.add(child);
    return {
      dir,
      logFile,
      statuses: () => readAgentStatus(join(dir, 'status.sock')),
      workloadSocket: (workload: string) => join(dir, 's', workload, 'api.sock'),
      stop: async () => {
        await child.stop();
        this.#agents.delete(child);
      },
    };
  }

  /** Starts a sidecar; it has policy, state and trust when it returns. */
  async startSidecar(options: SidecarOptions): Promise<SoakSidecar> {
    const { name, service, agent, app, callees = [], workers = 2, env } = options;
    const [adminPort = 0, inboundPort = 0, ...listenPorts] = await freePorts(2 + callees.length);
    const outbound = callees.map((callee, i) => ({
      environment: 'prod',
      service: callee.service,
      listenPort: listenPorts[i] ?? 0,
      address: '127.0.0.1',
      port: callee.port,
    }));
    const bootstrap = renderBootstrap({
      ...{ nodeId: name, environment: 'prod', service, outbound },
      controller: {
        address: '127.0.0.1',
        port: this.xdsPort,
        uriPrefix: controllerPrefix(trustDomain),
      },
      agent: {
        sdsSocket: join(agent.dir, 's', name, 'agent.sock'),
        auditSocket: join(agent.dir, 's', name, 'audit.sock'),
      },
      admin: { port: adminPort },
      inbound: {
        address: '127.0.0.1',
        port: inboundPort,
        application: { address: '127.0.0.1', ...app },
      },
    });
    const envoy = await LiveEnvoy.start(this.directory, name, bootstrap, adminPort, {
      workers,
      ...(env && { env }),
    });
    this.#envoys.add(envoy);
    const outboundPorts = new Map(outbound.map((each) => [each.service, each.listenPort]));
    return { name, envoy, inboundPort, outboundPorts };
  }

  /** Ends one Envoy gracefully: it drains as it would before its pod goes. */
  async endSidecar({ envoy }: SoakSidecar): Promise<void> {
    await envoy.stop();
    this.#envoys.delete(envoy);
  }

  async stop(): Promise<void> {
    for (const envoy of this.#envoys) await envoy.stop();
    for (const agent of this.#agents) await agent.stop();
    await this.stopController();
    if (process.env.SOAK_KEEP === undefined) {
      await rm(this.directory, { recursive: true, force: true });
    } else console.log(`          kept ${this.directory}`);
  }

  async #open(): Promise<void> {
    const { services, policies } = this.#options;
    const { directory } = this;
    // A copy: the one in build/ may be compiled anew while this runs.
    await copyFile(filterPath(), join(directory, 'filter.wasm'));
    writeFileSync(join(directory, 'jwks.json'), this.#cluster.jwks);
    const keys = { file: 'jwks.json' };
    const kubernetes = [{ name: 'soak', issuer: clusterIssuer, audience, keys }];
    writeFileSync(join(directory, 'attestors.yaml'), stringify({ kubernetes }));
    await this.startController();
    await this.identities.register([
      { name: 'registrations.yaml', text: services.map(registrationOf).join('---\n') },
    ]);
    await this.operator.pushPolicies([{ name: 'policies.yaml', text: policies }]);
  }

  #projectedToken(pod: string, service: string): string {
    const now = Math.floor(Date.now() / 1000);
    return this.#cluster.token('soak', {
      ...{ iss: clusterIssuer, aud: [audience], iat: now, nbf: now, exp: now + 7_200 },
      sub: `system:serviceaccount:shop:${service}`,
      'kubernetes.io': {
        namespace: 'shop',
        serviceaccount: { name: service, uid: 'x' },
        pod: { name: pod, uid: randomUUID() },
      },
    });
  }
}

/** Policies that let `callers` in everywhere in `services`; `audit` as policies have it. */
export function openPolicies(
  services: readonly string[],
  callers: readonly string[],
  audit: 'sampled' | 'always',
): string {
  const from = callers.map((service) => `{ service: ${service}, environment: same }`).join(', ');
  return services
    .map(
      (service) => `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: ${service} }
spec:
  destination: { service: ${service}, environment: prod }
  mode: enforce
  rules:
    - { name: callers, effect: allow, from: [${from}], to: [{ paths: ["/**"] }], audit: ${audit} }
`,
    )
    .join('---\n');
}

/** Waits until `isTrue`; throws what it waited for after `withinMs`. */
export async function until(
  what: string,
  isTrue: () => Promise<boolean> | boolean,
  withinMs = 60_000,
  everyMs = 50,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(everyMs);
  }
}

/** Waits so long. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** `SOAK_PROFILE=<folder>` has every controller write a CPU profile there when it ends. */
function profiled(start: number): Record<string, string> {
  const folder = process.env.SOAK_PROFILE;
  if (folder === undefined) return {};
  const name = `controller-${start}.cpuprofile`;
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder} --cpu-prof-name=${name}` };
}

function registrationOf(service: string): string {
  return `apiVersion: sm-dta/v1
kind: ServiceRegistration
metadata: { name: ${service} }
spec:
  service: ${service}
  team: shop
  environment: prod
  attest: ["k8s:cluster:soak", "k8s:ns:shop", "k8s:sa:${service}"]
`;
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not running');
  return value;
}

/** Of every mesh here. */
export const trustDomain = 'soak.test';
const clusterIssuer = 'https://kubernetes.default.svc';
const audience = 'sm-dta';
