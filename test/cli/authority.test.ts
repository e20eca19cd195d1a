/** `dta ca` and `dta identity inspect`, as an operator runs them. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeKeyAndRequest } from '../../controller/agent/csr.ts';
import { dtaInProcess } from './in-process.ts';
import { dta, type Running, startDta } from './run.ts';

const freePorts = ['--agent-port', '0', '--xds-port', '0', '--operator-port', '0'];
const named = ['--trust-domain', 'cli.test'];
let directory: string;
let dataDir: string;
let controller: Running;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dta-ca-cli-'));
  dataDir = join(directory, 'data');
  const made = await dtaInProcess(['ca', 'init', ...named, '--data-dir', dataDir]);
  expect(made).toMatchObject({
    exit: 0,
    stdout: expect.stringMatching(/issuing key [0-9a-f]{16}/),
  });
  const args = ['controller', ...named, '--data-dir', dataDir, ...freePorts];
  controller = await startDta(
    [...args, '--log-level', 'silent'],
    /controller of .* operators \S+\n/,
  );
});
afterAll(async () => {
  expect(await controller?.stop()).toBe(0);
  await rm(directory, { recursive: true });
});

const run = (...args: string[]) => dtaInProcess([...args, '--data-dir', dataDir]);
const json = async (...args: string[]) => JSON.parse((await run(...args, '-o', 'json')).stdout);

describe('a first start', () => {
  it('makes no new mesh by itself: exit 3', async () => {
    const empty = join(directory, 'lost');
    const { exit, stderr } = await dta(['controller', ...named, '--data-dir', empty, ...freePorts]);
    expect(exit).toBe(3);
    expect(stderr).toContain('there is no certificate authority');
    expect(stderr).toMatch(/help: .*--new-mesh/);
  });

  it('is the only one on its data directory: exit 3', async () => {
    const { exit, stderr } = await dta([
      'controller',
      ...named,
      '--data-dir',
      dataDir,
      ...freePorts,
    ]);
    expect([exit, stderr]).toEqual([3, expect.stringContaining('another controller runs on')]);
    // The first one is still who operators are led to.
    expect((await run('ca', 'show')).exit).toBe(0);
  });

  it('is made in no directory that others may enter: exit 3', async () => {
    const open = join(directory, 'open');
    mkdirSync(open);
    chmodSync(open, 0o755);
    for (const args of [
      ['ca', 'init', ...named],
      ['controller', ...named, ...freePorts, '--new-mesh'],
    ]) {
      const { exit, stderr } = await dtaInProcess([...args, '--data-dir', open]);
      expect(exit).toBe(3);
      expect(stderr).toContain(`chmod 700 ${open}`);
    }
    expect(readdirSync(open)).toEqual([]);
  });

  it('is made once: a second `ca init` is a conflict, exit 6', async () => {
    const { exit, stderr } = await dtaInProcess(['ca', 'init', ...named, '--data-dir', dataDir]);
    expect(exit).toBe(6);
    expect(stderr).toContain('has the authority of `cli.test` already');
  });

  it.each([
    [['--upstream-cert', '/nowhere'], 2, 'needs certificate, key and root'],
    [['--key-command', ' '], 2, 'the program for keys has no name'],
    [['--key-command', 'keys'], 3, 'no absolute path'],
    [['--root-curve', 'P-521'], 2, 'P-256, P-384'],
  ])('is refused with %j', async (options, exit, message) => {
    const outcome = await dtaInProcess([
      ...['ca', 'init', ...named, ...options],
      ...['--data-dir', join(directory, `odd${options.join('')}`.replaceAll(/\W/g, ''))],
    ]);
    expect(outcome.exit).toBe(exit);
    expect(outcome.stderr).toContain(message);
  });
});

describe('the issuing key', () => {
  it('is shown, prepared, activated, tainted and revoked', async () => {
    const [first] = (await json('ca', 'show')).issuers;
    expect((await run('ca', 'show')).stdout).toMatch(/KEY +STATE[\s\S]+active/);
    const early = await run('ca', 'activate');
    expect(early).toMatchObject({ exit: 5, stderr: expect.stringContaining('dta ca prepare') });
    expect((await run('ca', 'prepare', '--root-curve', 'P-384')).stdout).toContain('is prepared');
    expect(await run('ca', 'prepare')).toMatchObject({ exit: 6 });
    expect((await run('ca', 'activate')).stdout).toContain('signs from now on');
    expect((await run('ca', 'taint', first.id)).stdout).toContain('is tainted; 0 instances');
    const revoked = await run('ca', 'revoke', first.id.slice(0, 8), '--reason', 'test');
    expect(revoked.stdout).toContain(`issuing key ${first.id} is revoked`);
    expect(readdirSync(join(dataDir, 'ca'))).toHaveLength(1);
  });
});

describe('identity inspect', () => {
  it('explains what the authority has, with what the controller knows', async () => {
    const [issuer] = (await json('ca', 'show')).issuers;
    const path = join(dataDir, 'ca', issuer.id, 'issuer.pem');
    const { exit, stdout } = await run('identity', 'inspect', path);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/signed by +O=cli.test, CN=SM-DTA root \w{8}, under a root of the mesh/);
    expect(stdout).toContain('policy could not use it: it is the certificate of an authority');
    const [read] = await json('identity', 'inspect', path);
    expect(read).toMatchObject({ kind: 'certificate', against: expect.any(Array) });
  });

  it('needs no controller, and refuses private keys', async () => {
    const { keyPem, csrPem } = makeKeyAndRequest();
    const [request, key] = [join(directory, 'r.pem'), join(directory, 'k.pem')];
    writeFileSync(request, csrPem);
    writeFileSync(key, keyPem);
    const alone = ['--data-dir', join(directory, 'nowhere')];
    const good = await dtaInProcess(['identity', 'inspect', request, ...alone]);
    expect(good).toMatchObject({ exit: 0, stdout: expect.stringContaining('could use it') });
    const bad = await dtaInProcess(['identity', 'inspect', key, ...alone]);
    expect(bad).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('there is a private key'),
    });
    expect(bad.stderr).not.toContain('MIGH');
    const none = await dtaInProcess(['identity', 'inspect', '/nowhere.pem', ...alone]);
    expect(none.exit).toBe(5);
  });
});
