/** The files that let an operator in, and nobody else. */
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import {
  announceOperatorAddress,
  bearerMatches,
  openOperatorToken,
  readOperatorAccess,
} from './operator-access.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('the operator token', () => {
  it('is made once, private, and found again with the address', () => {
    const token = openOperatorToken(dir);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(openOperatorToken(dir)).toBe(token);
    expect(statSync(join(dir, 'operator.token')).mode & 0o777).toBe(0o600);
    announceOperatorAddress(dir, 'http://127.0.0.1:7');
    announceOperatorAddress(dir, 'http://127.0.0.1:8');
    expect(readOperatorAccess(dir)).toEqual({ token, address: 'http://127.0.0.1:8' });
  });

  it('is refused when others may read it or it was damaged', () => {
    openOperatorToken(dir);
    chmodSync(join(dir, 'operator.token'), 0o644);
    expect(() => openOperatorToken(dir)).toThrow(/can be read by others/);
    writeFileSync(join(dir, 'operator.token'), '');
    chmodSync(join(dir, 'operator.token'), 0o600);
    expect(() => openOperatorToken(dir)).toThrow(/holds no operator token/);
  });

  it("is refused when it is another user's, but root operates for others", () => {
    const token = openOperatorToken(dir);
    announceOperatorAddress(dir, 'http://127.0.0.1:7');
    const { uid } = statSync(join(dir, 'operator.token'));
    const user = vi.spyOn(process, 'geteuid').mockReturnValue(uid + 1);
    onTestFinished(() => user.mockRestore());
    const foreign = { code: 'setup', message: expect.stringContaining('belongs to another user') };
    expect(() => openOperatorToken(dir)).toThrow(expect.objectContaining(foreign));
    expect(() => readOperatorAccess(dir)).toThrow(expect.objectContaining(foreign));
    user.mockReturnValue(0);
    expect(readOperatorAccess(dir).token).toBe(token);
  });

  it('is missed with a word on what helps', () => {
    expect(() => readOperatorAccess(dir)).toThrow(
      expect.objectContaining({
        code: 'unreachable',
        help: expect.stringContaining('dta controller'),
      }),
    );
  });
});

describe('bearerMatches', () => {
  it.each([
    ['Bearer secret', true],
    ['bearer secret', true],
    ['Bearer  secret', true],
    ['Bearer secre', false],
    ['Bearer secrets', false],
    ['Basic secret', false],
    ['secret', false],
    ['Bearer ', false],
    ['', false],
    [undefined, false],
  ])('`%s`: %s', (header, expected) => expect(bearerMatches('secret', header)).toBe(expected));
});
