/** Row: from a revocation to the last refusal, at five Envoys with open connections and a thousand simulated proxies. */

import { type FiveEnvoys, startFiveEnvoys } from './five-envoys.ts';
import { machineMs } from './machine-clock.ts';
import { type Joined, joinMany } from './mesh-identities.ts';
import { RevokedCallers } from './revoked-callers.ts';
import { SimulatedProxies } from './simulated-proxies.ts';
import { pause } from './soak-mesh.ts';
import { quantilesOf, showQuantiles, type Verdicts } from './verdicts.ts';

/** All times of one revocation, `machineMs`. */
interface Sample {
  readonly calledMs: number;
  /** As the controller recorded it, just before it was committed. */
  readonly revokedMs: number;
  readonly answeredMs: number;
  readonly refusedMs: readonly number[];
  readonly arrivedMs: readonly number[];
  readonly cutMs: readonly number[];
  readonly faults: readonly string[];
}

/** Runs it; about three minutes. */
export async function soakRevocation(verdicts: Verdicts): Promise<void> {
  let simulated: SimulatedProxies | undefined;
  let victims: Joined[] = [];
  // Before the Envoys, so that nothing that serves the oldest stream first favours these.
  const before = async (mesh: FiveEnvoys['mesh']) => {
    const joined = await joinMany(mesh, warmUps + revocations + proxyCount);
    victims = joined.splice(0, warmUps + revocations);
    simulated = await SimulatedProxies.start(mesh.xdsPort, joined);
  };
  const five = await startFiveEnvoys('1h', { http2: true, before });
  const callers = new RevokedCallers();
  try {
    verdicts.note(`${proxyCount} simulated proxies and ${five.sidecars.length} Envoys are there`);
    const samples: Sample[] = [];
    for (const [i, victim] of victims.entries()) {
      const sample = await revokeOne(five, victim, callers, simulated);
      if (i >= warmUps) samples.push(sample);
    }
    judge(samples, five.sidecars.length, verdicts);
  } finally {
    await callers.stop();
    await simulated?.stop();
    await five.stop();
  }
}

async function revokeOne(
  { mesh, sidecars }: FiveEnvoys,
  identity: Joined,
  callers: RevokedCallers,
  simulated: SimulatedProxies | undefined,
): Promise<Sample> {
  const ports = sidecars.map(({ inboundPort }) => inboundPort);
  await callers.open(identity, ports);
  await pause(betweenMs);
  const arrivals = simulated?.watch(identity.instance, withinMs);
  const wallAheadMs = Date.now() - machineMs();
  const calledMs = machineMs();
  const revoking = mesh.operator
    .revoke(identity.instance, 'soak')
    .then((reply) => ({ ...reply, answeredMs: machineMs() }));
  // No refusal comes sooner; asking all the time would take the processors from those that are measured.
  await pause(quietMs);
  const refusals = callers.poll(withinMs);
  const { atMs, answeredMs } = await revoking;
  const refused = await refusals;
  const { atMs: arrivedMs } = (await arrivals) ?? { atMs: [] };
  const present = (value: number | undefined) => (value === undefined ? [] : [value]);
  return {
    ...{ calledMs, revokedMs: atMs - wallAheadMs, answeredMs, arrivedMs },
    refusedMs: refused.flatMap((each) => present(each.atMs)),
    cutMs: refused.flatMap((each) => present(each.cutMs)),
    faults: refused.flatMap(({ fault }) => fault ?? []),
  };
}

function judge(samples: readonly Sample[], envoys: number, verdicts: Verdicts): void {
  const since = (from: (sample: Sample) => number, of: (sample: Sample) => readonly number[]) =>
    samples.flatMap((sample) => of(sample).map((ms) => ms - from(sample)));
  const all = ({ refusedMs, arrivedMs }: Sample) => [...refusedMs, ...arrivedMs];
  const called = ({ calledMs }: Sample) => calledMs;
  const show = (what: string, values: readonly number[]) =>
    verdicts.note(`${what}: ${showQuantiles(quantilesOf(values))}`);
  show(
    'the call itself',
    samples.map(({ calledMs, answeredMs }) => answeredMs - calledMs),
  );
  show(
    'from the call, Envoys',
    since(called, ({ refusedMs }) => refusedMs),
  );
  show(
    'from the call, simulated',
    since(called, ({ arrivedMs }) => arrivedMs),
  );
  show(
    'from the record, all',
    since(({ revokedMs }) => revokedMs, all),
  );
  show(
    'from the answer, all',
    since(({ answeredMs }) => answeredMs, all),
  );
  show(
    'from the call, open gRPC streams cut',
    since(called, ({ cutMs }) => cutMs),
  );
  const faults = samples.flatMap((sample) => sample.faults);
  for (const fault of faults.slice(0, 5)) verdicts.note(`fault: ${fault}`);
  const each = samples.map((sample) => quantilesOf(all(sample).map((ms) => ms - sample.calledMs)));
  verdicts.note(`p99 of each from the call: ${each.map(({ p99 }) => p99.toFixed(0)).join(' ')}`);
  const fromCall = quantilesOf(since(called, all));
  const expected = samples.length * (envoys * 3 + proxyCount);
  verdicts.judge({
    what: `revocation to last refusal, ${envoys} Envoys x 3 kinds + ${proxyCount} proxies, ${samples.length} times, from the call`,
    bound: `all ${expected}, p99 100 ms, max 500 ms`,
    measured: showQuantiles(fromCall),
    isMet:
      fromCall.count === expected &&
      fromCall.p99 <= 100 &&
      fromCall.max <= 500 &&
      faults.length === 0,
  });
}

const proxyCount = Number(process.env.SOAK_PROXIES ?? 1_000);
const revocations = Number(process.env.SOAK_REVOCATIONS ?? 50);
/** Left out: code that runs for the first time. */
const warmUps = 8;
/** From the last open connection to the revocation: pushes other than revocations average one a second. */
const betweenMs = 700;
const withinMs = 5_000;
const quietMs = 15;
