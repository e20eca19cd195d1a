/** `dta identity` and `dta agent --config` against a running `dta controller`. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { attest } from '../../controller/agent/attest.ts';
import { ControllerClient } from '../../controller/agent/controller-client.ts';
import { join as joinMesh } from '../../controller/agent/join.ts';
import { ForeignAuthority } from '../../controller/identity/attestation/attestation.test-data.ts';
import { dtaInProcess } from './in-process.ts';
import { type Running, startDta } from './run.ts';

const registrations = `
apiVersion: sm-dta/v1
kind: ServiceRegistration
metadata: { name: host }
spec: { service: host-agent, team: infra, environment: prod, attest: ["x509pop:cn:host-1"] }
---
apiVersion: sm-dta/v1
kind: ServiceRegistration
metadata: { name: orders }
spec:
  service: orders
  team: fulfilment
  environment: prod
  region: eu-west-1
  labels: { tier: web }
  attest: ["agent:service:prod/host-agent", "unix:workload:orders"]
`;
let directory: string;
let dataDir: string;
let corp: ForeignAuthority;
let controller: Running;
let agentPort: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dta-identity-'));
  dataDir = join(directory, 'data');
  corp = new ForeignAuthority();
  corp.issue('host-1', 'root', ['keyUsage=critical,digitalSignature']);
  const attestors = write('attestors.yaml', `x509pop: { roots: [${corp.path('root.pem')}] }\n`);
  const ports = ['--agent-port', '0', '--xds-port', '0', '--operator-port', '0'];
  const args = ['controller', '--trust-domain', 'cli.test', '--data-dir', dataDir, ...ports];
  const more = ['--new-mesh', '--attestors', attestors, '--log-level', 'silent'];
  controller = await startDta([...args, ...more], /controller of .* operators \S+\n/);
  agentPort = /agents (\d+)/.exec(controller.said)?.[1] ?? '';
  write('registrations.yaml', registrations);
});
afterAll(async () => {
  expect(await controller?.stop()).toBe(0);
  corp?.remove();
  await rm(directory, { recursive: true });
});

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

/** Runs a command on the controller, which has to succeed. */
async function operate(...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await dtaInProcess([...args, '--data-dir', dataDir]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  return stdout;
}

const json = async (...args: string[]) => JSON.parse(await operate(...args, '-o', 'json'));
const failing = async (...args: string[]) => {
  const { exit, stdout, stderr } = await dtaInProcess([...args, '--data-dir', dataDir]);
  expect(stdout).toBe('');
  return { exit, stderr };
};

describe('registering', () => {
  it('stores files, lists them, and takes one back', async () => {
    const file = join(directory, 'registrations.yaml');
    expect(await operate('identity', 'register', file)).toBe(
      'registered host: prod/host-agent, x509pop:cn:host-1\n' +
        'registered orders: prod/orders, agent:service:prod/host-agent unix:workload:orders\n',
    );
    expect(await json('identity', 'list', '--registrations')).toMatchObject([
      { name: 'host' },
      { name: 'orders', region: 'eu-west-1', labels: { region: 'eu-west-1', tier: 'web' } },
    ]);
    expect(await operate('identity', 'list', '--registrations')).toContain('eu-west-1');
    expect(await operate('identity', 'unregister', 'orders')).toBe('unregistered orders\n');
    expect(await failing('identity', 'unregister', 'orders')).toMatchObject({ exit: 5 });
    await operate('identity', 'register', file);
  });

  it('tells the place of a mistake: exit 4', async () => {
    const file = write('broken.yaml', registrations.replace('team: infra', 'team: in fra'));
    const { exit, stderr } = await failing('identity', 'register', file);
    expect(exit).toBe(4);
    expect(stderr).toContain('broken.yaml:5:36: `in fra` is not a name');
  });

  it('is no matter of a policy set', async () => {
    const file = join(directory, 'registrations.yaml');
    const { exit, stderr } = await failing('policy', 'push', file);
    expect(exit).toBe(4);
    expect(stderr).toContain('dta identity register');
  });

  it('gives tokens by name, bound to a host', async () => {
    const issue = ['identity', 'issue', 'orders', '--host', '127.0.0.1'];
    expect(await operate(...issue)).toMatch(/^dta1\./);
    expect(await failing('identity', 'issue', 'nobody')).toMatchObject({ exit: 5 });
    expect(await failing('identity', 'issue')).toMatchObject({ exit: 2 });
    expect(await failing('identity', 'issue', 'orders', '--team', 'x')).toMatchObject({ exit: 2 });
  });
});

describe('a host with an agent', () => {
  let agent: Running;
  let socket: string;
  beforeAll(async () => {
    const { token } = await json('identity', 'issue', 'orders');
    socket = join(directory, 'status.sock');
    const config = write(
      'agent.yaml',
      `controller: https://127.0.0.1:${agentPort}
trust: { keyHash: ${token.split('.').at(-1)} }
agent:
  join: { method: x509pop, certificate: ${corp.path('host-1.pem')}, key: ${corp.path('host-1.key')} }
workloads:
  - { name: orders, join: { method: unix } }
`,
    );
    const args = ['agent', '--config', config, '--log-level', 'silent'];
    agent = await startDta(args, /orders: spiffe:\/\/\S+, sds \S+\n/);
  });
  afterAll(async () => {
    expect(await agent?.stop()).toBe(0);
  });

  const instances = async (): Promise<{ uuid: string; service: string; certificate: object }[]> =>
    await json('identity', 'list');
  const orders = async () => (await instances()).find(({ service }) => service === 'orders');

  it('joins by what it has, and vouches for its workloads', async () => {
    expect(await instances()).toMatchObject([
      { service: 'host-agent', method: 'x509pop' },
      { service: 'orders', method: 'unix', labels: { region: 'eu-west-1', tier: 'web' } },
    ]);
    expect(agent.said).toContain((await orders())?.uuid);
  });

  it('shows how it is', async () => {
    const { exit, stdout } = await dtaInProcess(['status', '--agent', socket]);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^\(agent\) +valid .*host-agent/m);
    expect(stdout).toMatch(/^orders +valid /m);
    expect(stdout).not.toContain('degraded');
    const nobody = await dtaInProcess(['status', '--agent', join(directory, 'no.sock')]);
    expect(nobody).toMatchObject({ exit: 8, stdout: '' });
  });

  it('is counted, and so is who is refused', async () => {
    const { token } = await json('identity', 'issue', 'orders', '--host', '192.0.2.1');
    const url = `https://127.0.0.1:${agentPort}`;
    const attempt = joinMesh(new ControllerClient(url, AbortSignal.timeout(10_000)), token);
    await expect(attempt).rejects.toMatchObject({ code: 'denied', message: 'join denied' });
    const [operators = ''] = /http:\S+/.exec(controller.said) ?? [];
    const metrics = await (await fetch(`${operators}/metrics`)).text();
    expect(metrics).toContain('dta_attestations_total{method="unix",result="granted"} 1');
    expect(metrics).toContain('dta_attestations_total{method="x509pop",result="granted"} 1');
    expect(metrics).toContain('dta_attestations_total{method="join_token",result="refused"} 1');
  });

  it('renews when it is told to, within a second or so', async () => {
    const before = (await orders())?.certificate;
    const order = await json('identity', 'rotate', '--service', 'prod/orders', '--spread', '0s');
    expect(order).toMatchObject({ kind: 'service', concerned: 1 });
    await expect
      .poll(async () => (await orders())?.certificate, { timeout: 3_000 })
      .not.toEqual(before);
    expect(await operate('identity', 'rotate', '--all')).toMatch(/^order \d+: 2 instance\(s\)/);
    expect(await failing('identity', 'rotate')).toMatchObject({ exit: 2 });
    expect(await failing('identity', 'rotate', '--all', '--service', 'a/b')).toMatchObject({
      exit: 2,
    });
  });

  it('is seen by who watches', async () => {
    const lines = (await operate('identity', 'watch', '--once', '-n', '100', '-o', 'json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const kinds = new Set(lines.map(({ kind }) => kind));
    for (const kind of ['registered', 'joined', 'renewed', 'rotationOrdered', 'unregistered']) {
      expect(kinds).toContain(kind);
    }
    expect(await operate('identity', 'watch', '--once')).toMatch(/ renewed .*svc\/orders/);
  });

  it('loses a service that is revoked, until it is lifted', async () => {
    const { uuid = '' } = (await orders()) ?? {};
    const revoke = ['identity', 'revoke', '--service', 'prod/orders', '--reason', 'breach'];
    const revoked = await json(...revoke);
    expect(revoked).toMatchObject({ kind: 'service', instances: [uuid], repeated: false });
    expect(await operate(...revoke)).toContain('was revoked before');
    expect(await operate('identity', 'list')).toMatch(
      new RegExp(`^${uuid} .* revoked .*: breach$`, 'm'),
    );
    await expect
      .poll(async () => (await dtaInProcess(['status', '--agent', socket])).stdout)
      .toContain('degraded: orders is ended');
    expect(await operate('identity', 'revoke', '--list')).toContain('prod/orders');
    expect(await operate('identity', 'revoke', '--lift', revoked.id)).toContain('may join again');
    expect(await operate('identity', 'revoke', '--list')).not.toContain('prod/orders');
    expect(await failing('identity', 'revoke', '--lift', revoked.id)).toMatchObject({ exit: 5 });
    expect(await failing('identity', 'revoke')).toMatchObject({ exit: 2 });
    expect(await operate('identity', 'revoke', '--team', 'nobody')).toContain('is the name right?');
    expect(await operate('identity', 'rotate', '--service', 'prod/x')).toContain('concerns nobody');
    expect(await failing('identity', 'revoke', '--domain', 'other')).toMatchObject({ exit: 2 });
  });

  it('loses every instance that one certificate made', async () => {
    const url = `https://127.0.0.1:${agentPort}`;
    const { token } = await json('identity', 'issue', 'orders');
    const [certificate, key] = [corp.path('host-1.pem'), corp.path('host-1.key')];
    const again = await attest(
      new ControllerClient(url, AbortSignal.timeout(10_000)),
      { method: 'x509pop', certificate, key },
      { keyHash: token.split('.').at(-1) },
    );
    const all = (await instances()).filter(({ service }) => service === 'host-agent');
    const uuids = all.map((each) => each.uuid).sort();
    const uuid = again.spiffeId.split('/').at(-1) ?? '';
    const other = uuids.find((each) => each !== uuid);
    const said = await operate('identity', 'revoke', uuid, '--reason', 'stolen');
    expect(said).toMatch(new RegExp(`^instance ${uuid} revoked, \\d+ live certificate`));
    expect(said).toContain(`  and ${other}, which joined by the same evidence\n`);
    const listed = await operate('identity', 'list');
    for (const each of uuids) {
      expect(listed).toMatch(new RegExp(`^${each} .* revoked .*: stolen$`, 'm'));
    }
    const watched = await operate('identity', 'watch', '--once', '-n', '100');
    expect(watched).toContain(`in all ${uuids.join(', ')}`);
    expect(await json('identity', 'revoke', uuid)).toMatchObject({ instances: [], repeated: true });
  });
});

describe('dta agent', () => {
  it('takes a file or one workload: exit 2', async () => {
    const { exit, stderr } = await dtaInProcess(['agent', '--workload', 'orders']);
    expect(exit).toBe(2);
    expect(stderr).toContain('`--config`');
  });
});
