/** The operators' side of the controller through its own client, and around it. */

import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { makeKeyAndRequest } from '../agent/csr.ts';
import { encodeBatch, sampleRecord } from '../audit/encode-batch.test-data.ts';
import { DtaError } from '../errors.ts';
import { openFederation, operatorFederation } from '../open-federation.ts';
import { Clearances, maskingDir } from '../privacy/clearances.ts';
import { MaskingKeys } from '../privacy/masking-keys.ts';
import { RevealDesk } from '../privacy/reveal-desk.ts';
import { RegistrationFiles } from '../registration-files.ts';
import { LiveValueDesk } from '../risk/live-value-desk.ts';
import { SqliteFederationStore } from '../store/sqlite-federation-store.ts';
import { SqliteLiveValueStore } from '../store/sqlite-live-value-store.ts';
import { SqlitePrivacyStore } from '../store/sqlite-privacy-store.ts';
import { OperatorClient } from './client.ts';
import type { PolicyPublisher, Privacy, StatusSource } from './collaborators.ts';
import { checkout, LiveMesh } from './live-mesh.test-data.ts';
import type { ControllerStatus, PolicyFile, PolicySetView } from './messages.ts';
import {
  createOperatorServer,
  type OperatorAddress,
  type OperatorServer,
} from './operator-server.ts';
import { policyInvalid } from './problem.ts';

const token = 'a'.repeat(43);
const mistake = { file: 'a.yaml', line: 3, column: 5, message: 'no `from`', help: 'say who' };
const view = {
  direction: 'inbound',
  environment: 'prod',
  service: 'orders',
  sizeBytes: 9,
} as const;
let mesh: LiveMesh;
let policies: FakePolicies;
let waitingFor: string[];
let stored: Set<() => void>;
let server: OperatorServer;
let client: OperatorClient;

class FakePolicies implements PolicyPublisher {
  set: PolicySetView | undefined;

  async check(files: readonly PolicyFile[]) {
    if (files.some((file) => file.text.includes('broken'))) throw policyInvalid([mistake]);
    return { bundles: [view] };
  }

  async push(files: readonly PolicyFile[], actor: string) {
    await this.check(files);
    const revision = (this.set?.revision ?? 0) + 1;
    const bundles = [{ ...view, version: '18446744073709551615' }];
    this.set = {
      revision,
      pushedAtMs: 5,
      pushedBy: actor,
      files: [...files],
      bundles,
      warnings: [],
    };
    return this.set;
  }

  async current() {
    return this.set;
  }
}

const controllerStatus: ControllerStatus = {
  version: '0',
  trustDomain: 'mesh.test',
  startedAtMs: 1,
  stateEpoch: '12345678901234567890',
  policy: null,
  proxies: [],
  audit: { stored: '1', missing: '0', dropped: '0', vms: 1 },
  degraded: [{ what: 'x', sinceMs: 1, help: 'y' }],
};

async function start(where: OperatorAddress): Promise<OperatorServer> {
  const status: StatusSource = { status: async () => controllerStatus, unready: () => waitingFor };
  return await createOperatorServer({
    listen: where,
    token,
    identities: mesh.identities,
    authority: mesh.authority,
    federation: operatorFederation(
      await openFederation({
        trustDomain: 'mesh.test',
        store: new SqliteFederationStore(mesh.db),
        clock: mesh.clock,
        log: mesh.log,
      }),
      mesh.identities,
    ),
    registrations: new RegistrationFiles(mesh.identities.registrar),
    policies,
    live: new LiveValueDesk({
      store: new SqliteLiveValueStore(mesh.db),
      clock: mesh.clock,
      log: mesh.log,
    }),
    privacy: await openPrivacy(),
    status,
    audit: {
      tail: (query) => mesh.audit.tail(query),
      onStored: (listener) => {
        stored.add(listener);
        return () => stored.delete(listener);
      },
    },
    metrics: new Registry(),
    log: mesh.log,
  });
}

async function openPrivacy(): Promise<Privacy> {
  const { clock, log, dir } = mesh;
  const store = new SqlitePrivacyStore(mesh.db);
  const keys = await MaskingKeys.open({ dir: maskingDir(dir), store, clock, log });
  const clearances = new Clearances(maskingDir(dir), clock);
  return { keys, reveals: new RevealDesk({ keys, clearances, store, clock, log }) };
}

beforeEach(async () => {
  mesh = new LiveMesh();
  await mesh.open('mesh.test');
  [policies, waitingFor, stored] = [new FakePolicies(), [], new Set()];
  server = await start({ host: '127.0.0.1', port: 0 });
  client = new OperatorClient({ address: server.address, token });
});
afterEach(async () => {
  await server.close();
  await mesh.close();
});

async function call(method: string, path: string, authorization?: string, body = '') {
  const headers = { ...(authorization && { authorization }), 'content-type': 'application/json' };
  return await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const request = httpRequest(server.address + path, { method, agent: false, headers });
    request.on('error', reject);
    request.on('response', async (answer) =>
      resolve({ status: answer.statusCode ?? 0, body: await text(answer) }),
    );
    request.end(body);
  });
}

async function ingest(firstSeq: bigint): Promise<void> {
  const records = [sampleRecord()];
  const batch = { vmId: '00000000000000ab', firstSeq, dropped: 0n, records };
  await mesh.audit.ingest('spiffe://mesh.test/x', encodeBatch(batch));
  for (const listener of stored) listener();
}

describe('the operator token', () => {
  it.each([
    ['GET', '/v1/identities'],
    ['POST', '/v1/identities'],
    ['POST', '/v1/identities/x/revoke'],
    ['GET', '/v1/policies'],
    ['POST', '/v1/policies'],
    ['GET', '/v1/restrictions'],
    ['PUT', '/v1/restrictions'],
    ['DELETE', '/v1/restrictions/x'],
    ['GET', '/v1/bands'],
    ['PUT', '/v1/bands/prod/orders'],
    ['DELETE', '/v1/bands/prod/orders'],
    ['GET', '/v1/facts'],
    ['PUT', '/v1/facts/x'],
    ['DELETE', '/v1/facts/x'],
    ['GET', '/v1/signals'],
    ['PUT', '/v1/signals'],
    ['DELETE', '/v1/signals'],
    ['POST', '/v1/masking/reveal'],
    ['GET', '/v1/masking/reveals'],
    ['GET', '/v1/masking/keys'],
    ['POST', '/v1/masking/keys'],
    ['GET', '/v1/federation'],
    ['PUT', '/v1/federation/x'],
    ['GET', '/v1/federation/x'],
    ['POST', '/v1/federation/x/refresh'],
    ['DELETE', '/v1/federation/x'],
    ['GET', '/v1/trust-bundle'],
    ['GET', '/v1/status'],
    ['GET', '/v1/audit'],
    ['GET', '/v1/openapi.json'],
    ['GET', '/nothing'],
  ])('is needed by %s %s', async (method, path) => {
    for (const header of [undefined, 'Bearer wrong', `Basic ${token}`]) {
      const answer = await call(method, path, header);
      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'denied' });
    }
  });

  it('is not needed to see that the process is well', async () => {
    expect((await call('GET', '/livez')).status).toBe(200);
    expect((await call('GET', '/metrics')).status).toBe(200);
    expect((await call('GET', '/readyz')).status).toBe(200);
    waitingFor = ['policies'];
    expect(await call('GET', '/readyz')).toEqual({
      status: 503,
      body: JSON.stringify({ ready: false, waitingFor }),
    });
  });

  it('does not make unknown routes known', async () => {
    expect((await call('GET', '/v1/nothing', `Bearer ${token}`)).status).toBe(404);
  });
});

describe('identities', () => {
  it('are issued, listed and revoked', async () => {
    const issued = await client.issueIdentity({ ...checkout, labels: { tier: 'web' } });
    const joined = await mesh.identities.join(issued.token, makeKeyAndRequest().csrPem);
    const [listed] = await client.listIdentities();
    expect(listed).toMatchObject({ uuid: joined.instance, labels: { tier: 'web' } });
    const revoked = await client.revoke(joined.instance, 'stolen');
    expect(revoked).toMatchObject({ reason: 'stolen', actor: 'operator', repeated: false });
    expect((await client.listIdentities())[0]?.revokedReason).toBe('stolen');
  });

  it('come with the errors of the domain', async () => {
    const unknown = '00000000-0000-4000-8000-000000000000';
    await expect(client.revoke(unknown, '')).rejects.toMatchObject({ code: 'notFound' });
    await expect(client.revoke('a/b?c', '')).rejects.toMatchObject({ code: 'usage' });
    const bad = { ...checkout, service: 'a b' };
    await expect(client.issueIdentity(bad)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('`service`'),
    });
  });
});

describe('policies', () => {
  const files = [{ name: 'orders.yaml', text: 'kind: AccessPolicy' }];

  it('are checked, pushed and shown', async () => {
    expect(await client.policies()).toBeNull();
    expect(await client.checkPolicies(files)).toEqual({ bundles: [view] });
    expect(await client.policies()).toBeNull();
    const pushed = await client.pushPolicies(files);
    expect(pushed).toMatchObject({ revision: 1, pushedBy: 'operator', files });
    expect(pushed.bundles[0]?.version).toBe('18446744073709551615');
    expect(await client.policies()).toEqual(pushed);
  });

  it('come back with every mistake when they are broken', async () => {
    const broken = [{ name: 'a.yaml', text: 'broken' }];
    const expected = { code: 'policyInvalid', fields: { status: 422, errors: [mistake] } };
    await expect(client.pushPolicies(broken)).rejects.toMatchObject(expected);
    await expect(client.checkPolicies(broken)).rejects.toMatchObject(expected);
    expect(await client.policies()).toBeNull();
  });
});

describe('live values', () => {
  const usage = (message: string) => ({ code: 'usage', message: expect.stringContaining(message) });

  it('restrictions are set with their defaults, listed and released', async () => {
    const subject = 'prod/orders';
    const throttle = { subject, as: 'source', verdict: 'throttle', ratePerSecond: 2.5 } as const;
    const set = await client.restrict({ ...throttle, forMs: 60_000, reason: 'drill' });
    expect(set).toMatchObject({
      ...throttle,
      burst: 3,
      retryAfterSeconds: 10,
      readOnly: false,
      untilMs: mesh.nowMs + 60_000,
      actor: 'operator',
      reason: 'drill',
    });
    const isolated = await client.restrict({ subject, as: 'destination', verdict: 'isolate' });
    expect(isolated.untilMs).toBeUndefined();
    expect(await client.restrictions()).toHaveLength(2);
    expect(await client.release(set.id, 'over & out?')).toEqual(set);
    expect(await client.restrictions()).toEqual([isolated]);
    await expect(client.release('a/b', '')).rejects.toMatchObject({ code: 'notFound' });
  });

  it('restrictions that cannot be are refused with the reason', async () => {
    const good = { subject: 'prod/orders', as: 'source', verdict: 'isolate' } as const;
    await expect(client.restrict({ ...good, subject: 'orders' })).rejects.toMatchObject(
      usage('is no service'),
    );
    await expect(client.restrict({ ...good, ratePerSecond: 1 })).rejects.toMatchObject(
      usage('only throttle and degrade have a rate'),
    );
    await expect(client.restrict({ ...good, forMs: 0 })).rejects.toMatchObject(usage('`forMs`'));
    const odd = { ...good, verdict: 'deny' } as unknown as typeof good;
    await expect(client.restrict(odd)).rejects.toMatchObject(usage('`verdict`'));
    const more = { ...good, untill: 1 } as unknown as typeof good;
    await expect(client.restrict(more)).rejects.toMatchObject({ code: 'usage' });
  });

  it('bands, facts and signals are set, listed and taken back', async () => {
    await client.setBand('prod/orders', 'guarded', 'calm');
    expect(await client.bands()).toMatchObject([
      { subject: 'prod/orders', band: 'guarded', reason: 'calm', actor: 'operator' },
    ]);
    await client.clearBand('prod/orders', '');
    await client.setFact('freeze', 1, 'night');
    expect(await client.facts()).toMatchObject([{ name: 'freeze', value: 1, reason: 'night' }]);
    await client.removeFact('freeze', '');
    const signal = { subject: 'prod/orders', name: 'destination.load', value: 0.25 };
    await client.reportSignal(signal);
    expect(await client.signals()).toEqual([
      { ...signal, observedAtMs: mesh.nowMs, maxAgeMs: 300_000, actor: 'operator' },
    ]);
    await client.removeSignal('prod/orders', 'destination.load');
    expect([await client.bands(), await client.facts(), await client.signals()]).toEqual([
      [],
      [],
      [],
    ]);
  });

  it('what is not there cannot be taken back, what cannot be is not set', async () => {
    await expect(client.clearBand('prod/orders', '')).rejects.toMatchObject({ code: 'notFound' });
    await expect(client.setBand('orders', 'low', '')).rejects.toMatchObject(usage('is no service'));
    await expect(client.setBand('a/b/c', 'low', '')).rejects.toMatchObject(usage('is no service'));
    // A service of a federated domain.
    const foreign = await client.setBand('partner.example/prod/orders', 'low', '');
    expect(foreign.subject).toBe('partner.example/prod/orders');
    await client.clearBand('partner.example/prod/orders', '');
    await expect(client.removeFact('freeze', '')).rejects.toMatchObject({ code: 'notFound' });
    await expect(client.setFact('a-b', 1, '')).rejects.toMatchObject(usage('no name of a fact'));
    const report = { subject: 'prod/orders', name: 'source.heat', value: 1 };
    await expect(client.reportSignal(report)).rejects.toMatchObject(usage('there is no signal'));
    const aged = { ...report, name: 'source.cpu', maxAgeMs: 1 };
    await expect(client.reportSignal(aged)).rejects.toMatchObject(usage('`maxAgeMs`'));
  });
});

describe('status', () => {
  it('is passed on whole', async () => {
    expect(await client.status()).toEqual(controllerStatus);
  });
});

describe('audit', () => {
  it('is read by cursor, with 64-bit numbers unharmed', async () => {
    for (const seq of [1n, 2n, 3n]) await ingest(seq);
    const records = await client.audit({ limit: 2 });
    expect(records.map(({ seq }) => seq)).toEqual(['2', '3']);
    expect(records[0]?.decisionId).toBe('00000000000000ab-0000000000000007');
    expect(await client.audit({ after: records[1]?.id ?? 0 })).toEqual([]);
    await expect(client.audit({ limit: 0 })).rejects.toMatchObject({ code: 'usage' });
  });

  it('is followed without gaps, and let go', async () => {
    await ingest(1n);
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const record of client.followAudit({ limit: 10 }, abort.signal)) {
      seen.push(record.seq);
      if (seen.length < 5) await ingest(BigInt(seen.length + 1));
      else abort.abort();
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5']);
    while (stored.size > 0) await new Promise(setImmediate);
  });

  it('says when the controller stops while it is followed', async () => {
    await ingest(1n);
    const follow = client.followAudit({}, new AbortController().signal);
    await follow.next();
    await server.close();
    await expect(follow.next()).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('is not followed with a wrong token', async () => {
    const stranger = new OperatorClient({ address: server.address, token: 'wrong' });
    const follow = stranger.followAudit({}, new AbortController().signal);
    await expect(follow.next()).rejects.toMatchObject({ code: 'denied' });
  });
});

describe('the server', () => {
  it('works on a Unix socket', async () => {
    const path = join(mesh.dir, 'operator.sock');
    const other = await start({ path });
    expect(other.address).toBe(`unix:${path}`);
    const there = new OperatorClient({ address: other.address, token });
    expect(await there.policies()).toBeNull();
    await other.close();
  });

  it('does not listen where its traffic could be read', async () => {
    const everywhere = { host: '0.0.0.0', port: 0 } as unknown as OperatorAddress;
    await expect(start(everywhere)).rejects.toMatchObject({ code: 'usage' });
  });

  it('says when its port is taken', async () => {
    const port = Number(new URL(server.address).port);
    await expect(start({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'portInUse' });
  });

  it('documents every route, validation included', async () => {
    const { body } = await call('GET', '/v1/openapi.json', `Bearer ${token}`);
    const document = JSON.parse(body) as { paths: Record<string, Record<string, object>> };
    const routes = Object.keys(document.paths).sort();
    expect(routes).toContain('/v1/identities/{id}/revoke');
    expect(routes).toContain('/v1/ca/{id}/taint');
    expect(routes).toHaveLength(35);
    expect(JSON.stringify(document.paths['/v1/audit']?.get)).toContain('"name":"limit"');
    expect(JSON.stringify(document.paths['/v1/identities']?.post)).toContain('"environment"');
  });
});

describe('the certificate authority', () => {
  it('is shown and rotated by the client', async () => {
    const [first] = (await client.authority()).issuers;
    expect(first).toMatchObject({ state: 'active', live: 0, instances: 0, lacking: [] });
    const prepared = await client.prepareIssuer({ reason: 'yearly', rootCurve: 'P-384' });
    expect(prepared).toMatchObject({ state: 'prepared', reason: 'yearly', actor: 'operator' });
    await expect(client.prepareIssuer({})).rejects.toMatchObject({ code: 'conflict' });
    expect((await client.activateIssuer({})).id).toBe(prepared.id);
    const old = first?.id ?? '';
    expect((await client.taintIssuer(old, { reason: 'lost' })).state).toBe('tainted');
    expect((await client.revokeIssuer(old, { reason: 'lost' })).state).toBe('revoked');
    expect((await client.authority()).issuers.map(({ id }) => id)).toEqual([prepared.id]);
    await expect(client.revokeIssuer(old, {})).rejects.toMatchObject({ code: 'notFound' });
    await expect(client.revokeIssuer(prepared.id, {})).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('the client', () => {
  it('says that nobody answers, and what to do', async () => {
    await server.close();
    const failure = await client.status().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DtaError);
    expect(failure).toMatchObject({
      code: 'unreachable',
      help: expect.stringContaining('dta controller'),
    });
    const nowhere = new OperatorClient({ address: 'unix:/nowhere.sock', token });
    await expect(nowhere.status()).rejects.toMatchObject({ code: 'unreachable' });
    const odd = new OperatorClient({ address: 'nonsense', token });
    await expect(odd.status()).rejects.toMatchObject({ code: 'usage' });
  });
});
