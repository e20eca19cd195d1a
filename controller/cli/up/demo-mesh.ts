/** The mesh of the demo: real processes on loopback, everything under one folder. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';

import type { OperatorClient } from '../../api/client.ts';
import { DtaError } from '../../errors.ts';
import { type OutboundTarget, renderBootstrap } from '../../xds/render-bootstrap.ts';
import { controllerPrefix } from '../commands/bootstrap.ts';
import { operatorClient } from '../operator-option.ts';
import { readPolicyFiles } from '../policy-files.ts';
import { envoyPath, filterPath, projectPath } from '../project-paths.ts';
import { type Child, startChild } from './child.ts';
import { freePorts } from './free-ports.ts';

/** What the tour and the operator need of the running mesh. */
export interface DemoMesh {
  readonly trustDomain: string;
  readonly dataDir: string;
  readonly operator: OperatorClient;
  /** `https://127.0.0.1:<port>` of the controller's agent server. */
  readonly controllerUrl: string;
  readonly ports: {
    /** Mutual TLS in front of orders. */
    readonly ordersInbound: number;
    /** The application behind it, without any protection. */
    readonly ordersApp: number;
    /** Plaintext on loopback: checkout's way to orders. */
    readonly checkoutOutbound: number;
    readonly checkoutApp: number;
    readonly checkoutInbound: number;
    readonly ordersAdmin: number;
    readonly checkoutAdmin: number;
  };
  stop(): Promise<void>;
}

/** Starts everything, the policies of `examples/demo` included; `say` hears of each step. */
export async function startDemoMesh(dir: string, say: (line: string) => void): Promise<DemoMesh> {
  const children: Child[] = [];
  const stop = async () => {
    for (const child of children.splice(0).reverse()) await child.stop();
  };
  try {
    return await assemble(dir, say, children, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  dir: string,
  say: (line: string) => void,
  children: Child[],
  stop: () => Promise<void>,
): Promise<DemoMesh> {
  envoyPath();
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const start = async (name: string, command: string, args: string[], ready: RegExp, env = {}) => {
    const child = await startChild({
      name,
      command,
      args,
      ready,
      env,
      logFile: join(dir, `${name}.log`),
    });
    children.push(child);
    return child.said;
  };
  const node = (name: string, script: string, ...args: string[]) =>
    start(name, process.execPath, [projectPath(script), ...args], /^listening on (\d+)/);
  const dataDir = join(dir, 'controller');
  const said = await start(
    'controller',
    projectPath('dta'),
    controllerArgs(dataDir),
    /^controller of .*/,
  );
  const [, agentPort, xdsPort] = /agents (\d+), xds (\d+)/.exec(said) ?? [];
  say(`controller: certificate authority, policy, xDS (${said.replace('controller of ', '')})`);
  const operator = operatorClient(dataDir);
  const controllerUrl = `https://127.0.0.1:${agentPort}`;
  const sockets = join(dir, 'sockets');
  for (const workload of workloads) {
    const { token } = await operator.issueIdentity(workload);
    const args = ['agent', '--controller', controllerUrl, '--workload', workload.service];
    args.push('--state-dir', join(dir, 'agents'), '--socket-dir', sockets);
    const id = await start(
      `${workload.service}-agent`,
      projectPath('dta'),
      args,
      /^agent of (\S+):/,
      {
        DTA_JOIN_TOKEN: token,
      },
    );
    say(`agent: ${id}`);
  }
  await operator.pushPolicies(readPolicyFiles([projectPath('examples/demo/policies')]));
  say('policies of examples/demo/policies pushed');
  const [ordersInbound, checkoutInbound, checkoutOutbound, ordersAdmin, checkoutAdmin] =
    (await freePorts(5)) as Ports;
  const ordersApp = Number(await node('orders', 'examples/demo/services/orders.ts'));
  const checkoutApp = Number(
    await node('checkout', 'examples/demo/services/checkout.ts', String(checkoutOutbound)),
  );
  const sidecar = async (
    service: string,
    inboundPort: number,
    app: number,
    adminPort: number,
    outbound: OutboundTarget[],
  ) => {
    const file = join(dir, `${service}-envoy.yaml`);
    writeFileSync(
      file,
      bootstrap({
        service,
        inboundPort,
        app,
        adminPort,
        outbound,
        sockets,
        xdsPort: Number(xdsPort),
      }),
    );
    const args = ['-c', file, '--use-dynamic-base-id', '--concurrency', '2', '--log-level', 'warn'];
    args.push('--component-log-level', 'main:info');
    const env = { DTA_WORKERS: '2' };
    await start(`${service}-envoy`, envoyPath(), args, /starting main dispatch loop/, env);
    await untilLive(adminPort, service);
    say(`envoy: ${service}`);
  };
  await sidecar('orders', ordersInbound, ordersApp, ordersAdmin, []);
  await sidecar('checkout', checkoutInbound, checkoutApp, checkoutAdmin, [
    {
      environment: 'prod',
      service: 'orders',
      listenPort: checkoutOutbound,
      address: '127.0.0.1',
      port: ordersInbound,
    },
  ]);
  const ports = {
    ordersInbound,
    ordersApp,
    checkoutOutbound,
    checkoutApp,
    checkoutInbound,
    ordersAdmin,
    checkoutAdmin,
  };
  return { trustDomain, dataDir, operator, controllerUrl, ports, stop };
}

type Ports = [number, number, number, number, number];

function controllerArgs(dataDir: string): string[] {
  const ports = ['--agent-port', '0', '--xds-port', '0', '--operator-port', '0'];
  return [
    'controller',
    '--trust-domain',
    trustDomain,
    '--data-dir',
    dataDir,
    '--new-mesh',
    '--filter',
    filterPath(),
    ...ports,
  ];
}

interface SidecarOptions {
  readonly service: string;
  readonly inboundPort: number;
  readonly app: number;
  readonly adminPort: number;
  readonly outbound: readonly OutboundTarget[];
  readonly sockets: string;
  readonly xdsPort: number;
}

function bootstrap(options: SidecarOptions): string {
  const sockets = join(options.sockets, options.service);
  return renderBootstrap({
    nodeId: options.service,
    environment: 'prod',
    service: options.service,
    controller: {
      address: '127.0.0.1',
      port: options.xdsPort,
      uriPrefix: controllerPrefix(trustDomain),
    },
    agent: { sdsSocket: join(sockets, 'agent.sock'), auditSocket: join(sockets, 'audit.sock') },
    admin: { port: options.adminPort },
    inbound: {
      address: '127.0.0.1',
      port: options.inboundPort,
      application: { address: '127.0.0.1', port: options.app },
    },
    outbound: options.outbound,
  });
}

/** Waits until Envoy says LIVE and every worker has its filters: `/ready` of its admin interface. */
async function untilLive(adminPort: number, service: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    if (await isReady(adminPort)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new DtaError('setup', `the Envoy of ${service} did not get ready in 20 s`, {
    help: 'its log and the controller’s are in the demo folder',
  });
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path: '/ready' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    call.once('error', () => resolve(false));
    call.end();
  });
}

const trustDomain = 'demo.mesh';
const workloads = [
  { service: 'orders', team: 'fulfilment', environment: 'prod' },
  { service: 'checkout', team: 'payments', environment: 'prod' },
] as const;
