/** The mesh of the demo: real processes on loopback, everything under one folder. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { OperatorClient } from '../../api/client.ts';
import { operatorClient } from '../operator-option.ts';
import { readPolicyFiles } from '../policy-files.ts';
import { envoyPath, filterPath, projectPath } from '../project-paths.ts';
import { DemoChildren } from './demo-children.ts';
import { startDemoSidecar } from './demo-sidecar.ts';
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
  // First what can fail without leaving anything behind.
  envoyPath();
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const children = new DemoChildren(dir);
  const demo = { dir, say, children };
  try {
    const controller = await startDemoController(demo);
    await startAgents(demo, controller);
    await controller.operator.pushPolicies(
      readPolicyFiles([projectPath('examples/demo/policies')]),
    );
    say('policies of examples/demo/policies pushed');
    const ports = await startWorkloads(demo, controller.xdsPort);
    const { dataDir, operator, controllerUrl } = controller;
    const stop = () => children.stop();
    return { trustDomain, dataDir, operator, controllerUrl, ports, stop };
  } catch (error) {
    await children.stop();
    throw error;
  }
}

interface Demo {
  readonly dir: string;
  readonly say: (line: string) => void;
  readonly children: DemoChildren;
}

interface DemoController extends Pick<DemoMesh, 'dataDir' | 'operator' | 'controllerUrl'> {
  readonly xdsPort: number;
}

async function startDemoController({ dir, say, children }: Demo): Promise<DemoController> {
  const dataDir = join(dir, 'controller');
  const args = ['controller', '--trust-domain', trustDomain, '--data-dir', dataDir, '--new-mesh'];
  args.push('--filter', filterPath());
  args.push('--agent-port', '0', '--xds-port', '0', '--operator-port', '0');
  const said = await children.startDta('controller', args, /^controller of .*/);
  const [, agentPort, xdsPort] = /agents (\d+), xds (\d+)/.exec(said) ?? [];
  say(`controller: certificate authority, policy, xDS (${said.replace('controller of ', '')})`);
  const controllerUrl = `https://127.0.0.1:${agentPort}`;
  return { dataDir, operator: operatorClient(dataDir), controllerUrl, xdsPort: Number(xdsPort) };
}

async function startAgents(
  { dir, say, children }: Demo,
  { operator, controllerUrl }: DemoController,
): Promise<void> {
  for (const workload of workloads) {
    const { service } = workload;
    const { token } = await operator.issueIdentity(workload);
    const args = ['agent', '--controller', controllerUrl, '--workload', service];
    args.push('--state-dir', join(dir, 'agents'), '--socket-dir', join(dir, 'sockets'));
    const env = { DTA_JOIN_TOKEN: token };
    const id = await children.startDta(`${service}-agent`, args, /^agent of (\S+):/, env);
    say(`agent: ${id}`);
  }
}

/** The applications, then the sidecars: checkout calls orders. */
async function startWorkloads(
  { dir, say, children }: Demo,
  xdsPort: number,
): Promise<DemoMesh['ports']> {
  const [ordersInbound, checkoutInbound, checkoutOutbound, ordersAdmin, checkoutAdmin] =
    (await freePorts(5)) as Ports;
  const ordersApp = await children.startService('orders');
  const checkoutApp = await children.startService('checkout', String(checkoutOutbound));
  const shared = { trustDomain, xdsPort };
  await startDemoSidecar(dir, children, {
    ...{ ...shared, service: 'orders', inboundPort: ordersInbound },
    ...{ app: ordersApp, adminPort: ordersAdmin, outbound: [] },
  });
  say('envoy: orders');
  const orders = { environment: 'prod', service: 'orders', listenPort: checkoutOutbound };
  await startDemoSidecar(dir, children, {
    ...{ ...shared, service: 'checkout', inboundPort: checkoutInbound },
    ...{ app: checkoutApp, adminPort: checkoutAdmin },
    outbound: [{ ...orders, address: '127.0.0.1', port: ordersInbound }],
  });
  say('envoy: checkout');
  return {
    ...{ ordersInbound, ordersApp, ordersAdmin },
    ...{ checkoutInbound, checkoutOutbound, checkoutApp, checkoutAdmin },
  };
}

type Ports = [number, number, number, number, number];

const trustDomain = 'demo.mesh';
const workloads = [
  { service: 'orders', team: 'fulfilment', environment: 'prod' },
  { service: 'checkout', team: 'payments', environment: 'prod' },
] as const;
