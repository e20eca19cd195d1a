/** What the module's kernels make, the controller turns back: tokens and preserved formats. */
import { randomBytes, randomInt } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { deriveMaskKeys } from '../../controller/privacy/derive-mask-keys.ts';
import { restoreFormat } from '../../controller/privacy/preserved-format.ts';
import { sealToken } from '../../controller/privacy/seal-token.test-data.ts';
import { parseToken, revealToken } from '../../controller/privacy/token.ts';
import { loadCryptoKernel } from './crypto-kernel.ts';

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const runs = Math.min(Number(process.env.FUZZ_RUNS ?? 200), 20_000);

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadCryptoKernel(target);

  function tokenOf(text: Buffer, keyId: number, siv: Uint8Array): string {
    const start = `dtk1.${keyId.toString(16).padStart(4, '0')}`;
    return `${start}.${kernel.base64url(kernel.siv(siv, Buffer.from(start), text))}`;
  }

  test('tokens of every length', () => {
    for (let run = 0; run < runs; run++) {
      const keys = deriveMaskKeys(randomBytes(32), randomInt(1, 65_536));
      const text = randomBytes(run < 70 ? run : randomInt(0, 1025));
      const written = tokenOf(text, keys.keyId, keys.siv);
      expect(written).toBe(sealToken(text, keys));
      const token = parseToken(written);
      expect(token?.keyId).toBe(keys.keyId);
      expect(token && revealToken(token, keys)?.equals(text)).toBe(true);
      expect(token && revealToken(token, deriveMaskKeys(randomBytes(32), keys.keyId))).toBe(
        undefined,
      );
    }
  });

  test.each([
    [10, 6],
    [62, 4],
  ] as const)('formats of radix %i', (radix, shortest) => {
    for (let run = 0; run < runs; run++) {
      const keys = deriveMaskKeys(randomBytes(32), 1);
      const numerals = Array.from({ length: randomInt(shortest, 57) }, () => randomInt(radix));
      const show = (of: readonly number[]) => of.map((value) => alphabet[value]).join('-');
      const masked = kernel.ff1({ key: keys.fpe, tweak: Buffer.alloc(0), radix }, numerals) ?? [];
      expect(restoreFormat(show(masked), radix, keys)).toBe(show(numerals));
    }
  });
});
