/** Joining with a certificate from elsewhere: certificates by openssl, signatures by Node. */
import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { makeKeyAndRequest } from '../../agent/csr.ts';
import { twinOf } from '../certificate-digests.ts';
import { toPem } from '../der-writer.ts';
import type { IssuedIdentity } from '../service.ts';
import { AttestedMesh, ForeignAuthority, fingerprint } from './attestation.test-data.ts';
import { Challenges } from './challenges.ts';
import { challengeText, X509PopAttestor } from './x509pop-attestor.ts';

const leafOnly = ['keyUsage=critical,digitalSignature'];
const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
let corp: ForeignAuthority;
let intermediatePem: string;
let hostPem: string;
let challenges: Challenges;
let mesh: AttestedMesh;

beforeAll(() => {
  corp = new ForeignAuthority();
  intermediatePem = corp.issue('intermediate', 'root', authority);
  hostPem = corp.issue('host-1', 'intermediate', [...leafOnly, 'subjectAltName=DNS:h1.corp.test']);
});
afterAll(() => corp.remove());
beforeEach(async () => {
  mesh = await AttestedMesh.open((clock) => {
    challenges = new Challenges(clock);
    return [new X509PopAttestor([new X509Certificate(corp.rootPem)], challenges)];
  });
  // Some certificates are made during a test.
  mesh.nowMs += 60_000;
  await mesh.register('orders', [`x509pop:ca:${fingerprint(corp.rootPem)}`, 'x509pop:cn:host-1']);
  return () => mesh.db.close();
});

interface Show {
  chainPem?: string;
  key?: KeyObject;
  nonce?: string;
  csr?: string;
  signedCsr?: string;
}

function attest(show: Show = {}) {
  const { chainPem = hostPem + intermediatePem, key = corp.key('host-1') } = show;
  const { nonce = challenges.give().nonce, csr = mesh.csr, signedCsr = csr } = show;
  const digest = createHash('sha256').update(signedCsr).digest('hex');
  const signature = sign('sha256', challengeText(nonce, digest), key).toString('base64');
  const evidence = { chainPem, nonce, signature };
  return mesh.identities.attest({ method: 'x509pop', evidence, csr });
}

const renew = ({ certificatePem }: IssuedIdentity) =>
  mesh.identities.renew(new X509Certificate(certificatePem).raw, mesh.csr);
const digestOf = ({ certificatePem }: IssuedIdentity) =>
  createHash('sha256').update(new X509Certificate(certificatePem).raw).digest('hex');

/** Another host of the same registration. */
async function corpOther(): Promise<IssuedIdentity> {
  const names = ['subjectAltName=DNS:h2.corp.test'];
  const pem = corp.issue('host-2', 'intermediate', [...leafOnly, ...names]);
  await mesh.register('orders-2', ['x509pop:cn:host-2'], 'orders');
  return await attest({ chainPem: pem + intermediatePem, key: corp.key('host-2') });
}

describe('a certificate of a trusted root', () => {
  it('selects the registration by its names and its root', async () => {
    const { spiffeId } = await attest();
    expect(spiffeId).toMatch(/^spiffe:\/\/mesh\.test\/env\/prod\/team\/shop\/svc\/orders\/i\//);
    expect(mesh.counted).toEqual(['x509pop granted']);
    expect(await mesh.identities.list()).toMatchObject([
      { method: 'x509pop', evidence: expect.stringMatching(/^x509pop:[0-9a-f]{64}$/) },
    ]);
  });

  it('comes back after it has expired here, but not once it was revoked', async () => {
    const first = await attest();
    const second = await attest();
    expect(second.instance).not.toBe(first.instance);
    const other = await corpOther();
    const heard: unknown[] = [];
    mesh.identities.onRevoked((revocation) => heard.push(revocation));
    const revocation = await mesh.identities.revoke(first.instance, 'stolen', 'alice');
    const both = [first.instance, second.instance].sort();
    expect(revocation).toMatchObject({ instance: first.instance, instances: both });
    expect(revocation.digests).toEqual([first, second].map(digestOf).sort());
    expect(heard).toEqual([revocation]);
    expect((await mesh.identities.revocations()).instances).toEqual(both);
    expect(mesh.identities.events.tail({ limit: 1 })).toMatchObject([
      { kind: 'revoked', instance: first.instance, instances: both },
    ]);
    const listed = mesh.lines.find(({ msg }) => msg === 'identity revoked');
    expect(listed).toMatchObject({ instances: both });
    await expect(renew(second)).rejects.toThrow('renewal denied');
    await renew(other);
    expect(await mesh.refusal(attest())).toBe('evidence revoked');
    const twin = twinOf(new X509Certificate(hostPem).raw) ?? Buffer.alloc(0);
    const chainPem = toPem('CERTIFICATE', twin) + intermediatePem;
    expect(fingerprint(chainPem)).not.toBe(fingerprint(hostPem));
    expect(await mesh.refusal(attest({ chainPem }))).toBe('evidence revoked');
    expect(await mesh.identities.list()).toHaveLength(3);
  });

  it('is registered or refused', async () => {
    const strayPem = corp.issue('stray', 'intermediate', leafOnly);
    const key = corp.key('stray');
    expect(await mesh.refusal(attest({ chainPem: strayPem + intermediatePem, key }))).toBe(
      'no registration',
    );
  });

  it('has to sign this nonce and this request with its own key', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const wrong = 'signature does not prove possession of the key';
    expect(await mesh.refusal(attest({ key: privateKey }))).toBe(wrong);
    expect(await mesh.refusal(attest({ signedCsr: makeKeyAndRequest().csrPem }))).toBe(wrong);
  });

  it('has one attempt for each nonce, within a minute', async () => {
    const { nonce, expiresAtMs } = challenges.give();
    const late = challenges.give().nonce;
    await attest({ nonce });
    const stale = 'nonce unknown, used or expired';
    expect(await mesh.refusal(attest({ nonce }))).toBe(stale);
    expect(await mesh.refusal(attest({ nonce: 'made up' }))).toBe(stale);
    mesh.nowMs = expiresAtMs;
    expect(await mesh.refusal(attest({ nonce: late }))).toBe(stale);
    expect(mesh.counted.filter((line) => line.endsWith('refused'))).toHaveLength(3);
  });
});

describe('a chain is refused', () => {
  const dayMs = 86_400_000;
  const refused = (chainPem: string, name: string) =>
    mesh.refusal(attest({ chainPem, key: corp.key(name) }));

  it('without its intermediate, empty or damaged', async () => {
    expect(await refused(hostPem, 'host-1')).toBe('leads to no trusted root');
    expect(await refused('', 'host-1')).toBe('no certificate shown');
    expect(await refused(hostPem.replace(/\n[A-Za-z0-9+/=]{10}/, '\nAAAAAAAAAA'), 'host-1')).toBe(
      'certificate damaged',
    );
    expect(await refused(hostPem.repeat(6), 'host-1')).toBe('too many certificates shown');
  });

  it('of another authority with the same names', async () => {
    const fake = new ForeignAuthority();
    fake.issue('intermediate', 'root', authority);
    const pem = fake.issue('host-1', 'intermediate', leafOnly);
    const key = fake.key('host-1');
    const attempt = attest({ chainPem: pem + intermediatePem, key });
    expect(await mesh.refusal(attempt)).toBe('leads to no trusted root');
    fake.remove();
  });

  it('before and after its time', async () => {
    mesh.nowMs += 6 * dayMs;
    expect(await refused(hostPem + intermediatePem, 'host-1')).toBe('certificate has expired');
    mesh.nowMs -= 8 * dayMs;
    expect(await refused(hostPem + intermediatePem, 'host-1')).toBe('certificate is not valid yet');
  });

  it('below a certificate that is no authority', async () => {
    const below = corp.issue('below', 'host-1', leafOnly);
    expect(await refused(below + hostPem + intermediatePem, 'below')).toBe(
      'leads to no trusted root',
    );
    // Without a key usage nothing else says that it may not sign.
    const plain = corp.issue('plain', 'intermediate', ['subjectAltName=DNS:plain.corp.test']);
    const child = corp.issue('child', 'plain', leafOnly);
    expect(await refused(child + plain + intermediatePem, 'child')).toBe('issuer is no authority');
    expect(await refused(intermediatePem, 'intermediate')).toBe('leaf is an authority');
  });

  it('with SHA-1 in a signature below the root', async () => {
    corp.issue('old', 'root', authority);
    const old = corp.sign('old', 'root', authority, ['-days', '5', '-sha1']);
    const leaf = corp.issue('old-leaf', 'old', leafOnly);
    expect(await refused(leaf + old, 'old-leaf')).toBe(
      'signature algorithm 1.2.840.10045.4.1 is refused',
    );
  });

  it('longer than its authority allows', async () => {
    const bound = ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=critical,keyCertSign'];
    const bounded = corp.issue('bounded', 'root', bound);
    const deeper = corp.issue('deeper', 'bounded', authority);
    const leaf = corp.issue('deep-leaf', 'deeper', leafOnly);
    expect(await refused(leaf + deeper + bounded, 'deep-leaf')).toBe(
      'path is longer than its authority allows',
    );
  });

  it('with a critical extension that is not understood', async () => {
    const limits = [...authority, 'nameConstraints=critical,permitted;DNS:other.test'];
    const limited = corp.issue('limited', 'root', limits);
    const leaf = corp.issue('limited-leaf', 'limited', leafOnly);
    expect(await refused(leaf + limited, 'limited-leaf')).toContain('is not understood');
  });
});
