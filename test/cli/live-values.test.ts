/** `dta restrict`, `band`, `fact` and `signal` against a running `dta controller`, and what a restart leaves of them. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { dtaInProcess } from './in-process.ts';
import { type Running, startDta } from './run.ts';

let dataDir: string;
let controller: Running;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'dta-live-'));
  controller = await start();
});
afterAll(async () => {
  expect(await controller?.stop()).toBe(0);
  await rm(dataDir, { recursive: true });
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

const dta = (line: string, ...more: string[]) =>
  dtaInProcess([...line.split(' '), ...more, '--data-dir', dataDir]);

async function operate(line: string, ...more: string[]): Promise<string> {
  const { exit, stdout, stderr } = await dta(line, ...more);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  return stdout;
}

const json = async (line: string, ...more: string[]) =>
  JSON.parse(await operate(line, ...more, '-o', 'json'));
const epoch = async () => BigInt((await json('status')).stateEpoch);

describe('restrict', () => {
  it('sets every effect, lists it, keeps it over a restart and releases it', async () => {
    const before = await epoch();
    const set = await json(
      'restrict prod/orders --as source --verdict throttle --rate 2.5 --burst 20 --retry-after 30 --for 15m --reason',
      'too loud',
    );
    expect(set).toMatchObject({
      subject: 'prod/orders',
      as: 'source',
      verdict: 'throttle',
      ratePerSecond: 2.5,
      burst: 20,
      retryAfterSeconds: 30,
      untilMs: set.atMs + 900_000,
      actor: 'operator',
      reason: 'too loud',
    });
    await expect.poll(epoch).toBeGreaterThan(before);
    const said = await operate(
      'restrict prod/cart --as destination --verdict degrade --read-only --no-clearance',
    );
    expect(said).toMatch(
      /^restriction [0-9a-f]{12}: degrade prod\/cart as destination, until released\n$/,
    );
    expect(await controller.stop()).toBe(0);
    controller = await start();
    const listed = await json('restrict list');
    expect(listed).toMatchObject([set, { readOnly: true, noClearance: true }]);
    const table = await operate('restrict list');
    expect(table).toMatch(/^ID +SERVICE +AS +VERDICT +TAKES +END +SET +BY +REASON$/m);
    expect(table).toContain('over 2.5/s, burst 20; retry after 30 s');
    expect(table).toContain('writing; clearance');
    expect(await json(`restrict release ${set.id}`)).toEqual(set);
    expect(await operate(`restrict release ${listed[1].id}`)).toBe(
      `released ${listed[1].id}: degrade prod/cart\n`,
    );
    expect(await json('restrict list')).toEqual([]);
  });

  it.each<[number, string, RegExp]>([
    [2, 'restrict prod/orders --as source', /required option `--verdict <verdict>` not specified/],
    [2, 'restrict prod/orders --verdict isolate', /required option `--as <side>`/],
    [2, 'restrict prod/orders --as both --verdict isolate', /Allowed choices are source, dest/],
    [2, 'restrict prod/orders --as source --verdict deny', /Allowed choices are degrade/],
    [2, 'restrict prod/orders --as source --verdict throttle', /throttle needs a rate/],
    [2, 'restrict prod/orders --as source --verdict degrade', /degrade takes nothing/],
    [2, 'restrict orders --as source --verdict isolate', /`orders` is no service/],
    [2, 'restrict prod/orders --as source --verdict isolate --for 1', /a number with s, m or h/],
    [2, 'restrict prod/orders --as source --verdict isolate --rate x', /expected a number/],
    [2, 'restrict prod/orders --as source --verdict isolate --burst 1.5', /a whole number/],
    [5, 'restrict release 0123456789ab', /there is no restriction `0123456789ab` in force/],
    [2, 'restrict', /missing required argument/],
    [2, 'band set prod/orders worse', /Allowed choices are low, guarded, high, critical/],
    [5, 'band clear prod/orders', /there is no band of `prod\/orders`/],
    [2, 'fact set freeze maybe', /expected a number, true or false/],
    [2, 'fact set a-b 1', /is no name of a fact/],
    [5, 'fact remove freeze', /there is no fact `freeze`/],
    [2, 'signal report prod/orders source.heat 1', /there is no signal `source.heat`/],
    [2, 'signal report prod/orders source.cpu 2', /`source.cpu` cannot be 2/],
    [2, 'signal report prod/orders source.cpu hot', /expected a number or one of none, low/],
    [5, 'signal remove prod/orders source.cpu', /there is no signal `source.cpu`/],
  ])('exits %i: dta %s', async (wanted, line, message) => {
    const { exit, stdout, stderr } = await dta(line);
    expect({ exit, stdout }).toEqual({ exit: wanted, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('band', () => {
  it('is set, listed and cleared', async () => {
    expect(await operate('band set prod/orders guarded --reason calm')).toBe(
      'prod/orders is guarded\n',
    );
    expect(await json('band list')).toMatchObject([
      { subject: 'prod/orders', band: 'guarded', reason: 'calm', actor: 'operator' },
    ]);
    expect(await operate('band list')).toMatch(/^prod\/orders +guarded +\S+ \S+ +operator +calm$/m);
    expect(await json('band clear prod/orders')).toEqual({ subject: 'prod/orders', removed: true });
    expect(await json('band list')).toEqual([]);
  });
});

describe('fact', () => {
  it('is set, listed and removed', async () => {
    expect(await operate('fact set freeze true')).toBe('environment.freeze is 1\n');
    expect(await json('fact set alert_level 2.5 --reason drill')).toMatchObject({ value: 2.5 });
    expect(await json('fact list')).toMatchObject([{ name: 'alert_level' }, { name: 'freeze' }]);
    expect(await operate('fact list')).toMatch(/^freeze +1 +/m);
    for (const name of ['freeze', 'alert_level']) await operate(`fact remove ${name}`);
    expect(await json('fact list')).toEqual([]);
  });
});

describe('signal', () => {
  it('is reported, listed and removed', async () => {
    const before = await epoch();
    const reported = await json('signal report prod/orders source.worstCve high --max-age 1h');
    expect(reported).toMatchObject({ name: 'source.worstCve', value: 3, maxAgeMs: 3_600_000 });
    await expect.poll(epoch).toBeGreaterThan(before);
    expect(await operate('signal report prod/orders source.cpu 0.5')).toMatch(
      /^source\.cpu of prod\/orders is 0\.5 until /,
    );
    expect(await json('signal list')).toMatchObject([{ value: 0.5 }, { value: 3 }]);
    expect(await operate('signal list')).toMatch(/^prod\/orders +source\.cpu +0\.5 +/m);
    for (const name of ['source.cpu', 'source.worstCve']) {
      await operate(`signal remove prod/orders ${name}`);
    }
    expect(await json('signal list')).toEqual([]);
  });
});
