/** `dta token` against a running `dta controller`: clearing people, revealing, the log, rotation and a restart. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { operatorClient } from '../../controller/cli/operator-option.ts';
import { deriveMaskKeys } from '../../controller/privacy/derive-mask-keys.ts';
import { loadCryptoKernel } from '../kernels/crypto-kernel.ts';
import { dtaInProcess } from './in-process.ts';
import { inProject, type Outcome, type Running, run, startDta } from './run.ts';

const kernel = await loadCryptoKernel('release');
let dir: string;
let dataDir: string;
let clearanceFile: string;
let controller: Running;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dta-token-'));
  dataDir = join(dir, 'data');
  clearanceFile = join(dir, 'alice.clearance');
  controller = await start();
});
afterAll(async () => {
  expect(await controller?.stop()).toBe(0);
  await rm(dir, { recursive: true });
});

function start(): Promise<Running> {
  const ports = ['--agent-port', '0', '--xds-port', '0', '--operator-port', '0'];
  const args = [
    'controller',
    '--trust-domain',
    'cli.test',
    '--new-mesh',
    '--data-dir',
    dataDir,
    ...ports,
  ];
  return startDta([...args, '--log-level', 'silent'], /controller of .* operators \S+\n/);
}

const dta = (...args: string[]): Promise<Outcome> =>
  dtaInProcess(['token', ...args, '--data-dir', dataDir]);

async function operate(...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await dta(...args);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  return stdout;
}

const json = async (...args: string[]) => JSON.parse(await operate(...args, '-o', 'json'));
const reveal = (...args: string[]) =>
  operate('reveal', ...args, '--reason', 'case 17', '--clearance-file', clearanceFile);

/** Keys of a generation, from the controller's own file. */
function keysOf(keyId: number) {
  const file = JSON.parse(readFileSync(join(dataDir, 'masking', 'keys.json'), 'utf8'));
  return deriveMaskKeys(Buffer.from(file.generations[keyId - 1].secret, 'base64url'), keyId);
}

/** A token of the module's kernels, as the filter writes it. */
function tokenOf(text: string, keyId = 1): string {
  const associated = `dtk1.${keyId.toString(16).padStart(4, '0')}`;
  const sealed = kernel.siv(keysOf(keyId).siv, Buffer.from(associated), Buffer.from(text));
  return `${associated}.${kernel.base64url(sealed)}`;
}

const bundleVersions = async () =>
  (await operatorClient(dataDir).policies())?.bundles.map(({ version }) => version) ?? [];

describe('clear', () => {
  it('writes a secret for one, lists names only', async () => {
    expect(await operate('clear', 'alice', '--file', clearanceFile)).toBe(
      `alice is cleared; the secret is in ${clearanceFile}, and nowhere else\n`,
    );
    expect(statSync(clearanceFile).mode & 0o777).toBe(0o600);
    expect(await operate('cleared')).toMatch(/^NAME +SINCE\nalice +20\d\d-\d\d-\d\d \S+\n$/);
    const secret = readFileSync(clearanceFile, 'utf8').trim();
    expect(readFileSync(join(dataDir, 'masking', 'clearances.json'), 'utf8')).not.toContain(secret);
  });

  it('clears nobody when the secret cannot be written', async () => {
    const taken = await dta('clear', 'bob', '--file', clearanceFile);
    expect(taken).toMatchObject({ exit: 6, stderr: expect.stringContaining('is there already') });
    const nowhere = await dta('clear', 'bob', '--file', join(dir, 'no', 'folder'));
    expect(nowhere).toMatchObject({ exit: 3, stderr: expect.stringContaining('cannot write') });
    expect(await json('cleared')).toMatchObject([{ name: 'alice' }]);
    expect(await dta('clear', 'alice', '--file', join(dir, 'x'))).toMatchObject({ exit: 6 });
    expect(existsSync(join(dir, 'x'))).toBe(false);
  });
});

describe('reveal', () => {
  it('prints clear values, one a line', async () => {
    const tokens = [tokenOf('4111111111111111'), tokenOf('J\u00fcrgen')];
    expect(await reveal(...tokens)).toBe('4111111111111111\nJ\u00fcrgen\n');
  });

  it('reads tokens from standard input, more than a request takes', async () => {
    const texts = Array.from({ length: 150 }, (_, i) => `customer ${i}`);
    writeFileSync(join(dir, 'tokens'), texts.map((text) => `${tokenOf(text)}\n`).join('\n'));
    const script = '"$1" token reveal --reason r --data-dir "$2" --clearance-file "$3" < "$4"';
    const args = [inProject('dta'), dataDir, clearanceFile, join(dir, 'tokens')];
    const { exit, stdout } = await run('sh', ['-c', script, 'sh', ...args]);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: `${texts.join('\n')}\n` });
  });

  it('prints a value with control characters as one line', async () => {
    expect(await reveal(tokenOf('a\n\u001b[2Jb'))).toBe('"a\\n\\u001b[2Jb"\n');
  });

  it('undoes preserved formats', async () => {
    const numerals = [4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    const parameters = { key: keysOf(1).fpe, tweak: Buffer.alloc(0), radix: 10 };
    const masked = kernel.ff1(parameters, numerals)?.join('') ?? '';
    expect(masked).not.toBe(numerals.join(''));
    expect(await reveal(masked, '--as', 'digits', '--key', '0001')).toBe('4111111111111111\n');
  });

  it('goes on behind what it cannot reveal, and says so', async () => {
    const good = tokenOf('x');
    const foreign = good.replace('dtk1.0001', 'dtk1.0777');
    const args = [foreign, good, '--reason', 'r', '--clearance-file', clearanceFile];
    const { exit, stdout, stderr } = await dta('reveal', ...args);
    expect({ exit, stdout }).toEqual({ exit: 5, stdout: '-\nx\n' });
    expect(stderr).toContain(
      '1 of 2 values cannot be revealed, the first is number 1: there is no',
    );
  });

  it.each<[number, string, RegExp]>([
    [2, 'reveal x --clearance-file FILE', /required option `?'?--reason/],
    [2, 'reveal x --reason r', /--clearance-file/],
    [2, 'reveal x --reason r --clearance-file /nowhere', /there is no clearance in/],
    [2, 'reveal x --reason r --clearance-file FILE --as hash', /Allowed choices are token/],
    [2, 'reveal x --reason r --clearance-file FILE --as digits', /needs `--key`/],
    [2, 'reveal x --reason r --clearance-file FILE --as digits --key 1', /expected a key id/],
    [2, 'reveal x --reason r --clearance-file FILE --as date --key 0001', /needs `--max-shift`/],
    [5, 'reveal x --reason r --clearance-file FILE', /it is no value of that kind/],
    [7, 'reveal x --reason r --clearance-file OTHER', /for those who are cleared/],
    [5, 'withdraw bob', /nobody is cleared as `bob`/],
  ])('exits %i: dta token %s', async (wanted, line, message) => {
    const other = join(dir, 'other.clearance');
    writeFileSync(other, 'x'.repeat(43), { mode: 0o600 });
    const words = line.replace('FILE', clearanceFile).replace('OTHER', other).split(' ');
    const { exit, stderr } = await dta(...words);
    expect(exit).toBe(wanted);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('does not use a clearance that others can read', async () => {
    chmodSync(clearanceFile, 0o644);
    const args = ['x', '--reason', 'r', '--clearance-file', clearanceFile];
    expect(await dta('reveal', ...args)).toMatchObject({ exit: 3 });
    chmodSync(clearanceFile, 0o600);
  });
});

describe('log', () => {
  it('says who asked for what, and never what came out', async () => {
    const token = tokenOf('my secret');
    await reveal(token);
    const all = await json('log', '-n', '1000');
    expect(all.at(-1)).toMatchObject({
      cleared: 'alice',
      actor: 'operator',
      kind: 'token',
      keyId: 1,
      reason: 'case 17',
      result: 'revealed',
    });
    const results = all.map(({ result }: { result: string }) => result);
    expect(results).toContain('notCleared');
    expect(results).toContain('unknownKey');
    const table = await operate('log');
    expect(table).toMatch(/^TIME +WHO +BY +KIND +KEY +RESULT +SHA-256 OF THE VALUE +REASON$/m);
    expect(table).toMatch(/ alice +operator +token +0001 +revealed +[0-9a-f]{64} +case 17$/m);
    expect(table + JSON.stringify(all)).not.toContain('my secret');
    expect(table).not.toContain(token);
  });
});

describe('rotate', () => {
  it('masks with new keys and reveals with all, over a restart too', async () => {
    const old = tokenOf('old');
    const policies = inProject('examples/demo/policies');
    await dtaInProcess(['policy', 'push', policies, '--data-dir', dataDir]);
    const before = await bundleVersions();
    expect(before.length).toBeGreaterThan(0);
    expect(await operate('rotate', '--reason', 'a laptop was lost')).toBe(
      'key 0002 masks from now on; older ones still reveal\n',
    );
    // Every bundle is compiled anew.
    await expect
      .poll(async () => (await bundleVersions()).filter((version) => !before.includes(version)))
      .toHaveLength(before.length);
    const table = await operate('keys');
    expect(table).toMatch(/^KEY +MADE +STATE +BY +REASON$/m);
    expect(table).toMatch(/^0001 .* reveals only +controller +first start$/m);
    expect(table).toMatch(/^0002 .* masks +operator +a laptop was lost$/m);
    expect(await controller.stop()).toBe(0);
    controller = await start();
    expect(await reveal(old, tokenOf('new', 2))).toBe('old\nnew\n');
    expect((await json('keys')).map(({ keyId }: { keyId: number }) => keyId)).toEqual([1, 2]);
  });
});

describe('withdraw', () => {
  it('ends a clearance at once', async () => {
    const token = tokenOf('x');
    expect(await reveal(token)).toBe('x\n');
    expect(await operate('withdraw', 'alice')).toBe('alice is not cleared any more\n');
    const args = [token, '--reason', 'r', '--clearance-file', clearanceFile];
    expect(await dta('reveal', ...args)).toMatchObject({ exit: 7, stdout: '' });
  });
});
