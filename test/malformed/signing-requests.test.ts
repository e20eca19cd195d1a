/**
 * Signing requests and certificates with bytes changed at random: never a crash, and no request is
 * taken whose signature OpenSSL does not verify too. `FUZZ_RUNS` sets how many.
 */
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeKeyAndRequest } from '../../controller/agent/csr.ts';
import { DtaError } from '../../controller/errors.ts';
import { Authority } from '../../controller/identity/authority.ts';
import { readCertificateParts } from '../../controller/identity/certificate-reader.ts';
import { parseCsr } from '../../controller/identity/csr.ts';
import { DerError, readElement, readElements, Tag } from '../../controller/identity/der-reader.ts';
import { explainPem } from '../../controller/identity/inspect/explain-pem.ts';

const numRuns = Number(process.env.FUZZ_RUNS ?? 2_000);
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-fuzz-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** What is done to a text of bytes, in order. */
type Edit =
  | { readonly kind: 'set'; readonly at: number; readonly byte: number }
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number; readonly len: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'double'; readonly at: number; readonly len: number };

const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const len = fc.integer({ min: 1, max: 40 });
const edits = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('set' as const), at, byte: fc.nat(255) }),
    fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat(7) }),
    fc.record({ kind: fc.constant('cut' as const), at, len }),
    fc.record({
      kind: fc.constant('insert' as const),
      at,
      bytes: fc.uint8Array({ maxLength: 24 }),
    }),
    fc.record({ kind: fc.constant('double' as const), at, len }),
  ),
  { minLength: 1, maxLength: 4 },
);

function edit(bytes: Buffer, changes: readonly Edit[]): Buffer {
  let out: Buffer = Buffer.from(bytes);
  for (const change of changes) {
    const place = Math.floor(change.at * out.length);
    const [head, tail] = [out.subarray(0, place), out.subarray(place)];
    if (change.kind === 'set') out[place] = change.byte;
    else if (change.kind === 'flip') out[place] = (out[place] ?? 0) ^ (1 << change.bit);
    else if (change.kind === 'cut') out = Buffer.concat([head, tail.subarray(change.len)]);
    else if (change.kind === 'insert') out = Buffer.concat([head, change.bytes, tail]);
    else out = Buffer.concat([head, tail.subarray(0, change.len), tail]);
  }
  return out;
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]+-----/g, ''), 'base64');
}

/** Whether the reader takes it; anything but a refusal with a reason fails the test. */
function isTaken(csr: Uint8Array | string): boolean {
  try {
    parseCsr(csr);
    return true;
  } catch (error) {
    if (error instanceof DtaError && error.code === 'usage') return false;
    throw error;
  }
}

function opensslVerifies(csr: Uint8Array): boolean {
  const path = join(dir, 'request.der');
  writeFileSync(path, csr);
  const args = ['req', '-inform', 'DER', '-in', path, '-verify', '-noout'];
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  return status === 0 && !stderr.includes('failure');
}

describe('changed bytes', () => {
  const request = derOf(makeKeyAndRequest().csrPem);

  it('of a signing request are refused, unless the signature still proves the key', () => {
    expect(isTaken(request)).toBe(true);
    const property = fc.property(edits, (changes) => {
      const changed = edit(request, changes);
      if (changed.equals(request) || !isTaken(changed)) return;
      // Only the signature itself may be written in another way (r and s of ECDSA).
      expect(opensslVerifies(changed), changed.toString('hex')).toBe(true);
      const info = (der: Uint8Array) => readElements(readElement(der, Tag.Sequence).body)[0]?.whole;
      expect(Buffer.from(info(changed) ?? []).equals(Buffer.from(info(request) ?? []))).toBe(true);
    });
    fc.assert(property, { numRuns });
  });

  it('of its PEM text, and of texts that are none, are refused', () => {
    const pem = Buffer.from(makeKeyAndRequest().csrPem, 'latin1');
    const texts = fc.oneof(
      edits.map((changes) => edit(pem, changes).toString('latin1')),
      fc.string(),
      fc.uint8Array({ maxLength: 9_000 }),
    );
    const property = fc.property(texts, (text) => {
      // Line breaks may go and come; what is taken has to be the same request.
      if (!isTaken(text)) return;
      const read = parseCsr(text).publicKeySpki;
      expect(
        Buffer.from(read).equals(parseCsr(pem.toString('latin1')).publicKeySpki as Buffer),
      ).toBe(true);
    });
    fc.assert(property, { numRuns });
  });

  it('of a certificate are read or refused, never more', async () => {
    const authority = await Authority.make('mesh.test', Date.now());
    const certificate = Buffer.from(new X509Certificate(authority.active.certificatePem).raw);
    const property = fc.property(edits, (changes) => {
      const changed = edit(certificate, changes);
      try {
        readCertificateParts(changed);
      } catch (error) {
        if (!(error instanceof DerError)) throw error;
      }
      const pem = `-----BEGIN CERTIFICATE-----\n${changed.toString('base64')}\n-----END CERTIFICATE-----\n`;
      try {
        explainPem(pem, { nowMs: Date.now(), trustDomain: 'mesh.test', rootPem: undefined });
      } catch (error) {
        if (!(error instanceof DtaError)) throw error;
      }
    });
    fc.assert(property, { numRuns });
  });
});
