/** The request that the agent makes, read by others. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { parseCsr } from '../identity/csr.ts';
import { makeKeyAndRequest } from './csr.ts';

describe('makeKeyAndRequest', () => {
  it('makes a request that openssl verifies', () => {
    const { csrPem } = makeKeyAndRequest();
    const text = execFileSync('openssl', ['req', '-verify', '-text', '-noout'], {
      input: csrPem,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    expect(text).toContain('NIST CURVE: P-256');
    expect(text).toMatch(/Subject: *\n/);
  });

  it('is for the key that it gives, and a new one each time', () => {
    const one = makeKeyAndRequest();
    const spki = createPublicKey(createPrivateKey(one.keyPem)).export({
      type: 'spki',
      format: 'der',
    });
    expect(Buffer.from(parseCsr(one.csrPem).publicKeySpki).equals(spki)).toBe(true);
    expect(makeKeyAndRequest().keyPem).not.toBe(one.keyPem);
  });
});
