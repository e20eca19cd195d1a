/** `scripts/setup` on a machine that lacks something: it says what, how to mend it, and touches no network. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { inProject, type Outcome, run } from './run.ts';

/** What the script itself needs of a system. */
const basics = ['bash', 'cat', 'cmp', 'cp', 'dirname', 'env', 'find', 'grep', 'head', 'ln'];
const more = ['mkdir', 'rm', 'tail'];

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dta-setup-'));
  mkdirSync(join(directory, 'bin'));
  mkdirSync(join(directory, 'scripts'));
  cpSync(inProject('scripts/setup'), join(directory, 'scripts/setup'));
  for (const name of [...basics, ...more]) {
    const found = ['/bin', '/usr/bin'].map((dir) => join(dir, name)).find(existsSync);
    if (found) symlinkSync(found, join(directory, 'bin', name));
  }
});
afterEach(() => rm(directory, { recursive: true }));

/** Runs it with nothing on PATH but the basics and what the test put there. */
function setup(env: Record<string, string> = {}): Promise<Outcome> {
  const path = { PATH: join(directory, 'bin'), HOME: directory };
  return run('/bin/bash', [join(directory, 'scripts/setup')], { env: { ...path, ...env } });
}

function program(name: string, script: string): void {
  const path = join(directory, 'bin', name);
  writeFileSync(path, `#!/bin/bash\n${script}\n`);
  chmodSync(path, 0o755);
}

describe('scripts/setup', () => {
  it('names python3 when Node has to be brought', async () => {
    const { exit, stderr } = await setup();
    expect({ exit, stderr }).toEqual({
      exit: 1,
      stderr:
        'setup: error: python3 was not found\n  help: sudo apt-get install python3 python3-venv\n',
    });
    expect(existsSync(join(directory, '.tools/venv'))).toBe(false);
  });

  it('names python3 when only Envoy has to be brought', async () => {
    symlinkSync(process.execPath, join(directory, 'bin/node'));
    const { exit, stderr } = await setup();
    expect({ exit, stderr }).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('python3 was not found'),
    });
  });

  it('takes an old Node for none', async () => {
    program('node', 'exit 1');
    expect(await setup()).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('python3 was not found'),
    });
  });

  it('names python3-venv when python3 cannot make an environment', async () => {
    program('python3', 'echo "ensurepip is not available" >&2; exit 1');
    const { exit, stderr } = await setup();
    expect(exit).toBe(1);
    expect(stderr).toBe(
      'setup: error: python3 could not make a virtual environment: ensurepip is not available\n' +
        '  help: sudo apt-get install python3-venv\n',
    );
  });

  it('says when ENVOY_BIN is no program', async () => {
    symlinkSync(process.execPath, join(directory, 'bin/node'));
    const { exit, stderr } = await setup({ ENVOY_BIN: '/nowhere/envoy' });
    expect(exit).toBe(1);
    expect(stderr).toMatch(/ENVOY_BIN is `\/nowhere\/envoy`, which is no program\n {2}help: unset/);
  });

  it('names npm when it is missing', async () => {
    symlinkSync(process.execPath, join(directory, 'bin/node'));
    program('envoy-here', 'exit 0');
    const { exit, stderr } = await setup({ ENVOY_BIN: join(directory, 'bin/envoy-here') });
    expect(exit).toBe(1);
    expect(stderr).toBe('setup: error: npm was not found\n  help: sudo apt-get install npm\n');
  });

  it('does nothing when everything is there', async () => {
    symlinkSync(process.execPath, join(directory, 'bin/node'));
    program('envoy-here', 'exit 0');
    writeFileSync(join(directory, 'package-lock.json'), '{}');
    mkdirSync(join(directory, 'node_modules'));
    writeFileSync(join(directory, 'node_modules/.setup-lock'), '{}');
    const env = { ENVOY_BIN: join(directory, 'bin/envoy-here') };
    const { exit, stdout, stderr } = await setup(env);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toMatch(/^setup: ready: node v\d+/);
  });
});
