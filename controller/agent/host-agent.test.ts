/** Many workloads on one host, joining in every way, against a real controller. */
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { create } from '@bufbuild/protobuf';
import { Client, credentials, status as grpcStatus } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { LiveMesh } from '../api/live-mesh.test-data.ts';
import { ForeignAuthority, TokenIssuer } from '../identity/attestation/attestation.test-data.ts';
import { Challenges } from '../identity/attestation/challenges.ts';
import { KubernetesAttestor } from '../identity/attestation/kubernetes-attestor.ts';
import { UnixAttestor } from '../identity/attestation/unix-attestor.ts';
import { X509PopAttestor } from '../identity/attestation/x509pop-attestor.ts';
import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
} from '../xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { SecretDiscoveryService } from '../xds/gen/envoy/service/secret/v3/sds_pb.js';
import { grpcService } from '../xds/grpc-service.ts';
import { makeKeyAndRequest } from './csr.ts';
import { type HostAgentHandle, runHostAgent } from './host-agent.ts';
import { readHostConfig } from './host-config.ts';
import { secretType } from './sds-stream.ts';
import { readAgentStatus } from './status-server.ts';

const uid = process.getuid?.() ?? 0;
let corp: ForeignAuthority;
let issuer: TokenIssuer;
let mesh: LiveMesh;
let agent: HostAgentHandle | undefined;
let lines: { level: number; msg: string; workload?: string }[];

beforeAll(() => {
  corp = new ForeignAuthority();
  corp.issue('host-1', 'root', ['keyUsage=critical,digitalSignature']);
  issuer = new TokenIssuer();
  issuer.add('k1', 'ES256');
  writeFileSync(corp.path('keys.json'), issuer.jwks);
});
afterAll(() => corp.remove());

beforeEach(async () => {
  lines = [];
  mesh = new LiveMesh();
  await mesh.open('mesh.test', (clock) => {
    // Certificates of the foreign authority were made just now; the mesh lives half an hour ago.
    const now = () => Date.now() + 60_000;
    const keys = { file: corp.path('keys.json') };
    const cluster = { name: 'west', issuer: 'https://k8s', audience: 'sm-dta', verify: { keys } };
    const pop = new X509PopAttestor([new X509Certificate(corp.rootPem)], new Challenges(clock));
    return [
      new UnixAttestor(),
      new KubernetesAttestor([cluster], clock),
      {
        method: 'x509pop',
        challenge: () => pop.challenge(),
        attest: (evidence, context) => pop.attest(evidence, { ...context, nowMs: now() }),
      },
    ];
  });
  await mesh.listen();
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  await mesh.close();
});

const register = (name: string, attest: string[]) => {
  const names = { environment: 'prod', team: 'shop', service: name, labels: {} };
  return mesh.identities.registrar.register([{ name, ...names, attest }], 'test');
};

function file(name: string, text: string): string {
  mkdirSync(mesh.dir, { recursive: true });
  writeFileSync(join(mesh.dir, name), text);
  return join(mesh.dir, name);
}

async function start(config: string): Promise<HostAgentHandle> {
  const header = `controller: ${mesh.url}\ntrust: { keyHash: ${mesh.identities.caKeyHash} }\n`;
  const path = file('agent.yaml', `${header}${config}`);
  agent = await runHostAgent({
    config: readHostConfig(path),
    clock: mesh.clock,
    log: pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) }),
  });
  return agent;
}

/** As an Envoy asks. */
function fetchSecrets(socket: string, resourceNames: string[]): Promise<DiscoveryResponse> {
  const method = grpcService(SecretDiscoveryService).fetchSecrets;
  if (!method) throw new Error('no such method');
  const client = new Client(`unix:${socket}`, credentials.createInsecure());
  const { promise, resolve, reject } = Promise.withResolvers<DiscoveryResponse>();
  client.makeUnaryRequest<DiscoveryRequest, DiscoveryResponse>(
    method.path,
    method.requestSerialize,
    method.responseDeserialize as (bytes: Buffer) => DiscoveryResponse,
    create(DiscoveryRequestSchema, { typeUrl: secretType, resourceNames }),
    (error, response) => (response ? resolve(response) : reject(error ?? new Error('nothing'))),
  );
  return promise.finally(() => client.close());
}

async function readMetrics(socketPath: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = httpRequest({ socketPath, path: '/metrics', agent: false }, (response) =>
    text(response).then(resolve, reject),
  );
  request.once('error', reject);
  request.end();
  return await promise;
}

function podToken(): string {
  const now = mesh.nowMs / 1000;
  return issuer.token('k1', {
    ...{ iss: 'https://k8s', aud: 'sm-dta', iat: now, exp: now + 600 },
    sub: 'system:serviceaccount:shop:pod',
    'kubernetes.io': {
      namespace: 'shop',
      serviceaccount: { name: 'pod' },
      pod: { name: 'pod-1', uid: '0b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11' },
    },
  });
}

describe('a host', () => {
  beforeEach(async () => {
    await register('orders', [
      'agent:service:prod/host',
      'unix:workload:orders',
      `unix:uid:${uid}`,
    ]);
    await register('ledger', ['x509pop:cn:host-1']);
    await register('pod', ['k8s:ns:shop', 'k8s:sa:pod']);
  });

  const all = async () => `
agent: { join: { method: token, tokenFile: ${file('host.token', await mesh.token({ environment: 'prod', team: 'infra', service: 'host' }))} } }
workloads:
  - { name: orders, join: { method: unix } }
  - { name: ledger, join: { method: x509pop, certificate: ${corp.path('host-1.pem')}, key: ${corp.path('host-1.key')} } }
  - { name: pod, join: { method: k8s, tokenFile: ${file('pod.token', podToken())} } }
  - { name: cart, join: { method: token, tokenFile: ${file('cart.token', await mesh.token())} } }
  - { name: stray, join: { method: unix } }
`;

  it('serves workloads that join in every way, and each its own identity', async () => {
    const { workloads } = await start(await all());
    const services: Record<string, string> = {};
    for (const name of ['orders', 'ledger', 'pod', 'cart']) {
      const spiffeId = (await workloads.get(name)?.ready) ?? '';
      services[name] = /svc\/([^/]+)/.exec(spiffeId)?.[1] ?? '';
    }
    expect(services).toEqual({ orders: 'orders', ledger: 'ledger', pod: 'pod', cart: 'checkout' });
    const joined = await mesh.identities.list();
    expect(joined.map(({ method }) => method).sort()).toEqual(
      ['join_token', 'join_token', 'k8s', 'unix', 'x509pop'].sort(),
    );
    const keys = new Set([...workloads.values()].map((each) => each.current()?.keyPem));
    expect(keys.size).toBe(5);
    for (const name of ['orders', 'ledger']) {
      expect(statSync(join(mesh.dir, 'sockets', name)).mode & 0o777).toBe(0o700);
    }
  });

  it('goes on without a workload that is refused, and takes it when it is registered', async () => {
    const { workloads } = await start(await all());
    await workloads.get('orders')?.ready;
    const stray = workloads.get('stray');
    await expect.poll(() => stray?.status().lastError).toBe('join denied');
    expect(stray?.status().state).toBe('joining');
    await register('stray', ['agent:service:prod/host', 'unix:workload:stray']);
    expect(await stray?.ready).toContain('/svc/stray/');
  });

  it('takes a token whenever it is put into its file, and a new one after a used one', async () => {
    const used = await mesh.token();
    await mesh.identities.join(used, makeKeyAndRequest().csrPem);
    const cart = join(mesh.dir, 'cart.token');
    const ledger = file('ledger.token', used);
    const { workloads } = await start(`
workloads:
  - { name: cart, join: { method: token, tokenFile: ${cart} } }
  - { name: ledger, join: { method: token, tokenFile: ${ledger} } }
`);
    const errorOf = (name: string) => workloads.get(name)?.status().lastError;
    await expect.poll(() => errorOf('cart')).toContain('cannot be read');
    await expect.poll(() => errorOf('ledger')).toBe('join denied');
    for (const path of [cart, ledger]) writeFileSync(path, await mesh.token());
    const ready = await Promise.all(['cart', 'ledger'].map((name) => workloads.get(name)?.ready));
    expect(new Set(ready).size).toBe(2);
  });

  it('shows how each workload is, and counts', async () => {
    const { workloads } = await start(await all());
    await workloads.get('orders')?.ready;
    const socket = join(mesh.dir, 'status.sock');
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    const status = await readAgentStatus(socket);
    expect(status.map(({ workload }) => workload)).toEqual([
      '(agent)',
      'orders',
      'ledger',
      'pod',
      'cart',
      'stray',
    ]);
    expect(status[1]).toMatchObject({ spiffeId: workloads.get('orders')?.current()?.spiffeId });
  });

  it('counts who asks for the secret of another workload, and gives nothing', async () => {
    const { workloads } = await start(await all());
    for (const name of ['orders', 'ledger']) await workloads.get(name)?.ready;
    const socket = join(mesh.dir, 'status.sock');
    const refusals = async () =>
      (await readMetrics(socket)).match(/^dta_agent_refusals_total\{.*$/gm) ?? [];
    const sdsSocket = workloads.get('orders')?.sdsSocket ?? '';
    expect((await fetchSecrets(sdsSocket, ['svid'])).resources).toHaveLength(1);
    expect(await refusals()).toEqual([]);
    const ledger = workloads.get('ledger')?.current()?.spiffeId ?? '';
    for (const names of [['ledger'], ['svid', ledger]]) {
      const denied = { code: grpcStatus.PERMISSION_DENIED };
      await expect(fetchSecrets(sdsSocket, names)).rejects.toMatchObject(denied);
    }
    expect(await refusals()).toEqual([
      'dta_agent_refusals_total{workload="orders",socket="sds"} 2',
    ]);
    expect(
      lines
        .filter(({ msg }) => msg === 'refused a request for secrets')
        .map((line) => line.workload),
    ).toEqual(['orders', 'orders']);
  });

  it('renews everything when it is ordered to', async () => {
    const { workloads } = await start(await all());
    const names = ['orders', 'ledger', 'pod', 'cart'];
    for (const name of names) await workloads.get(name)?.ready;
    const keys = () => names.map((name) => workloads.get(name)?.current()?.keyPem);
    const before = keys();
    const startedAt = performance.now();
    const { concerned } = await mesh.identities.rotations.order(
      ...([{ kind: 'all', name: '' }, 0, 'drill', 'test'] as const),
    );
    expect(concerned).toBe(5);
    await expect
      .poll(() => keys().filter((key, i) => key !== before[i]).length, { interval: 10 })
      .toBe(4);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await expect.poll(() => mesh.identities.rotations.open()).toEqual([]);
  });

  it('vouches for nobody after it was revoked itself', async () => {
    const { workloads } = await start(await all());
    await workloads.get('orders')?.ready;
    const host = (await mesh.identities.list()).find(({ service }) => service === 'host');
    await mesh.identities.revoke(host?.uuid ?? '', 'stolen', 'test');
    await register('stray', ['agent:service:prod/host', 'unix:workload:stray']);
    const stray = workloads.get('stray');
    await expect.poll(() => stray?.status().lastError).toMatch(/revoked/);
  });

  describe('whose key was revoked', () => {
    const provable = ['orders', 'ledger', 'pod'];
    const change = { reason: 'leaked', actor: 'test', force: true };
    const ids = (of: HostAgentHandle['workloads'], names: readonly string[]) =>
      names.map((name) => of.get(name)?.current()?.spiffeId);

    const newToken = async (service: string) => {
      const token = await mesh.token({ environment: 'prod', team: 'infra', service });
      writeFileSync(join(mesh.dir, `${service}.token`), token);
    };

    it.each([
      [
        'with all that it signed',
        async () => {
          const [key] = (await mesh.authority.show()).issuers;
          const target = { kind: 'key', name: key?.id ?? '' } as const;
          await mesh.identities.groups.revokeGroup(target, 'leaked', 'test');
        },
      ],
      [
        'for good, with its root',
        async () => {
          const [old] = (await mesh.authority.show()).issuers;
          await mesh.authority.prepare({ sameRoot: false }, change);
          await mesh.authority.activate(change);
          await mesh.authority.revoke(old?.id ?? '', change);
        },
      ],
    ])('%s proves its workloads anew, by all but a used token', async (_how, revoke) => {
      const host = await start(await all());
      const { workloads } = host;
      for (const name of [...provable, 'cart']) await workloads.get(name)?.ready;
      const before = ids(workloads, provable);
      await revoke();
      // The host has joined by a token as well, and vouches for nobody before it has another.
      await expect.poll(() => host.statuses()[0]?.state).toBe('ended');
      await newToken('host');
      await expect
        .poll(() => ids(workloads, provable).filter((id, i) => id !== before[i]).length, {
          timeout: 10_000,
        })
        .toBe(provable.length);
      for (const name of provable) {
        expect(workloads.get(name)?.status()).toMatchObject({ state: 'valid' });
      }
      const cart = workloads.get('cart');
      await expect.poll(() => cart?.status().lastError).toMatch(/^join denied|is not the token's$/);
      expect(cart?.status().state).toBe('ended');
      await newToken('cart');
      await expect.poll(() => cart?.status().state, { timeout: 10_000 }).toBe('valid');
    });
  });

  it('tries again after it was revoked itself, and stays refused', async () => {
    const { workloads } = await start(await all());
    const names = ['orders', 'ledger', 'pod'];
    for (const name of names) await workloads.get(name)?.ready;
    const count = (await mesh.identities.list()).length;
    for (const name of names) {
      const uuid = workloads.get(name)?.current()?.instance ?? '';
      await mesh.identities.revoke(uuid, 'stolen', 'test');
    }
    for (const name of names) {
      const held = workloads.get(name)?.current();
      const refused = () =>
        lines.filter(({ workload, msg }) => workload === name && msg.startsWith('cannot join'));
      await expect.poll(() => refused().length, { timeout: 5_000 }).toBeGreaterThan(2);
      const status = { state: 'ended', lastError: 'join denied', spiffeId: held?.spiffeId };
      expect(workloads.get(name)?.status()).toMatchObject(status);
    }
    const here = new Set((await mesh.identities.list()).map(({ uuid }) => uuid));
    // `cart` may have joined meanwhile, which nobody waited for.
    expect(here.size).toBeLessThanOrEqual(count + 1);
  });

  it.runIf(uid === 0)('lets no other user into the directory of a workload', async () => {
    const other = 65_534;
    const config = await all();
    const { workloads } = await start(config.replace('name: cart', `name: cart, uid: ${other}`));
    const cart = workloads.get('cart');
    await cart?.ready;
    const reach = (path: string) =>
      spawnSync('/usr/bin/env', ['test', '-S', path], { uid: other, gid: other }).status;
    // The temporary directory itself is the test's own.
    spawnSync('chmod', ['755', mesh.dir]);
    expect(reach(cart?.sdsSocket ?? '')).toBe(0);
    expect(reach(workloads.get('orders')?.sdsSocket ?? '')).not.toBe(0);
    expect(reach(workloads.get('orders')?.workloadSocket ?? '')).not.toBe(0);
  });

  it('keeps no key on the disk', async () => {
    const { workloads } = await start(await all());
    await workloads.get('orders')?.ready;
    // The authority's own keys are the controller's, whose directory lies in the same folder here.
    const args = ['-rl', '--exclude-dir=ca', 'PRIVATE KEY', mesh.dir];
    expect(spawnSync('grep', args, { encoding: 'utf8' }).stdout).toBe('');
    expect(readFileSync(join(mesh.dir, 'agent.yaml'), 'utf8')).toContain('workloads');
  });
});

describe('readHostConfig', () => {
  const good = `controller: https://127.0.0.1:1
workloads: [{ name: a, join: { method: token, tokenFile: t } }]
`;
  const join2 = (how: string) => good.replace('{ method: token, tokenFile: t }', how);

  it('makes paths absolute, beside the file', () => {
    const config = readHostConfig(file('agent.yaml', good));
    expect(config.statusSocket).toBe(join(mesh.dir, 'status.sock'));
    expect(config.workloads[0]?.join).toEqual({
      method: 'token',
      tokenFile: join(mesh.dir, 't'),
    });
  });

  it.each([
    ['{', 'not YAML'],
    ['controller: https://x', '`workloads`'],
    [good.replace('name: a', 'name: ../a'), '`workloads.0.name`'],
    [`${good}more: 1`, 'unrecognized key'],
    [join2('{ method: magic }'), '`workloads.0.join`'],
    [join2('{ method: unix }'), 'need an `agent` that vouches'],
    [join2('{ method: k8s, tokenFile: t }'), '`trust` has to say'],
    [good.replace('[{', '[{ name: a, join: { method: token, tokenFile: t } }, {'), 'there twice'],
  ])('refuses %j', (text, message) => {
    expect(() => readHostConfig(file('bad.yaml', text))).toThrow(message);
  });
});
