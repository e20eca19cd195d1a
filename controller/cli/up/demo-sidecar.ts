/** A sidecar of the demo: its bootstrap, and when it is ready. */
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';

import { DtaError } from '../../errors.ts';
import { type OutboundTarget, renderBootstrap } from '../../xds/render-bootstrap.ts';
import { controllerPrefix } from '../commands/bootstrap.ts';
import { envoyPath } from '../project-paths.ts';
import type { DemoChildren } from './demo-children.ts';

/** What a sidecar is made of; everything is on loopback. */
export interface DemoSidecar {
  readonly trustDomain: string;
  readonly service: string;
  readonly inboundPort: number;
  /** Port of the application behind it. */
  readonly app: number;
  readonly adminPort: number;
  readonly outbound: readonly OutboundTarget[];
  readonly xdsPort: number;
}

/** Starts one in the folder of the demo and waits until it serves. Fails with `setup`. */
export async function startDemoSidecar(
  dir: string,
  children: DemoChildren,
  sidecar: DemoSidecar,
): Promise<void> {
  const { service, adminPort } = sidecar;
  const file = join(dir, `${service}-envoy.yaml`);
  writeFileSync(file, bootstrap(sidecar, join(dir, 'sockets', service)));
  const args = ['-c', file, '--use-dynamic-base-id', '--concurrency', '2', '--log-level', 'warn'];
  args.push('--component-log-level', 'main:info');
  await children.start({
    name: `${service}-envoy`,
    command: envoyPath(),
    args,
    ready: /starting main dispatch loop/,
    env: { DTA_WORKERS: '2' },
  });
  await untilLive(adminPort, service);
}

function bootstrap(sidecar: DemoSidecar, sockets: string): string {
  const { trustDomain, service, inboundPort, app, adminPort, outbound, xdsPort } = sidecar;
  const address = '127.0.0.1';
  return renderBootstrap({
    nodeId: service,
    environment: 'prod',
    service,
    controller: { address, port: xdsPort, uriPrefix: controllerPrefix(trustDomain) },
    agent: { sdsSocket: join(sockets, 'agent.sock'), auditSocket: join(sockets, 'audit.sock') },
    admin: { port: adminPort },
    inbound: { address, port: inboundPort, application: { address, port: app } },
    outbound,
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
