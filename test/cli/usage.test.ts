/** What `dta` says and how it exits when it is used wrongly, or asked about itself. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { errorCatalogue } from '../../controller/errors.ts';
import { dtaInProcess } from './in-process.ts';
import { dta, inProject } from './run.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'dta-cli-'));
});
afterAll(() => rm(cwd, { recursive: true }));

describe('a command that is wrong exits 2 and says what', () => {
  it.each<[string, RegExp]>([
    ['--nope', /unknown option '--nope'/],
    ['polcy', /unknown command 'polcy'\n\(Did you mean policy\?\)/],
    ['policy chek', /unknown command 'chek'\n\(Did you mean check\?\)/],
    ['status --outptu json', /unknown option '--outptu'\n\(Did you mean --output\?\)/],
    ['status -o xml', /'xml' is invalid\. Allowed choices are table, json/],
    ['status extra', /too many arguments/],
    ['policy check', /missing required argument 'path'/],
    ['identity issue --service x', /name either a registration, or service, team and environment/],
    ['identity issue --service x --team y --environment z --label q', /expected <name>=<value>/],
    ['identity revoke', /name one thing to revoke/],
    ['controller --trust-domain a.b --agent-port 70000', /expected a port from 0 to 65535/],
    ['controller --trust-domain a.b --leaf-ttl 1', /expected a number with s, m or h/],
    ['audit tail --verdict Maybe', /Allowed choices are Allow, Deny/],
  ])('dta %s', async (line, message) => {
    const { exit, stdout, stderr } = await dtaInProcess(line.split(' '));
    expect({ exit, stdout }).toEqual({ exit: errorCatalogue.usage.exit, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('also as a process of its own', async () => {
    expect(await dta(['polcy'], { cwd })).toEqual({
      exit: 2,
      stdout: '',
      stderr:
        "error: unknown command 'polcy'\n(Did you mean policy?)\n(`--help` shows what there is)\n",
    });
  });
});

describe('an agent that cannot start exits 2', () => {
  const agent = ['agent', '--controller'];
  it.each<[string, string[], RegExp]>([
    ['without https', ['http://x', '--workload', 'w', '--token', 't'], /`http:\/\/x` is no URL/],
    ['without a token', ['https://x', '--workload', 'w'], /no identity and no join token/],
    [
      'elsewhere',
      ['https://x', '--workload', '../w', '--token', 't'],
      /is no name for a directory/,
    ],
  ])('%s', async (_name, args, message) => {
    const { exit, stderr } = await dta([...agent, ...args], { cwd });
    expect(exit).toBe(2);
    expect(stderr).toMatch(message);
    await rm(join(cwd, 'dta-agent'), { recursive: true, force: true });
  });

  it('and leaves nothing behind', async () => {
    try {
      await dta([...agent, 'https://x', '--workload', 'w'], { cwd });
      expect(readdirSync(cwd)).toEqual([]);
    } finally {
      await rm(join(cwd, 'dta-agent'), { recursive: true, force: true });
    }
  });
});

describe('every command explains itself', () => {
  it.each([
    '',
    'up',
    'controller',
    'agent',
    'bootstrap',
    'policy',
    'policy check',
    'policy test',
    'policy explain',
    'policy diff',
    'policy fmt',
    'policy import',
    'policy suggest',
    'policy push',
    'identity',
    'identity register',
    'identity unregister',
    'identity issue',
    'identity list',
    'identity rotate',
    'identity revoke',
    'identity inspect',
    'identity watch',
    'ca',
    'ca init',
    'ca show',
    'ca prepare',
    'ca activate',
    'ca taint',
    'ca revoke',
    'restrict',
    'restrict list',
    'restrict release',
    'band',
    'band set',
    'band list',
    'band clear',
    'fact',
    'fact set',
    'fact list',
    'fact remove',
    'signal',
    'signal report',
    'signal list',
    'signal remove',
    'status',
    'audit',
    'audit tail',
    'version',
  ])('dta %s --help', async (line) => {
    const args = [...line.split(' ').filter((word) => word !== ''), '--help'];
    const { exit, stdout, stderr } = await dtaInProcess(args);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: dta ?${line}\\b`));
  });

  it('the program lists every exit code', async () => {
    const { stdout } = await dtaInProcess(['--help']);
    for (const [code, { exit }] of Object.entries(errorCatalogue)) {
      expect(stdout).toMatch(new RegExp(`^ +${exit}  ${code}$`, 'm'));
    }
  });

  it('the version is there for people and for programs', async () => {
    expect(JSON.parse((await dtaInProcess(['version', '-o', 'json'])).stdout)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      format: expect.any(Number),
      node: process.versions.node,
    });
    expect((await dtaInProcess(['version'])).stdout).toMatch(/^dta \d+\.\d+\.\d+ \(/);
    expect((await dtaInProcess(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('policy check', () => {
  const check = (...paths: string[]) => dtaInProcess(['policy', 'check', ...paths]);

  it('takes the policies of the demo', async () => {
    const { exit, stdout, stderr } = await check(inProject('examples/demo/policies'));
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toMatch(/^ok: 3 policies, \d+ bundles, \d+ bytes\n$/);
  });

  it('shows every mistake with file, line, column and help', async () => {
    const file = inProject('examples/demo/broken.yaml');
    const { exit, stdout, stderr } = await check(file);
    expect({ exit, stdout }).toEqual({ exit: 4, stdout: '' });
    const lines = stderr.split('\n');
    const places = lines.filter((line) => line.startsWith(`${file}:`));
    expect(places.map((line) => line.slice(file.length + 1).split(': ')[0])).toEqual([
      '8:7',
      '9:7',
      '11:39',
      '12:13',
    ]);
    expect(lines.filter((line) => line.startsWith('  help: '))).toHaveLength(places.length + 1);
    expect(stderr).toContain('dta: error: the policy set has 4 mistakes');
  });

  it('says when a path is not there, holds no policies, or is no text', async () => {
    expect(await check('nowhere.yaml')).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining('`nowhere.yaml` is not there'),
    });
    expect(await check(cwd)).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining(`no policy files in \`${cwd}\``),
    });
    const binary = join(cwd, 'binary.yaml');
    writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]));
    expect(await check(binary)).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('cannot be read as UTF-8 text'),
    });
    await rm(binary);
  });
});

describe('without a controller', () => {
  it.each([
    'status',
    'identity list',
    'identity list --registrations',
    'identity unregister x',
    'identity rotate --all',
    'identity revoke --team x',
    'identity watch',
    'identity issue --service a --team b --environment c',
    'identity revoke 00000000-0000-4000-8000-000000000000',
    'audit tail',
    `policy push ${inProject('examples/demo/policies')}`,
  ])('dta %s exits 8', async (line) => {
    const dataDir = join(cwd, 'data');
    const args = [...line.split(' '), '--data-dir', dataDir];
    const { exit, stdout, stderr } = await dtaInProcess(args);
    expect({ exit, stdout }).toEqual({ exit: 8, stdout: '' });
    expect(stderr).toContain(`dta: error: no controller has run on \`${dataDir}\``);
    expect(stderr).toMatch(/\n {2}help: start one with `dta controller`/);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe('dta up without an Envoy', () => {
  it('exits 3 with help, and leaves nothing behind', async () => {
    const dir = join(cwd, 'demo');
    const env = { ENVOY_BIN: '/nowhere/envoy' };
    const { exit, stdout, stderr } = await dta(['up', '--once', '--dir', dir], { cwd, env });
    expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' });
    expect(stderr).toBe(
      'dta: error: ENVOY_BIN is `/nowhere/envoy`, which is not there\n' +
        '  help: unset it to use the one that `make setup` brings\n',
    );
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('exits 3 when it is no Envoy, and stops what it started', async () => {
    const dir = join(cwd, 'demo');
    const env = { ENVOY_BIN: '/bin/false' };
    const { exit, stderr } = await dta(['up', '--once', '--dir', dir], { cwd, env });
    expect(exit).toBe(3);
    expect(stderr).toMatch(/dta: error: orders-envoy ended with exit code 1\n {2}help: its log is/);
    expect(runningWith(dir)).toEqual([]);
    await rm(dir, { recursive: true });
  });
});

/** Processes whose command line names `text`. */
function runningWith(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    return commandLine(pid).includes(text);
  });
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended meanwhile.
    return '';
  }
}
