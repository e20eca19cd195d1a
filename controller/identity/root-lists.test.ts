/** Lists of roots, held against the roots by openssl's own reader of them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { Database } from '../store/database.ts';
import { SqliteIssuerStore } from '../store/sqlite-issuer-store.ts';
import type { IssuerWish } from './make-issuer.ts';
import { openAuthority } from './open-authority.ts';
import { RootLists } from './root-lists.ts';

let dir: string;
let nowMs: number;
const log = pino({ level: 'silent' });
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-lists-'));
  nowMs = Date.now();
});
afterEach(() => rmSync(dir, { recursive: true }));

async function open(newMesh: IssuerWish) {
  const store = new SqliteIssuerStore(new Database(':memory:'));
  const authority = await openAuthority({
    ...{ dir: join(dir, 'ca'), store, trustDomain: 'a.test', nowMs, newMesh },
  });
  return {
    authority,
    lists: new RootLists({ authority, dir: join(dir, 'ca'), clock: () => nowMs, log }),
  };
}

test.each(['P-256', 'P-384'] as const)('a root on %s signs an empty list', async (rootCurve) => {
  const { authority, lists } = await open({ rootCurve });
  const pem = (await lists.pem()) ?? '';
  const [list, root] = [join(dir, 'list.pem'), join(dir, 'root.pem')];
  writeFileSync(list, pem);
  writeFileSync(root, authority.rootPem);
  const shown = execFileSync('openssl', ['crl', '-in', list, '-CAfile', root, '-text', '-noout'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(shown).toContain('No Revoked Certificates');
  expect(shown).toContain(rootCurve === 'P-384' ? 'ecdsa-with-SHA384' : 'ecdsa-with-SHA256');
  // Kept for half of its life.
  nowMs += 14 * 86_400_000;
  expect(await lists.pem()).toBe(pem);
  nowMs += 2 * 86_400_000;
  expect(await lists.pem()).not.toBe(pem);
});

test('there is none where the key of the root is not here', async () => {
  const { authority, lists } = await open({});
  const [active] = authority.standing;
  rmSync(join(dir, 'ca', active?.issuer.id ?? '', 'root-key.pem'));
  expect(await lists.pem()).toBeUndefined();
});
