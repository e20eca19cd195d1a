/** Five real Envoys: three that are called, two that call them, and the application behind them. */
import { type Application, startApplication } from './application.ts';
import { openPolicies, type SoakAgent, SoakMesh, type SoakSidecar } from './soak-mesh.ts';
import { Traffic } from './traffic.ts';
import type { Target } from './traffic-messages.ts';

/** All of it. */
export interface FiveEnvoys {
  readonly mesh: SoakMesh;
  /** Serves all five, and `load`, the identity of the traffic. */
  readonly agent: SoakAgent;
  readonly sidecars: readonly SoakSidecar[];
  readonly application: Application;
  stop(): Promise<void>;
}

/** What may be different. */
export interface FiveOptions {
  /** The application speaks HTTP/2, so that gRPC goes through. */
  readonly http2?: boolean;
  /** Done before the first Envoy starts. */
  readonly before?: (mesh: SoakMesh) => Promise<void>;
}

/** Starts them, with certificates of this life. */
export async function startFiveEnvoys(
  leafTtl: string,
  { http2 = false, before }: FiveOptions = {},
): Promise<FiveEnvoys> {
  const application = await startApplication();
  const mesh = await SoakMesh.start({
    services: [...called, 'checkout', 'load', 'caller'],
    policies: openPolicies([...called, 'checkout'], ['checkout', 'load', 'caller'], 'sampled'),
    leafTtl,
  }).catch(async (error: unknown) => {
    await application.stop();
    throw error;
  });
  const stop = async () => {
    await mesh.stop();
    await application.stop();
  };
  try {
    await before?.(mesh);
    const names = Object.fromEntries(called.map((service) => [service, service]));
    const callers = { 'checkout-1': 'checkout', 'checkout-2': 'checkout' };
    const agent = await mesh.startAgent('host', { ...names, ...callers, load: 'load' });
    const app = http2 ? { port: application.http2Port, http2 } : { port: application.http1Port };
    const sidecars: SoakSidecar[] = [];
    for (const service of called) {
      sidecars.push(await mesh.startSidecar({ name: service, service, agent, app, workers }));
    }
    const callees = sidecars.map(({ name, inboundPort }) => ({ service: name, port: inboundPort }));
    for (const name of Object.keys(callers)) {
      sidecars.push(
        await mesh.startSidecar({ name, service: 'checkout', agent, app, callees, workers }),
      );
    }
    return { mesh, agent, sidecars, application, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Mutual TLS to each inbound listener, and as many through the outbound listeners of the callers: 5 and 6 targets. */
export async function startTraffic({ agent, sidecars }: FiveEnvoys): Promise<Traffic> {
  const traffic = await Traffic.start(agent.workloadSocket('load'));
  for (const target of targetsOf(sidecars)) traffic.add(target);
  return traffic;
}

function targetsOf(sidecars: readonly SoakSidecar[]): Target[] {
  return sidecars.flatMap(({ name, inboundPort, outboundPorts }) => [
    { id: `to ${name}`, port: inboundPort, tls: true, path: '/orders/7' },
    ...Array.from(outboundPorts, ([callee, port]) => ({
      ...{ id: `${name} to ${callee}`, port, tls: false, path: '/orders/7' },
    })),
  ]);
}

const called = ['orders', 'stock', 'prices'];
/** Five share two processors. */
const workers = 1;
