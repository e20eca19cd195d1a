/** Row: hosts whose clocks are wrong. An agent and a real Envoy run under a clock that is off (`skewed-clock.c`). */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { fileURLToPath } from 'node:url';

import { type Application, startApplication } from './application.ts';
import { Line } from './line.ts';
import { takeSvid } from './own-svid.ts';
import {
  openPolicies,
  pause,
  type SoakAgent,
  SoakMesh,
  type SoakSidecar,
  until,
} from './soak-mesh.ts';
import type { Verdicts } from './verdicts.ts';

interface Parts {
  readonly mesh: SoakMesh;
  readonly application: Application;
  /** On a host with the right clock: `orders` and `load`. */
  readonly agent: SoakAgent;
  readonly orders: SoakSidecar;
  /** Of the preloaded clock. */
  readonly library: string;
}

/** Runs it; about a minute and a half. Needs a C compiler (`cc`). */
export async function soakSkew(verdicts: Verdicts): Promise<void> {
  const application = await startApplication();
  const mesh = await SoakMesh.start({
    services: ['orders', 'checkout', 'load'],
    policies: openPolicies(['orders', 'checkout'], ['checkout', 'load'], 'sampled'),
    leafTtl: '1h',
  });
  try {
    const library = join(mesh.directory, 'skewed-clock.so');
    const source = fileURLToPath(new URL('./skewed-clock.c', import.meta.url));
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
    const agent = await mesh.startAgent('host', { orders: 'orders', load: 'load' });
    const app = { port: application.http1Port };
    const orders = await mesh.startSidecar({ name: 'orders', service: 'orders', agent, app });
    const parts = { mesh, application, agent, orders, library };
    for (const sign of [1, -1]) await tryHost(parts, sign, verdicts);
  } finally {
    await mesh.stop();
    await application.stop();
  }
}

/** A host that starts five minutes off, and is 25 hours off later; another one that starts 25 hours off. */
async function tryHost(parts: Parts, sign: number, verdicts: Verdicts): Promise<void> {
  const { mesh, application, orders } = parts;
  const name = sign > 0 ? 'ahead' : 'behind';
  const clock = new HostClock(parts, name);
  clock.set(sign * fiveMinutes);
  const agent = await mesh.startAgent(`host-${name}`, { [name]: 'checkout' }, clock.env);
  const sidecar = await mesh.startSidecar({
    ...{ name, service: 'checkout', agent, env: clock.env },
    app: { port: application.http1Port },
    callees: [{ service: 'orders', port: orders.inboundPort }],
  });
  const five = {
    inbound: await askNew(parts, sidecar.inboundPort),
    outbound: await askPlain(sidecar.outboundPorts.get('orders') ?? 0),
    application: await askAs(agent.workloadSocket(name), orders.inboundPort),
    said: alarmOf(agent, `clock here is 5 min ${sign > 0 ? 'ahead of' : 'behind'}`),
  };
  verdicts.judge({
    what: `a host 5 min ${name}: it is called, calls through its Envoy, its application calls`,
    bound: '200 each, and the agent tells',
    measured: `${five.inbound}, ${five.outbound}, ${five.application}, ${five.said || 'nothing said'}`,
    isMet:
      [five.inbound, five.outbound, five.application].every((status) => status === 200) &&
      five.said !== '',
  });
  clock.set(sign * aDayAndAnHour);
  await judgeDay(parts, { name, sign, agent, sidecar }, verdicts);
  await mesh.endSidecar(sidecar);
  await agent.stop();
}

interface Host {
  readonly name: string;
  readonly sign: number;
  readonly agent: SoakAgent;
  readonly sidecar: SoakSidecar;
}

async function judgeDay(
  parts: Parts,
  { name, sign, agent, sidecar }: Host,
  verdicts: Verdicts,
): Promise<void> {
  const words = `clock here is 25 h 0 min ${sign > 0 ? 'ahead of' : 'behind'}`;
  const inbound = await askNew(parts, sidecar.inboundPort);
  await until('the alarm', () => alarmOf(agent, words).startsWith('error'), 60_000).catch(() => {});
  const clock = new HostClock(parts, `${name}-cold`);
  clock.set(sign * aDayAndAnHour);
  const workloads = { [`${name}-cold`]: 'checkout' };
  const cold = await parts.mesh.startAgentOnly(`host-${name}-cold`, workloads, clock.env);
  await until('the refusal', () => alarmOf(cold, words).startsWith('error'), 20_000).catch(
    () => {},
  );
  await pause(1_000);
  const [status] = await cold.statuses();
  await cold.stop();
  verdicts.judge({
    what: `a host 25 h ${name}: a new handshake with its Envoy; one that starts so and wants to join`,
    bound: 'refused, joining; an error of each names the skew',
    measured: `${inbound}, ${status?.state}; ${alarmOf(agent, words)} / ${alarmOf(cold, words)}`,
    isMet:
      inbound === 0 &&
      status?.state === 'joining' &&
      [agent, cold].every((each) => alarmOf(each, words).startsWith('error')),
  });
}

/** The clock of a host, which may be set while its processes run. */
class HostClock {
  readonly env: Readonly<Record<string, string>>;
  readonly #file: string;

  constructor({ mesh, library }: Parts, name: string) {
    this.#file = join(mesh.directory, `${name}.skew`);
    this.env = { LD_PRELOAD: library, SKEW_FILE: this.#file };
  }

  /** Seconds, positive is ahead. The file stays the same: it is mapped. */
  set(skew: number): void {
    const file = openSync(this.#file, constants.O_RDWR | constants.O_CREAT);
    writeSync(file, new Uint8Array(BigInt64Array.of(BigInt(skew)).buffer), 0, 8, 0);
    closeSync(file);
  }
}

/** A new connection as `load`; 0: no handshake. */
function askNew({ agent }: Parts, port: number): Promise<number> {
  return askAs(agent.workloadSocket('load'), port);
}

async function askAs(workloadSocket: string, port: number): Promise<number> {
  const { rootPem, chainPem, keyPem } = await takeSvid(workloadSocket);
  const context = createSecureContext({ ca: rootPem, cert: chainPem, key: keyPem });
  const line = new Line({ port, context }, () => {});
  const { status } = await line.ask('/orders/7');
  line.close();
  return status;
}

async function askPlain(port: number): Promise<number> {
  const line = new Line({ port }, () => {});
  const { status } = await line.ask('/orders/7');
  line.close();
  return status;
}

/** The first line of the agent's log that says `words`: its level and text; empty: there is none. */
function alarmOf({ logFile }: SoakAgent, words: string): string {
  const found: string[] = [];
  for (const line of readFileSync(logFile, 'utf8').split('\n')) {
    if (!line.startsWith('{') || !line.includes(words)) continue;
    const { level, msg, err } = JSON.parse(line) as {
      level: number | string;
      msg: string;
      err?: { message: string };
    };
    const isError = level === 50 || level === 'error';
    const text = `${isError ? 'error' : 'warn'}: ${msg.includes(words) ? msg : err?.message}`;
    if (isError) return text;
    found.push(text);
  }
  return found[0] ?? '';
}

const fiveMinutes = 300;
const aDayAndAnHour = 25 * 3_600;
