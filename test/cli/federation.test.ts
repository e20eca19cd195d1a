/** `dta federation`, as operators of two meshes run it. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { dtaInProcess } from './in-process.ts';
import { dta, type Running, startDta } from './run.ts';

const freePorts = ['--agent-port', '0', '--xds-port', '0', '--operator-port', '0'];
let directory: string;
let controller: Running;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dta-federation-cli-'));
  const named = ['--trust-domain', 'a.test', '--new-mesh', '--data-dir', join(directory, 'data')];
  controller = await startDta(
    ['controller', ...named, ...freePorts, '--log-level', 'silent'],
    /controller of .* operators \S+\n/,
  );
});
afterAll(async () => {
  expect(await controller?.stop()).toBe(0);
  await rm(directory, { recursive: true });
});

const run = (...args: string[]) =>
  dtaInProcess(['federation', ...args, '--data-dir', join(directory, 'data')]);

describe('a federated trust domain', () => {
  it('comes and goes with the bundle of a file', async () => {
    const file = join(directory, 'own.json');
    expect((await run('export', '--out', file)).stdout).toContain('the bundle of a.test is in');
    const { keys } = JSON.parse(readFileSync(file, 'utf8'));
    expect(keys).toHaveLength(1);
    expect(JSON.parse((await run('export')).stdout).keys).toEqual(keys);
    const added = await run('add', 'b.test', '--file', file);
    expect(added.stdout).toContain('b.test is federated: 1 root');
    expect((await run('list')).stdout).toMatch(/^b\.test +1 +\d+ .* current /m);
    const shown = await run('show', 'b.test');
    expect(shown.stdout).toMatch(/root +[0-9a-f]{16} until .*: O=a.test/);
    const json = JSON.parse((await run('list', '-o', 'json')).stdout);
    expect(json).toMatchObject([{ trustDomain: 'b.test', source: { kind: 'file', path: file } }]);
    writeFileSync(file, '{}');
    expect(await run('refresh', 'b.test')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('`keys` of the bundle is not an array'),
    });
    const status = await dtaInProcess(['status', '--data-dir', join(directory, 'data')]);
    expect(status.stdout).toContain('degraded: the bundle of b.test is not refreshed');
    expect((await run('remove', 'b.test')).stdout).toContain('federated no more');
    expect((await run('show', 'b.test')).exit).toBe(5);
  });

  it.each([
    [['add', 'b.test'], 2, 'the bundle comes from one place'],
    [['add', 'b.test', '--file', 'x', '--url', 'https://x'], 2, 'one place'],
    [['add', 'b.test', '--file', 'x', '--ca', 'y'], 2, '`--ca` goes with `--url`'],
    [['add', 'b.test', '--url', 'https://x', '--ca', '/nowhere'], 2, 'cannot be read'],
    [['add', 'b.test', '--file', '/nowhere'], 3, 'cannot be read'],
    [['add', 'a.test', '--file', '/nowhere'], 2, 'is the trust domain of this mesh'],
    [['add', 'B', '--file', '/nowhere'], 2, 'is not valid'],
    [['add', 'b.test', '--url', 'http://b.test/'], 2, 'has the scheme `http`'],
    [['remove', 'c.test'], 5, 'is not federated'],
  ])('is refused with %j', async (args, exit, message) => {
    const refused = await run(...args);
    expect(refused).toMatchObject({ exit, stderr: expect.stringContaining(message) });
  });
});

it('the endpoint of our bundle is said in full or not at all', async () => {
  const args = ['controller', '--trust-domain', 'a.test', '--federation-listen', '127.0.0.1:0'];
  expect(await dta(args)).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('is not said in full'),
  });
});
