/** Row: twenty instances join and twenty leave within a minute under load; each is decided under its own identity. */
import type { AuditRecordReply } from '../../../controller/api/messages.ts';
import { type Application, startApplication } from './application.ts';
import { openPolicies, pause, type SoakAgent, SoakMesh, type SoakSidecar } from './soak-mesh.ts';
import { showTraffic, Traffic } from './traffic.ts';
import { quantilesOf, showQuantiles, type Verdicts } from './verdicts.ts';

/** One instance as an orchestrator runs it: an agent and an Envoy of its own. */
interface Instance {
  readonly name: string;
  readonly agent: SoakAgent;
  readonly sidecar: SoakSidecar;
  readonly spiffeId: string;
}

interface Parts {
  readonly mesh: SoakMesh;
  readonly application: Application;
  readonly servers: readonly SoakSidecar[];
  readonly traffic: Traffic;
  /** By name, also those that have left. */
  readonly known: Map<string, string>;
}

/** Runs it; about three minutes. */
export async function soakChurn(verdicts: Verdicts): Promise<void> {
  const application = await startApplication();
  const mesh = await SoakMesh.start({
    services: [...called, 'caller', 'load'],
    policies: openPolicies([...called, 'caller'], ['caller', 'load'], 'sampled'),
    leafTtl: '1h',
  });
  try {
    const workloads = Object.fromEntries(called.map((service) => [service, service]));
    const host = await mesh.startAgent('host', { ...workloads, load: 'load' });
    const app = { port: application.http1Port };
    const servers: SoakSidecar[] = [];
    for (const service of called) {
      servers.push(await mesh.startSidecar({ name: service, service, agent: host, app }));
    }
    const traffic = await Traffic.start(host.workloadSocket('load'));
    const parts = { mesh, application, servers, traffic, known: new Map<string, string>() };
    const old: Instance[] = [];
    while (old.length < count) {
      const names = [`old-${old.length + 1}`, `old-${old.length + 2}`];
      old.push(...(await Promise.all(names.map((name) => joinOne(parts, name)))));
    }
    traffic.rate(100);
    await pause(2_000);
    traffic.rate(perSecond);
    await pause(3_000);
    await traffic.report();
    const startedAt = performance.now();
    const joinedMs = await replaceAll(parts, old);
    const tookS = (performance.now() - startedAt) / 1_000;
    // So that the last ones, too, have asked often enough for a record of one in sixteen.
    await pause(8_000);
    const report = await traffic.stop();
    for (const failure of report.failures.slice(0, 5)) verdicts.note(failure);
    verdicts.note(`from an agent's start to traffic: ${showQuantiles(quantilesOf(joinedMs))}`);
    verdicts.judge({
      what: `${count} instances joined and ${count} left`,
      bound: `within 60 s, 0 failed, at ${perSecond} a second, no token by hand`,
      measured: `${tookS.toFixed(1)} s, ${showTraffic(report)}`,
      isMet: report.failed === 0 && report.perSecond > perSecond * 0.98 && tookS <= 60,
    });
    await judgeIdentities(parts, verdicts);
  } finally {
    await mesh.stop();
    await application.stop();
  }
}

/** In each step one begins to join and one of the old ones leaves; gives how long joining took. */
async function replaceAll(parts: Parts, old: readonly Instance[]): Promise<number[]> {
  const startedAt = performance.now();
  const joining: Promise<number>[] = [];
  for (const [i, leaving] of old.entries()) {
    const at = performance.now();
    joining.push(joinOne(parts, `new-${i + 1}`).then(() => performance.now() - at));
    await leave(parts, leaving);
    await pause(Math.max(0, startedAt + (i + 1) * stepMs - performance.now()));
  }
  return await Promise.all(joining);
}

async function joinOne(parts: Parts, name: string): Promise<Instance> {
  const { mesh, application, servers, traffic, known } = parts;
  const agent = await mesh.startAgent(`host-${name}`, { [name]: 'caller' });
  const sidecar = await mesh.startSidecar({
    ...{ name, service: 'caller', agent, workers: 1 },
    app: { port: application.http1Port },
    callees: servers.map((server) => ({ service: server.name, port: server.inboundPort })),
  });
  const [status] = await agent.statuses();
  const spiffeId = status?.spiffeId ?? '';
  known.set(name, spiffeId);
  traffic.add({ id: name, port: sidecar.inboundPort, tls: true, path: '/orders/7' });
  for (const port of sidecar.outboundPorts.values()) {
    traffic.add({ id: name, port, tls: false, path: `${pathStart}${name}` });
  }
  return { name, agent, sidecar, spiffeId };
}

/** As its orchestrator does it: nobody sends it anything more, then its processes end. */
async function leave({ mesh, traffic }: Parts, { name, agent, sidecar }: Instance): Promise<void> {
  await traffic.remove(name);
  await mesh.endSidecar(sidecar);
  await agent.stop();
}

/** What the servers decided: the path says who asked, the record whom the certificate named. */
async function judgeIdentities({ mesh, known }: Parts, verdicts: Verdicts): Promise<void> {
  await untilStored(mesh);
  const seen = new Map<string, number>();
  let [wrong, records] = [0, 0];
  for await (const { direction, path, source } of allRecords(mesh)) {
    if (direction.toLowerCase() !== 'inbound' || !path.startsWith(pathStart)) continue;
    const name = path.slice(pathStart.length);
    records += 1;
    seen.set(name, (seen.get(name) ?? 0) + 1);
    if (source !== known.get(name)) wrong += 1;
  }
  const identities = new Set(known.values());
  const missing = [...known.keys()].filter((name) => !seen.has(name));
  verdicts.judge({
    what: 'decisions at the called Envoys, by their audit records',
    bound: `all ${2 * count} instances, each under its own SPIFFE ID`,
    measured: `${records} records of ${seen.size} instances, ${identities.size} SPIFFE IDs, ${wrong} under another`,
    isMet:
      wrong === 0 &&
      missing.length === 0 &&
      seen.size === 2 * count &&
      identities.size === 2 * count,
  });
}

/** Batches may still wait in the spools of agents: until no record has come for three seconds. */
async function untilStored({ operator }: SoakMesh): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (let before = ''; performance.now() < deadline; await pause(3_000)) {
    const { audit } = await operator.status();
    if (audit.stored === before) return;
    before = audit.stored;
  }
}

async function* allRecords({ operator }: SoakMesh): AsyncGenerator<AuditRecordReply> {
  for (let after = 0; ; ) {
    const records = await operator.audit({ after: String(after), limit: '1000' });
    yield* records;
    const last = records.at(-1);
    if (!last) return;
    after = last.id;
  }
}

const called = ['orders', 'stock'];
const count = 20;
const perSecond = 500;
/** Twenty of them leave time for the last one to join within the minute. */
const stepMs = 2_500;
const pathStart = '/from/';
