/** Writes chains, keys and roots for main.go: `node write-material.ts <folder>`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeKeyAndRequest } from '../../controller/agent/csr.ts';
import { Authority } from '../../controller/identity/authority.ts';
import { parseCsr } from '../../controller/identity/csr.ts';
import { firstVersion } from '../../controller/identity/first-version.test-data.ts';
import { Issuer } from '../../controller/identity/issuer.ts';
import { makeIssuer } from '../../controller/identity/make-issuer.ts';
import { readSigningKey } from '../../controller/identity/signing-key.ts';
import { formatMeshIdentity } from '../../controller/identity/spiffe-id.ts';

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('usage: node write-material.ts <folder>');
const nowMs = Date.now();
const identity = {
  trustDomain: 'mesh.example',
  environment: 'prod',
  team: 'payments',
  service: 'checkout.v2_a',
  instance: '0b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11',
};
const spiffeId = formatMeshIdentity(identity);

function write(name: string, issuer: Issuer, roots: string, expect: string, named = identity) {
  const { keyPem, csrPem } = makeKeyAndRequest();
  const { chainPem } = issuer.issueNow({
    publicKeySpki: parseCsr(csrPem).publicKeySpki,
    ...{ identity: named, labels: { tier: 'web', app: 'shop' }, ttlMs: 3_600_000, nowMs },
  });
  const at = join(folder ?? '', name);
  mkdirSync(at, { recursive: true });
  const files = { 'chain.pem': chainPem, 'key.pem': keyPem, 'roots.pem': roots, expect };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(at, file), text);
}

const { active } = await Authority.make('mesh.example', nowMs);
const { active: next } = await Authority.make('mesh.example', nowMs);
const { issuer: big } = await makeIssuer('mesh.example', { rootCurve: 'P-384' }, nowMs);
write('intermediate', active, active.rootPem, spiffeId);
write('several-roots', next, active.rootPem + next.rootPem, spiffeId);
write('root-on-p384', big, big.rootPem, spiffeId);
write('another-root', next, active.rootPem, 'refused:certificate signed by unknown authority');
// The constraint of the intermediate, whoever holds its key.
const foreign = { ...identity, trustDomain: 'other.example' };
write('another-domain', active, active.rootPem, 'refused:other.example', foreign);
// A root of the first version, which signs leaves itself; its trust domain is another.
const { rootPem, keyPem } = firstVersion;
const old = new Issuer('mesh.test', readSigningKey(keyPem), {
  ...{ certificatePem: rootPem, betweenPem: '', rootPem },
});
write('first-version', old, rootPem, spiffeId);
