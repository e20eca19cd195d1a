/** Who may enter a workload's directory. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { giveSocket, openSocketDirectory, removeStaleSocket } from './socket-directory.ts';

const uid = process.getuid?.() ?? 0;
const isRoot = uid === 0;
const otherUid = 65_534;
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('openSocketDirectory', () => {
  it('makes a directory for the user alone and opens it again', () => {
    const made = openSocketDirectory(join(dir, 'run'), 'checkout', uid);
    expect(lstatSync(made.path).mode & 0o777).toBe(0o700);
    expect(made.sdsSocket).toBe(join(dir, 'run/checkout/agent.sock'));
    expect(openSocketDirectory(join(dir, 'run'), 'checkout', uid)).toEqual(made);
  });

  it.each([0o701, 0o710, 0o750, 0o777])('refuses mode %o', (mode) => {
    mkdirSync(join(dir, 'checkout'));
    chmodSync(join(dir, 'checkout'), mode);
    expect(() => openSocketDirectory(dir, 'checkout', uid)).toThrow(/has mode 0[0-7]{3}$/);
  });

  it("refuses another user's directory", () => {
    mkdirSync(join(dir, 'checkout'), { mode: 0o700 });
    expect(() => openSocketDirectory(dir, 'checkout', uid + 1)).toThrow(/belongs to user/);
  });

  it.runIf(isRoot)('makes it for another user when it runs as root', () => {
    const { path } = openSocketDirectory(dir, 'checkout', otherUid);
    expect(lstatSync(path).uid).toBe(otherUid);
  });

  it('refuses a link and a file in its place', () => {
    mkdirSync(join(dir, 'real'), { mode: 0o700 });
    symlinkSync(join(dir, 'real'), join(dir, 'link'));
    writeFileSync(join(dir, 'file'), '');
    expect(() => openSocketDirectory(dir, 'link', uid)).toThrow(/is no directory/);
    expect(() => openSocketDirectory(dir, 'file', uid)).toThrow(/is no directory/);
  });

  it.each(['', '.', '..', '../x', 'a/b', '.hidden', 'x'.repeat(64), 'a b'])(
    'refuses the name `%s`',
    (name) => {
      expect(() => openSocketDirectory(dir, name, uid)).toThrow(/is no name for a directory/);
    },
  );

  it('refuses a path that no socket can have', () => {
    const deep = join(dir, 'x'.repeat(100));
    expect(() => openSocketDirectory(deep, 'checkout', uid)).toThrow(/is too long/);
  });
});

describe('removeStaleSocket', () => {
  const listen = (path: string) =>
    new Promise<import('node:net').Server>((resolve) => {
      const server = createServer((socket) => socket.destroy());
      server.listen(path, () => resolve(server));
    });

  it('leaves a socket alone that somebody serves, and removes it afterwards', async () => {
    const path = join(dir, 'agent.sock');
    const server = await listen(path);
    await expect(removeStaleSocket(path)).rejects.toMatchObject({ code: 'portInUse' });
    expect(lstatSync(path).isSocket()).toBe(true);
    await new Promise((resolve) => server.close(resolve));
    await removeStaleSocket(path);
  });

  it('refuses to remove anything but a socket', async () => {
    const path = join(dir, 'agent.sock');
    writeFileSync(path, 'precious');
    await expect(removeStaleSocket(path)).rejects.toThrow(/is no socket/);
  });
});

describe('giveSocket', () => {
  it.runIf(isRoot)('gives a link away, not what it points to', () => {
    writeFileSync(join(dir, 'shadow'), '');
    symlinkSync(join(dir, 'shadow'), join(dir, 'agent.sock'));
    giveSocket(join(dir, 'agent.sock'), otherUid);
    expect(lstatSync(join(dir, 'shadow')).uid).toBe(0);
    expect(lstatSync(join(dir, 'agent.sock')).uid).toBe(otherUid);
  });
});
