/**
 * What issuance costs: reading and verifying a signing request and signing the certificate, against
 * a loop that does nothing but import the key, verify and sign. In CPU time of this process, so
 * that others on the machine do not count; rounds of both take turns.
 */
import { createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import { cpus } from 'node:os';

import { makeKeyAndRequest } from '../../controller/agent/csr.ts';
import { Authority } from '../../controller/identity/authority.ts';
import { parseCsr } from '../../controller/identity/csr.ts';
import { spreadOf } from './statistics.ts';

const ROUNDS = 31;
const EACH = 400;
/** Bounds: certificates a second on one core, and the share of the bare loop. */
const LEAST_RATE = 2_500;
const LEAST_SHARE = 0.4;

const authority = await Authority.make('mesh.example', Date.now());
const requests = Array.from({ length: EACH }, () => makeKeyAndRequest().csrPem);

/** One certificate for each request, as `IdentityService` makes it; the store is not counted. */
function issueAll(): void {
  for (const csr of requests) {
    const request = parseCsr(csr);
    request.refuseNames(undefined);
    authority.issueNow({
      publicKeySpki: request.publicKeySpki,
      identity: {
        trustDomain: 'mesh.example',
        environment: 'prod',
        team: 'payments',
        service: 'checkout',
        instance: randomUUID(),
      },
      labels: { tier: 'web', region: 'eu-west-1' },
      ttlMs: 3_600_000,
      nowMs: Date.now(),
    });
  }
}

/** As many bytes as a request and a certificate have, signed once before. */
const bare = Array.from({ length: EACH }, () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const data = Buffer.alloc(102, 1);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { spki, data, signature: sign('sha256', data, privateKey) };
});
const signer = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const body = Buffer.alloc(750, 2);

function importVerifySign(): void {
  for (const { spki, data, signature } of bare) {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    if (!verify('sha256', data, key, signature)) throw new Error('does not verify');
    sign('sha256', body, signer);
  }
}

/** How often a second of CPU time could do each of the `EACH`. */
function rateOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (EACH * 1e6) / (user + system);
}

issueAll();
importVerifySign();
const rounds = Array.from({ length: ROUNDS }, (_, i) => {
  // The order changes, so that neither always follows the other.
  if (i % 2 === 0) return { issued: rateOf(issueAll), bare: rateOf(importVerifySign) };
  const bareRate = rateOf(importVerifySign);
  return { issued: rateOf(issueAll), bare: bareRate };
});
const issued = spreadOf(rounds.map((round) => round.issued));
const loop = spreadOf(rounds.map((round) => round.bare));
const share = spreadOf(rounds.map((round) => round.issued / round.bare));

const show = (name: string, { median, min, max }: typeof issued, digits = 0) =>
  console.log(
    `| ${name} | ${median.toFixed(digits)} | ${min.toFixed(digits)} to ${max.toFixed(digits)} |`,
  );
console.log(`${cpus()[0]?.model}, ${process.version}; ${ROUNDS} rounds of ${EACH}`);
console.log('| a second of one core | median | spread |\n|---|---|---|');
show('certificates, request verified', issued);
show('key import, verification, signature alone', loop);
show('share', share, 2);
const isMet = issued.median >= LEAST_RATE && share.median >= LEAST_SHARE;
console.log(
  `${isMet ? 'met' : 'NOT met'}: at least ${LEAST_RATE} a second, at least ${LEAST_SHARE} of the loop`,
);
if (!isMet) process.exitCode = 1;
