/** Row: long gRPC streams of revoked identities are cut within a second, and Envoy lives on after a thousand of them. */
import { connect } from 'node:http2';

import type { Credentials } from '../../envoy/client.ts';
import { EMPTY_MESSAGE, startApplication, WATCH } from './application.ts';
import { machineMs } from './machine-clock.ts';
import { joinMany } from './mesh-identities.ts';
import { openPolicies, pause, SoakMesh, type SoakSidecar } from './soak-mesh.ts';
import { quantilesOf, showQuantiles, type Verdicts } from './verdicts.ts';

/** Runs it; about a minute. */
export async function soakCuts(verdicts: Verdicts): Promise<void> {
  const application = await startApplication();
  const mesh = await SoakMesh.start({
    services: ['orders'],
    policies: openPolicies(['orders'], ['caller'], 'sampled'),
    leafTtl: '1h',
  });
  try {
    const [witness, ...victims] = await joinMany(mesh, 1 + identities);
    if (!witness) throw new Error('nobody joined');
    const agent = await mesh.startAgent('host', { orders: 'orders' });
    const app = { port: application.http2Port, http2: true };
    const sidecar = await mesh.startSidecar({ name: 'orders', service: 'orders', agent, app });
    const bystander = openStreams(sidecar.inboundPort, witness, 1);
    await Promise.all(bystander.opened);
    const { pid } = sidecar.envoy;
    const times: number[] = [];
    let firstRss = 0;
    for (const [i, victim] of victims.entries()) {
      times.push(...(await cutOne(mesh, sidecar, victim)));
      if (i === 9) firstRss = sidecar.envoy.rssMiB();
    }
    const lastRss = sidecar.envoy.rssMiB();
    verdicts.note(
      `memory of Envoy after 100 cuts ${firstRss} MiB, after ${times.length} ${lastRss} MiB`,
    );
    const quantiles = quantilesOf(times);
    verdicts.judge({
      what: 'gRPC streams of revoked identities cut, from the call',
      bound: `${identities * streamsEach} cuts, each within 1,000 ms`,
      measured: showQuantiles(quantiles),
      isMet: quantiles.count === identities * streamsEach && quantiles.max <= 1_000,
    });
    const isAnswered = await answers(sidecar, witness);
    const isCut = await Promise.race([bystander.closed[0], pause(100).then(() => 0)]);
    const isSame = sidecar.envoy.isRunning && sidecar.envoy.pid === pid;
    verdicts.judge({
      what: 'Envoy after the cuts',
      bound: 'same process, answers, cuts nobody else, less than 32 MiB more',
      measured: `${isSame ? 'same' : 'gone'}, ${isAnswered ? 'answers' : 'does not answer'}, bystander ${isCut ? 'cut' : 'kept'}, ${lastRss - firstRss} MiB more`,
      isMet: isSame && isAnswered && !isCut && lastRss - firstRss < 32,
    });
    bystander.close();
  } finally {
    await mesh.stop();
    await application.stop();
  }
}

/** Opens its streams, revokes the identity, and gives how long each stream lived from the call on. */
async function cutOne(
  mesh: SoakMesh,
  { inboundPort }: SoakSidecar,
  victim: Credentials & { instance: string },
): Promise<number[]> {
  const streams = openStreams(inboundPort, victim, streamsEach);
  await Promise.all(streams.opened);
  await pause(400);
  const calledMs = machineMs();
  await mesh.operator.revoke(victim.instance, 'soak');
  const late = pause(5_000).then(() => undefined);
  const cut = await Promise.all(streams.closed.map((closed) => Promise.race([closed, late])));
  streams.close();
  return cut.flatMap((atMs) => (atMs === undefined ? [] : [atMs - calledMs]));
}

/** gRPC streams on one connection that have carried a message both ways when `opened` resolves. */
function openStreams(port: number, identity: Credentials, count: number) {
  const session = connect(`https://127.0.0.1:${port}`, {
    ...{ ca: identity.rootPem, cert: identity.chainPem, key: identity.keyPem },
    checkServerIdentity: () => undefined,
  });
  session.on('error', () => {});
  const opened: Promise<void>[] = [];
  const closed: Promise<number>[] = [];
  for (let i = 0; i < count; i++) {
    const headers = { ':method': 'POST', ':path': WATCH, 'content-type': 'application/grpc' };
    const stream = session.request({ ...headers, te: 'trailers' }, { endStream: false });
    stream.on('error', () => {});
    stream.write(EMPTY_MESSAGE);
    let received = 0;
    opened.push(
      new Promise((resolve) =>
        stream.on('data', (chunk: Buffer) => {
          received += chunk.length;
          if (received >= 2 * EMPTY_MESSAGE.length) resolve();
        }),
      ),
    );
    closed.push(new Promise((resolve) => stream.on('close', () => resolve(machineMs()))));
  }
  return { opened, closed, close: () => session.destroy() };
}

async function answers({ inboundPort }: SoakSidecar, identity: Credentials): Promise<boolean> {
  const streams = openStreams(inboundPort, identity, 1);
  const isOpen = Promise.all(streams.opened).then(() => true);
  const isAnswered = await Promise.race([isOpen, pause(2_000).then(() => false)]);
  streams.close();
  return isAnswered;
}

const identities = 100;
const streamsEach = 10;
