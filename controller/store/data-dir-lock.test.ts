/** One controller for each data directory, also after one was killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { lockDataDir } from './data-dir-lock.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

it('is taken by one at a time, and privately', () => {
  const release = lockDataDir(dir);
  for (let i = 0; i < 2; i++) {
    expect(() => lockDataDir(dir)).toThrow(`another controller runs on \`${dir}\``);
  }
  expect(statSync(join(dir, 'controller.lock')).mode & 0o777).toBe(0o600);
  release();
  lockDataDir(dir)();
});

it.each([0o750, 0o705, 0o710, 0o701, 0o720, 0o2777])(
  'is not taken in a directory of mode %o',
  (mode) => {
    chmodSync(dir, mode);
    expect(() => lockDataDir(dir)).toThrow(
      expect.objectContaining({ code: 'setup', help: `chmod 700 ${dir}` }),
    );
    expect(readdirSync(dir)).toEqual([]);
    chmodSync(dir, 0o700);
    lockDataDir(dir)();
  },
);

it('is held by another process, and ends with it', async () => {
  const module = new URL('./data-dir-lock.ts', import.meta.url).href;
  const script = `import { lockDataDir } from ${JSON.stringify(module)};
    lockDataDir(${JSON.stringify(dir)});
    // Nobody keeps what was given: the lock has to live on.
    setTimeout(() => { globalThis.gc(); setTimeout(() => console.log('held'), 20); }, 20);
    setInterval(() => {}, 1_000);`;
  const flags = ['--expose-gc', '--input-type=module-typescript'];
  const holder = spawn(process.execPath, [...flags, '-e', script]);
  await once(holder.stdout, 'data');
  expect(() => lockDataDir(dir)).toThrow('another controller runs');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  lockDataDir(dir)();
});
