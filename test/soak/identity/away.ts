/** Row: the controller is away. Traffic goes on, renewal resumes at once when it is back, a coming end is announced. */
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { type FiveEnvoys, startFiveEnvoys, startTraffic } from './five-envoys.ts';
import { pause, type SoakAgent, until } from './soak-mesh.ts';
import { showTraffic, type Traffic } from './traffic.ts';
import type { Verdicts } from './verdicts.ts';

/** Runs both halves; `SOAK_AWAY_S` seconds (600) and a minute and a half. */
export async function soakAway(verdicts: Verdicts): Promise<void> {
  const seconds = Number(process.env.SOAK_AWAY_S ?? 600);
  await awayFor(seconds, verdicts);
  await announced(verdicts);
}

/** Long enough that every certificate is due before the controller is back, and none has ended. */
async function awayFor(seconds: number, verdicts: Verdicts): Promise<void> {
  const five = await startFiveEnvoys(`${Math.round(seconds * lifeForAway)}s`);
  try {
    const traffic = await startTraffic(five);
    traffic.rate(perSecond);
    const before = await endsOf(five.agent);
    await five.mesh.stopController();
    const startedAt = performance.now();
    await pause(seconds * 1_000);
    const failing = (await five.agent.statuses()).filter((each) => each.lastError !== undefined);
    const backAt = await bringBack(five);
    const renewedMs = await untilRenewed(five.agent, before, backAt);
    await pause(3_000);
    const awayS = (backAt - startedAt) / 1_000;
    verdicts.note(`${failing.length} of ${before.size} were due and could not renew meanwhile`);
    await judgeTraffic(`controller away for ${awayS.toFixed(0)} s`, traffic, verdicts);
    verdicts.judge({
      what: `renewal after the return, ${before.size} certificates that were due`,
      bound: 'all within 5.0 s',
      measured: `${(renewedMs / 1_000).toFixed(1)} s`,
      isMet: renewedMs <= 5_000 && failing.length === before.size,
    });
  } finally {
    await five.stop();
  }
}

/** Certificates that come near their end while nobody can renew them. */
async function announced(verdicts: Verdicts): Promise<void> {
  const five = await startFiveEnvoys('60s');
  try {
    const traffic = await startTraffic(five);
    traffic.rate(perSecond);
    const count = (await five.agent.statuses()).length;
    await five.mesh.stopController();
    const said = () => lateWorkloads(five.agent).size;
    await until('each workload to say that its end is near', () => said() === count, 60_000);
    const metrics = await metricsOf(five.agent);
    const late = metrics.match(/^dta_agent_identity\{.*state="late"\} 1$/gm)?.length ?? 0;
    const lefts = [...metrics.matchAll(/^dta_agent_certificate_left_seconds\{.*\} (\S+)$/gm)];
    const least = Math.min(...lefts.map(([, left]) => Number(left)));
    const states = (await five.agent.statuses()).filter(({ state }) => state === 'late').length;
    await bringBack(five);
    await until('all to be good again', async () =>
      (await five.agent.statuses()).every(({ state }) => state === 'valid'),
    );
    await pause(2_000);
    await judgeTraffic('controller away until certificates were near their end', traffic, verdicts);
    verdicts.judge({
      what: 'a coming end is announced (log at level error, dta_agent_identity, status)',
      bound: `by all ${count}, before it comes`,
      measured: `log ${said()}, metric ${late}, status ${states}, ${least.toFixed(0)} s before the first end`,
      isMet: [said(), late, states].every((each) => each === count) && least > 0,
    });
  } finally {
    await five.stop();
  }
}

/** Gives the time at which it answered. */
async function bringBack({ mesh }: FiveEnvoys): Promise<number> {
  await mesh.startController();
  return performance.now();
}

async function endsOf(agent: SoakAgent): Promise<Map<string, number>> {
  const statuses = await agent.statuses();
  return new Map(statuses.map(({ workload, notAfterMs = 0 }) => [workload, notAfterMs]));
}

async function untilRenewed(
  agent: SoakAgent,
  before: ReadonlyMap<string, number>,
  backAt: number,
): Promise<number> {
  const isRenewed = async () =>
    Array.from(await endsOf(agent)).every(([name, end]) => end > (before.get(name) ?? 0));
  await until('all to renew', isRenewed, 60_000);
  return performance.now() - backAt;
}

async function judgeTraffic(what: string, traffic: Traffic, verdicts: Verdicts): Promise<void> {
  const report = await traffic.stop();
  for (const failure of report.failures.slice(0, 5)) verdicts.note(failure);
  verdicts.judge({
    what,
    bound: `0 failed, at ${perSecond} a second`,
    measured: showTraffic(report),
    isMet: report.failed === 0 && report.perSecond > perSecond * 0.98,
  });
}

/** Workloads whose agent has logged, at level error (50), that their certificate ends soon. */
function lateWorkloads({ logFile }: SoakAgent): Set<string> {
  const workloads = new Set<string>();
  for (const line of readFileSync(logFile, 'utf8').split('\n')) {
    if (!line.includes('"the certificate expires soon and cannot be renewed"')) continue;
    const { level, workload } = JSON.parse(line) as { level: unknown; workload: string };
    if (level === 50 || level === 'error') workloads.add(workload);
  }
  return workloads;
}

function metricsOf(agent: SoakAgent): Promise<string> {
  const options = { socketPath: join(agent.dir, 'status.sock'), path: '/metrics', agent: false };
  return new Promise((resolve, reject) => {
    get(options, (answer) => text(answer).then(resolve, reject)).once('error', reject);
  });
}

/** Renewal is due after 0.39 to 0.51 of it, and the end is far enough. */
const lifeForAway = 1.7;
const perSecond = 200;
