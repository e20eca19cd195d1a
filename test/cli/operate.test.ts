/** The commands of an operator against a running `dta controller`. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ControllerClient } from '../../controller/agent/controller-client.ts';
import { join as joinMesh } from '../../controller/agent/join.ts';
import { dtaInProcess } from './in-process.ts';
import { dta, inProject, type Running, startDta } from './run.ts';

const policies = inProject('examples/demo/policies');
const freePorts = ['--agent-port', '0', '--xds-port', '0', '--operator-port', '0'];

let directory: string;
let dataDir: string;
let controller: Running;
let agentPort: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dta-operate-'));
  dataDir = join(directory, 'data');
  controller = await startController(dataDir);
  agentPort = /agents (\d+)/.exec(controller.said)?.[1] ?? '';
});
afterAll(async () => {
  expect(await controller?.stop()).toBe(0);
  await rm(directory, { recursive: true });
});

function startController(dir: string, ports = freePorts): Promise<Running> {
  const args = ['controller', '--trust-domain', 'cli.test', '--new-mesh', '--data-dir', dir];
  return startDta([...args, ...ports, '--log-level', 'silent'], /controller of .* operators \S+\n/);
}

/** Runs a command on the controller, which has to succeed. */
async function operate(...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await dtaInProcess([...args, '--data-dir', dataDir]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  return stdout;
}

const json = async (...args: string[]) => JSON.parse(await operate(...args, '-o', 'json'));

describe('a controller that was just started', () => {
  it('says that proxies deny everything', async () => {
    expect(await json('status')).toMatchObject({
      trustDomain: 'cli.test',
      policy: null,
      proxies: [],
      degraded: [{ help: expect.stringContaining('dta policy push') }],
    });
    expect(await operate('status')).toContain('degraded: no policy set was pushed');
  });

  it('has nobody and no decisions', async () => {
    expect(await json('identity', 'list')).toEqual([]);
    expect(await operate('audit', 'tail', '-o', 'json')).toBe('');
  });
});

describe('policy push', () => {
  it('publishes a whole set, and numbers it', async () => {
    expect(await operate('policy', 'push', policies)).toMatch(/^published revision 1: \d+ bundles/);
    expect(await json('policy', 'push', policies)).toMatchObject({ revision: 2 });
    expect(await json('status')).toMatchObject({ policy: { revision: 2 }, degraded: [] });
  });

  it('publishes nothing of a broken one', async () => {
    const broken = inProject('examples/demo/broken.yaml');
    const env = { DTA_DATA_DIR: dataDir };
    const { exit, stdout, stderr } = await dta(['policy', 'push', policies, broken], { env });
    expect({ exit, stdout }).toEqual({ exit: 4, stdout: '' });
    expect(stderr).toMatch(/broken\.yaml:11:39: path `orders\/\{id\}` does not start with a slash/);
    expect(await json('status')).toMatchObject({ policy: { revision: 2 } });
  });
});

describe('identity', () => {
  const workload = ['--service', 'orders', '--team', 'shop', '--environment', 'prod'];
  const join = (token: string) => {
    const url = `https://127.0.0.1:${agentPort}`;
    return joinMesh(new ControllerClient(url, AbortSignal.timeout(10_000)), token);
  };

  it('issues a token that is good once', async () => {
    const token = (await operate('identity', 'issue', ...workload)).trim();
    expect(token).toMatch(/^dta1\.[^.]+\.[^.]+\.[0-9a-f]{64}$/);
    const { instance, spiffeId } = await join(token);
    expect(spiffeId).toBe(`spiffe://cli.test/env/prod/team/shop/svc/orders/i/${instance}`);
    await expect(join(token)).rejects.toMatchObject({ code: 'denied' });
  });

  it('lists and revokes', async () => {
    const { token } = await json('identity', 'issue', ...workload, '--label', 'tier=web');
    const { instance } = await join(token);
    const find = async () => {
      const all: { uuid: string }[] = await json('identity', 'list');
      return all.find(({ uuid }) => uuid === instance);
    };
    expect(await find()).toMatchObject({ service: 'orders', labels: { tier: 'web' } });
    const revoked = await json('identity', 'revoke', instance, '--reason', 'stolen');
    expect(revoked).toMatchObject({ kind: 'instance', instance, repeated: false });
    expect(await find()).toMatchObject({ revokedReason: 'stolen' });
    expect(await operate('identity', 'list')).toMatch(
      new RegExp(`^${instance} .* revoked .*: stolen$`, 'm'),
    );
    expect(await operate('identity', 'revoke', instance)).toContain('was revoked before');
  });

  it('exits 5 for one that is not there, 2 for a name that cannot be', async () => {
    const env = { DTA_DATA_DIR: dataDir };
    const nobody = '00000000-0000-4000-8000-000000000000';
    const missing = await dta(['identity', 'revoke', nobody], { env });
    expect(missing).toMatchObject({ exit: 5, stdout: '' });
    expect(missing.stderr).toContain(nobody);
    const spaced = ['--service', 'or ders', '--team', 'shop', '--environment', 'prod'];
    expect(await dta(['identity', 'issue', ...spaced], { env })).toMatchObject({ exit: 2 });
  });
});

describe('a controller cannot start', () => {
  let taken: Server;
  let port: string;
  beforeAll(async () => {
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    port = String(typeof address === 'object' && address !== null ? address.port : 0);
  });
  afterAll(() => new Promise((resolve) => taken.close(resolve)));

  it.each([
    ['agent', 1],
    ['xds', 3],
    ['operator', 5],
  ])('when the %s port is in use: exit 10', async (name, at) => {
    const ports = freePorts.with(at, port);
    const dir = join(directory, `taken-${name}`);
    const args = ['controller', '--trust-domain', 'cli.test', '--new-mesh', '--data-dir', dir];
    const { exit, stdout, stderr } = await dta([...args, ...ports]);
    expect({ exit, stdout }).toEqual({ exit: 10, stdout: '' });
    expect(stderr).toContain(`127.0.0.1:${port}\` is in use`);
    expect(stderr).toMatch(/\n {2}help: /);
    const again = await startController(dir);
    expect(await again.stop()).toBe(0);
  });

  it('without its filter: exit 3', async () => {
    const args = ['controller', '--trust-domain', 'cli.test', '--data-dir', join(directory, 'x')];
    const { exit, stderr } = await dta([...args, ...freePorts, '--filter', '/nowhere.wasm']);
    expect(exit).toBe(3);
    expect(stderr).toContain('/nowhere.wasm');
  });

  it('with another trust domain than its data has: exit not 0, and a reason', async () => {
    const mesh = ['--data-dir', join(directory, 'stopped')];
    expect((await dta(['ca', 'init', '--trust-domain', 'cli.test', ...mesh])).exit).toBe(0);
    const args = ['controller', '--trust-domain', 'other.test', ...mesh];
    const { exit, stderr } = await dta([...args, ...freePorts]);
    expect(exit).not.toBe(0);
    expect(stderr).toContain('other.test');
    expect(stderr).not.toMatch(/internal fault|\n\s+at /);
  });
});
