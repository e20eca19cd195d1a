/** Signing requests: what proves a key is taken, everything else is refused with its reason. */
import { generateKeyPairSync, type KeyObject, randomInt, sign, webcrypto } from 'node:crypto';

import {
  Extension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import { describe, expect, it, vi } from 'vitest';

import { DtaError } from '../errors.ts';
import { parseCsr } from './csr.ts';
import { bits, implicit, integer, type Node, oid, sequence } from './der-writer.ts';

// `@peculiar/x509` asks for decorator metadata when it loads, and works with none.
vi.hoisted(() => {
  const noMetadata = () => undefined;
  Object.assign(Reflect, { getMetadata: noMetadata, getOwnMetadata: noMetadata });
});

const own = 'spiffe://mesh.test/env/prod/team/t/svc/s/i/0b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11';

function keyPair(namedCurve = 'P-256') {
  return generateKeyPairSync('ec', { namedCurve });
}

/** A request from scratch, so that each part can be wrong. */
function request(publicKey: KeyObject, signer: KeyObject, attributes: Node[] = []): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  // `[0]`, constructed: bit 6 of the tag.
  const list = implicit(0x20, Buffer.concat(attributes));
  const info = sequence(integer([0]), sequence(), spki, list);
  const signature = sign('sha256', info, signer);
  return sequence(info, sequence(oid('1.2.840.10045.4.3.2')), bits(signature));
}

function good(): Buffer {
  const { publicKey, privateKey } = keyPair();
  return request(publicKey, privateKey);
}

async function withExtensions(extensions: Extension[], curve = 'P-256', hash = 'SHA-256') {
  const algorithm = { name: 'ECDSA', namedCurve: curve, hash };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=admin',
    keys,
    signingAlgorithm: algorithm,
    extensions,
  });
}

/**
 * The message of the refusal; undefined if it was taken. Anything but a `DtaError` fails the test.
 */
function refusal(csr: Uint8Array | string, ownSpiffeId?: string): string | undefined {
  try {
    parseCsr(csr).refuseNames(ownSpiffeId);
    return undefined;
  } catch (error) {
    if (!(error instanceof DtaError) || error.code !== 'usage') throw error;
    return error.message;
  }
}

describe('parseCsr', () => {
  it('takes DER and PEM, of this writer and of another', async () => {
    const { publicKey, privateKey } = keyPair();
    const parsed = parseCsr(request(publicKey, privateKey));
    expect(parsed.publicKeySpki).toEqual(publicKey.export({ type: 'spki', format: 'der' }));
    const other = await withExtensions([]);
    expect(refusal(other.toString('pem'))).toBeUndefined();
    expect(refusal(Buffer.from(other.toString('pem')))).toBeUndefined();
    expect(refusal(new Uint8Array(other.rawData))).toBeUndefined();
  });

  it('refuses a signature by another key', () => {
    expect(refusal(request(keyPair().publicKey, keyPair().privateKey))).toMatch(/prove possession/);
  });

  it('refuses RSA, P-384 and a point that is not on the curve', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(refusal(request(rsa.publicKey, rsa.privateKey))).toMatch(/P-256/);
    const p384 = await withExtensions([], 'P-384', 'SHA-384');
    expect(refusal(p384.toString('pem'))).toMatch(/P-256/);
    const csr = good();
    const spki = parseCsr(csr).publicKeySpki;
    const at = csr.indexOf(spki.subarray(27, 91));
    csr.fill(0xff, at, at + 64);
    expect(refusal(csr)).toMatch(/prove possession/);
  });

  it('refuses names other than the own one', async () => {
    const san = (...names: ConstructorParameters<typeof SubjectAlternativeNameExtension>[0][]) =>
      withExtensions(names.map((name) => new SubjectAlternativeNameExtension(name)));
    const uri = await san([{ type: 'url', value: own }]);
    expect(refusal(uri.toString('pem'))).toMatch(/alternative name/);
    expect(refusal(uri.toString('pem'), own)).toBeUndefined();
    expect(refusal(uri.toString('pem'), `${own}x`)).toMatch(/alternative name/);
    const two = await san([
      { type: 'url', value: own },
      { type: 'dns', value: 'admin' },
    ]);
    expect(refusal(two.toString('pem'), own)).toMatch(/alternative name/);
    const dns = await san([{ type: 'dns', value: own }]);
    expect(refusal(dns.toString('pem'), own)).toMatch(/alternative name/);
    const twice = await san(
      [{ type: 'url', value: own }],
      [{ type: 'url', value: 'spiffe://x/y' }],
    );
    expect(refusal(twice.toString('pem'), own)).toMatch(/alternative name/);
  });

  it('ignores other extensions that are asked for', async () => {
    const ca = new Extension('2.5.29.19', true, Buffer.from('30030101ff', 'hex'));
    expect(refusal((await withExtensions([ca])).toString('pem'))).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['empty bytes', new Uint8Array(0)],
    ['text', 'hello'],
    ['another PEM', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
    ['huge bytes', new Uint8Array(8193).fill(0x30)],
    ['huge text', 'A'.repeat(8193)],
    ['nested sequences', Buffer.from('3080'.repeat(4000), 'hex')],
  ])('refuses %s', (_, csr) => {
    expect(refusal(csr)).toMatch(/^certificate request refused: /);
  });

  it('refuses every prefix and anything appended', () => {
    const csr = good();
    for (let end = 0; end < csr.length; end++) {
      expect(refusal(csr.subarray(0, end)), `prefix of ${end} bytes`).toBeDefined();
    }
    expect(refusal(Buffer.concat([csr, Buffer.from([0])]))).toBeDefined();
    expect(refusal(Buffer.concat([csr, csr]))).toBeDefined();
    expect(refusal(csr)).toBeUndefined();
  });

  it('refuses 2,000 requests with random bytes written over it', () => {
    const csr = good();
    for (let round = 0; round < 2000; round++) {
      const damaged = Buffer.from(csr);
      for (let i = 0; i <= round % 4; i++) damaged[randomInt(csr.length)] = randomInt(256);
      if (damaged.equals(csr)) continue;
      expect(refusal(damaged), damaged.toString('hex')).toBeDefined();
    }
  });

  it('refuses every request with a flipped bit', () => {
    const csr = good();
    for (let bit = 0; bit < csr.length * 8; bit++) {
      const flipped = Buffer.from(csr);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(refusal(flipped), `bit ${bit}`).toBeDefined();
    }
  });
});
