/** Agent and controller together: real TLS on loopback, real sockets, a real store. */
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { LiveMesh } from '../api/live-mesh.test-data.ts';
import { encodeBatch, sampleRecord } from '../audit/encode-batch.test-data.ts';
import { type AgentHandle, type AgentOptions, runAgent } from './agent.ts';
import type { HeldIdentity } from './identity.ts';
import { RungAlarm } from './rung-alarm.test-data.ts';

const minuteMs = 60_000;
let mesh: LiveMesh;
let rung: RungAlarm;
let agents: AgentHandle[];

beforeEach(async () => {
  mesh = await LiveMesh.start();
  rung = new RungAlarm();
  agents = [];
});
afterEach(async () => {
  for (const agent of agents) await agent.stop();
  await mesh.close();
});

async function start(options: Partial<AgentOptions> = {}): Promise<AgentHandle> {
  const agent = await runAgent({
    controllerUrl: mesh.url,
    stateDir: join(mesh.dir, 'state'),
    socketDir: join(mesh.dir, 'run'),
    workload: 'checkout',
    clock: mesh.clock,
    alarm: rung.alarm,
    random: () => 0,
    log: mesh.log,
    ...options,
  });
  agents.push(agent);
  return agent;
}

function post(socketPath: string, firstSeq: bigint): Promise<number | undefined> {
  const body = encodeBatch({
    vmId: '0000000000000001',
    firstSeq,
    dropped: 0n,
    records: [sampleRecord()],
  });
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': body.length };
    const request = httpRequest({ socketPath, path: '/v1/audit', method: 'POST', headers });
    request.on('response', (answer) => resolve(answer.resume().statusCode));
    request.on('error', reject);
    request.end(body);
  });
}

/** Audit records that the controller has, once there are `count` of them. */
async function stored(count: number): Promise<bigint[]> {
  for (;;) {
    const records = await mesh.audit.tail({ limit: 100 });
    if (records.length >= count) return records.map(({ seq }) => seq);
    await new Promise(setImmediate);
  }
}

describe('joining', () => {
  it('gets a certificate for its own key under the root of the token', async () => {
    const agent = await start({ token: await mesh.token() });
    const spiffeId = await agent.ready;
    expect(spiffeId).toMatch(
      /^spiffe:\/\/mesh\.test\/env\/prod\/team\/payments\/svc\/checkout\/i\//,
    );
    const held = agent.current();
    const leaf = new X509Certificate(held?.chainPem ?? '');
    expect(leaf.subjectAltName).toBe(`URI:${spiffeId}`);
    expect(mesh.identities.issuerOf(leaf.raw)).toBeDefined();
    expect(held?.rootPem).toBe(mesh.identities.rootPem);
    expect(statSync(join(mesh.dir, 'run/checkout')).mode & 0o777).toBe(0o700);
  });

  it('is denied with a token that was used', async () => {
    const token = await mesh.token();
    await (await start({ token })).ready;
    const second = await start({ token, workload: 'second' });
    await expect(second.ready).rejects.toMatchObject({ code: 'denied', message: 'join denied' });
  });

  it("never shows the token to a server whose authority is not the token's", async () => {
    const other = await LiveMesh.start();
    let joins = 0;
    other.identities.join = async () => {
      joins++;
      throw new Error('it was shown the token');
    };
    const token = await mesh.token();
    const agent = await start({ token, controllerUrl: other.url });
    await expect(agent.ready).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining("is not the token's"),
    });
    expect(joins).toBe(0);
    await other.close();
    await (await start({ token, workload: 'again' })).ready;
  });

  it('never shows the token to a server that only repeats the public root', async () => {
    const seen: string[] = [];
    // A workload's certificate is of the same authority, but is no server's at this address.
    const insider = await start({ token: await mesh.token(), workload: 'insider' });
    await insider.ready;
    const { chainPem, keyPem } = insider.current() ?? {};
    const impostor = createServer({ cert: chainPem, key: keyPem }, (request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.end(JSON.stringify({ rootPem: mesh.identities.rootPem }));
    });
    await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
    const { port } = impostor.address() as AddressInfo;
    const agent = await start({
      token: await mesh.token(),
      controllerUrl: `https://127.0.0.1:${port}`,
    });
    await rung.ringNext(0, 250);
    await rung.ringNext(0, 500);
    await agent.stop();
    await expect(agent.ready).rejects.toThrow('stopped');
    expect(new Set(seen)).toEqual(new Set(['GET /v1/trust']));
    impostor.closeAllConnections();
    await new Promise((resolve) => impostor.close(resolve));
  });

  it('waits for a controller that is away', async () => {
    const token = await mesh.token();
    await mesh.goAway();
    const agent = await start({ token });
    expect(await rung.ringNext(0, 250)).toBe(250);
    expect(await rung.ringNext(500, 500)).toBe(500);
    await mesh.listen();
    await rung.ringNext(1_000, 1_000);
    await agent.ready;
  });

  it.each([
    [{ token: 'dta1.nonsense' }, 'usage'],
    [{ token: '' }, 'usage'],
  ])('refuses %j', async (options, code) => {
    await expect((await start(options)).ready).rejects.toMatchObject({ code });
  });

  it('does not start without a token, on plain http, and in a wide directory', async () => {
    await expect(start()).rejects.toMatchObject({ code: 'usage' });
    const token = await mesh.token();
    const controllerUrl = 'http://127.0.0.1:1';
    await expect(start({ token, controllerUrl })).rejects.toMatchObject({ code: 'usage' });
    mkdirSync(join(mesh.dir, 'run/wide'), { recursive: true });
    chmodSync(join(mesh.dir, 'run/wide'), 0o755);
    await expect(start({ token, workload: 'wide' })).rejects.toMatchObject({ code: 'setup' });
  });

  it('lets no second agent serve the same workload, and cleans up after itself', async () => {
    const first = await start({ token: await mesh.token() });
    await first.ready;
    await expect(start({ token: 'x' })).rejects.toMatchObject({ code: 'portInUse' });
    expect(existsSync(first.sdsSocket)).toBe(true);
    await first.stop();
    expect(existsSync(first.sdsSocket)).toBe(false);
    expect(existsSync(first.auditSocket)).toBe(false);
  });
});

describe('rotation', () => {
  /** Lets time pass until the certificate is renewed or `rings` waits are over. */
  async function pass(agent: AgentHandle, rings: number): Promise<void> {
    const before = agent.current()?.chainPem;
    for (let i = 0; i < rings && agent.current()?.chainPem === before; i++) {
      mesh.nowMs += await rung.ringNext();
      await new Promise(setImmediate);
    }
  }

  it('renews with a new key at half of the lifetime, as the same instance', async () => {
    const agent = await start({ token: await mesh.token() });
    await agent.ready;
    const first = agent.current();
    const startedMs = mesh.nowMs;
    await pass(agent, 100);
    const second = agent.current();
    // Of the 65 minutes that the certificate says, five are before it was signed.
    expect(mesh.nowMs - startedMs).toBeGreaterThanOrEqual(24 * minuteMs);
    expect(mesh.nowMs - startedMs).toBeLessThan(30 * minuteMs);
    expect(second?.spiffeId).toBe(first?.spiffeId);
    expect(second?.keyPem).not.toBe(first?.keyPem);
    expect(second?.notAfterMs).toBeGreaterThan(first?.notAfterMs ?? 0);
  });

  it('goes on serving while the controller is away, and renews when it is back', async () => {
    const agent = await start({ token: await mesh.token() });
    await agent.ready;
    const first = agent.current();
    await mesh.goAway();
    mesh.nowMs += 26 * minuteMs;
    await rung.ringNext(30_000, 30_000);
    expect(await rung.ringNext(1_000, 1_000)).toBe(1_000);
    expect(agent.current()).toBe(first);
    await mesh.listen();
    await rung.ringNext(2_000, 2_000);
    await rung.ringNext(30_000, 30_000);
    expect(agent.current()?.keyPem).not.toBe(first?.keyPem);
  });

  it('renews at once when it is ordered to, and only once', async () => {
    const agent = await start({ token: await mesh.token(), random: () => 0.5 });
    await agent.ready;
    const first = agent.current();
    const target = { kind: 'instance', name: first?.instance ?? '' } as const;
    await mesh.identities.rotations.order(target, 600, 'drill', 'test');
    // Half of the time over which renewals are spread.
    await expect.poll(() => rung.delays).toContain(300);
    mesh.nowMs += 300;
    await rung.ringNext(300, 300);
    await expect.poll(() => agent.current()?.keyPem).not.toBe(first?.keyPem);
    expect(await mesh.identities.rotations.open()).toEqual([]);
    const second = agent.current();
    expect(second?.instance).toBe(first?.instance);
    await mesh.identities.rotations.order({ kind: 'all', name: '' }, 0, 'again', 'test');
    await expect.poll(() => agent.current()?.keyPem).not.toBe(second?.keyPem);
  });

  it('hears at once that it was revoked, and goes on serving what it has', async () => {
    const agent = await start({ token: await mesh.token() });
    await agent.ready;
    const held = agent.current();
    await mesh.identities.revoke(held?.instance ?? '', 'stolen', 'test');
    await expect(agent.ended).rejects.toMatchObject({ code: 'denied' });
    expect(agent.current()).toBe(held);
    expect(agent.status()).toMatchObject({ state: 'ended', spiffeId: held?.spiffeId });
  });

  it('says that it has ended when renewal is denied, and goes on serving what it has', async () => {
    const agent = await start({ token: await mesh.token() });
    await agent.ready;
    const held = agent.current();
    await mesh.identities.revoke(held?.instance ?? '', 'left', 'test');
    mesh.nowMs += 28 * minuteMs;
    await rung.ringNext();
    await expect(agent.ended).rejects.toMatchObject({ code: 'denied' });
    expect(agent.current()).toBe(held);
  });
});

describe('rotation of the authority', () => {
  const change = { reason: 'test', actor: 'alice', force: false };
  const newRoot = { sameRoot: false };

  /** Waits until the agent holds another chain or other roots than `before`. */
  async function until(agent: AgentHandle, holds: (held: HeldIdentity) => boolean): Promise<void> {
    for (let held = agent.current(); !held || !holds(held); held = agent.current()) {
      await new Promise(setImmediate);
    }
  }

  it('reaches the agent before the new key signs, and renews it when the old one is tainted', async () => {
    const agent = await start({ token: await mesh.token() });
    await agent.ready;
    const first = agent.current();
    const { generation } = await mesh.authority.prepare(newRoot, change);
    await until(agent, (held) => held.trustGeneration === generation);
    expect(agent.current()).toMatchObject({ rootPem: mesh.identities.rootPem });
    expect(agent.current()?.chainPem).toBe(first?.chainPem);
    while (mesh.trust.holders().some((each) => each.generation !== generation)) {
      await new Promise(setImmediate);
    }
    await mesh.authority.activate(change);
    const [active, old] = (await mesh.authority.show()).issuers;
    await mesh.authority.taint(old?.id ?? '', change);
    await until(agent, (held) => held.chainPem !== first?.chainPem);
    const leaf = new X509Certificate(agent.current()?.chainPem ?? '');
    expect(mesh.identities.issuerOf(leaf.raw)).toBe(active?.id);
    expect(agent.current()?.spiffeId).toBe(first?.spiffeId);
    await mesh.authority.revoke(old?.id ?? '', change);
    await until(agent, (held) => held.rootPem === mesh.identities.rootPem);
    expect(agent.current()?.rootPem.match(/BEGIN/g)).toHaveLength(1);
  });

  it('is made up for by an agent that was away, and by a token of before', async () => {
    const keyDir = join(mesh.dir, 'keys');
    const token = await mesh.token();
    const away = await start({ token: await mesh.token(), keyDir });
    await away.ready;
    await away.stop();
    await mesh.authority.prepare(newRoot, change);
    mesh.nowMs += 61_000;
    await mesh.authority.activate(change);
    const back = await start({ keyDir });
    await until(back, (held) => held.rootPem === mesh.identities.rootPem);
    const late = await start({ token, workload: 'late' });
    await late.ready;
    expect(late.current()?.rootPem).toBe(mesh.identities.rootPem);
  });
});

describe('a clock', () => {
  /** Lines of a log, as far as they are about clocks. */
  function listening() {
    const lines: { level: number; msg: string; skewMs?: number }[] = [];
    const log = pino({ level: 'info' }, { write: (text: string) => lines.push(JSON.parse(text)) });
    return { log, lines: () => lines.filter(({ msg }) => msg.includes('clock')) };
  }

  it.each([
    [5 * minuteMs, 'ahead of'],
    [-5 * minuteMs, 'behind'],
  ])('that is off by %i ms works, and is told', async (skewMs, where) => {
    mesh.nowMs = Date.now();
    const { log, lines } = listening();
    const clock = () => mesh.nowMs + skewMs;
    const agent = await start({ token: await mesh.token(), log, clock });
    await agent.ready;
    await mesh.authority.prepare({ sameRoot: false }, { reason: '', actor: 'a', force: false });
    while (lines().length === 0) await new Promise(setImmediate);
    expect(lines()).toMatchObject([
      { level: 40, msg: `the clock here is 5 min ${where} the controller's` },
    ]);
    expect(mesh.trust.skews()).toHaveLength(1);
  });

  it('that is off by 25 hours is refused with an alarm that says so', async () => {
    // Certificates of a controller whose clock is 25 hours ahead: TLS looks at the real time here.
    const hours = 25 * 60 * minuteMs;
    mesh.nowMs = Date.now() + hours;
    mesh.server?.useCertificate(await mesh.certificate());
    const lines: { level: number; err?: { message: string } }[] = [];
    const heard = pino(
      { level: 'warn' },
      { write: (text: string) => lines.push(JSON.parse(text)) },
    );
    await start({
      token: await mesh.token(),
      log: heard,
      clock: () => Date.now() - hours,
    });
    await rung.ringNext(250, 250);
    const refusal = lines.find(({ err }) => err);
    expect(refusal).toMatchObject({ level: 50 });
    expect(refusal?.err?.message).toMatch(
      /not yet valid; the clock here is 25 h 0 min behind the controller's/,
    );
  });
});

describe('a kept key', () => {
  it('saves a token at the next start, and is private', async () => {
    const keyDir = join(mesh.dir, 'keys');
    const first = await start({ token: await mesh.token(), keyDir });
    const spiffeId = await first.ready;
    await first.stop();
    expect(statSync(join(keyDir, 'checkout.json')).mode & 0o777).toBe(0o600);
    const second = await start({ keyDir });
    expect(await second.ready).toBe(spiffeId);
    expect(second.current()?.keyPem).toBe(first.current()?.keyPem);
    await second.stop();
    mesh.nowMs += 61 * minuteMs;
    await expect(start({ keyDir })).rejects.toMatchObject({ code: 'usage' });
    chmodSync(join(keyDir, 'checkout.json'), 0o640);
    await expect(start({ keyDir })).rejects.toThrow(/can be read by others/);
  });

  it('is nowhere on the disk unless it is asked for', async () => {
    const agent = await start({ token: await mesh.token() });
    await agent.ready;
    expect(existsSync(join(mesh.dir, 'keys'))).toBe(false);
    const database = readFileSync(join(mesh.dir, 'controller.db'), 'latin1');
    expect(database).not.toContain('PRIVATE KEY');
  });
});

describe('audit', () => {
  it('reaches the controller under the name of the workload', async () => {
    const agent = await start({ token: await mesh.token() });
    const spiffeId = await agent.ready;
    expect(await post(agent.auditSocket, 1n)).toBe(200);
    await stored(1);
    expect((await mesh.audit.tail({ limit: 1 }))[0]?.reporter).toBe(spiffeId);
  });

  it('outlives a controller that is away and an agent that starts again', async () => {
    const keyDir = join(mesh.dir, 'keys');
    const first = await start({ token: await mesh.token(), keyDir });
    await first.ready;
    await mesh.goAway();
    expect(await post(first.auditSocket, 1n)).toBe(200);
    expect(await post(first.auditSocket, 2n)).toBe(200);
    await rung.ringNext(500, 500);
    await first.stop();
    await mesh.listen();
    const second = await start({ keyDir });
    await second.ready;
    expect(await post(second.auditSocket, 3n)).toBe(200);
    expect(await stored(3)).toEqual([1n, 2n, 3n]);
  });

  it('is not taken from a revoked workload', async () => {
    const agent = await start({ token: await mesh.token() });
    await agent.ready;
    await mesh.identities.revoke(agent.current()?.instance ?? '', 'stolen', 'test');
    expect(await post(agent.auditSocket, 1n)).toBe(200);
    expect(await rung.ringNext(500, 500)).toBe(500);
    expect(await mesh.audit.tail({ limit: 1 })).toEqual([]);
  });
});
