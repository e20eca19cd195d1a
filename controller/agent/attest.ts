/** How a workload gets its first certificate, and another when that has ended: by a token in a file, by what it has already, or by who runs it. */
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { DtaError } from '../errors.ts';
import type { ControllerClient } from './controller-client.ts';
import { makeKeyAndRequest } from './csr.ts';
import { type HeldIdentity, holdIdentity } from './identity.ts';
import { join } from './join.ts';

/** What a controller is recognized by, when no token says it. */
export type TrustAnchor =
  /** SHA-256, hexadecimal, of the root's SubjectPublicKeyInfo: the last part of every join token. */
  | { readonly keyHash: string }
  /** PEM file of the root. */
  | { readonly file: string };

/** How a workload proves what it is. Files are read at each attempt: others renew them. */
export type Attestation =
  | {
      /** A token is good once: it is tried again so that a new one may be put into the file. */
      readonly method: 'token';
      readonly tokenFile: string;
      /** Shown with a token that is bound to an agent. */
      readonly agent: () => HeldIdentity | undefined;
    }
  | { readonly method: 'x509pop'; readonly certificate: string; readonly key: string }
  | { readonly method: 'k8s'; readonly tokenFile: string }
  | {
      readonly method: 'unix';
      readonly workload: string;
      readonly uid: number;
      /** The agent's own identity; undefined: it has none yet. */
      readonly agent: () => HeldIdentity | undefined;
    };

/**
 * Proves what the workload is and gets its certificate, for a key that is made here. `held` is the
 * identity so far: its roots count when the one of `trust` is of the mesh no more.
 *
 * @throws DtaError `denied` when it is refused, `setup` when a file cannot be used, `unreachable`.
 */
export async function attest(
  controller: ControllerClient,
  how: Attestation,
  trust: TrustAnchor,
  held?: HeldIdentity,
): Promise<HeldIdentity> {
  if (how.method === 'token') {
    return await join(controller, readNamed(how.tokenFile), how.agent());
  }
  const agent = how.method === 'unix' ? how.agent() : undefined;
  if (how.method === 'unix' && !agent) {
    throw new DtaError('unreachable', 'the agent itself has no identity yet');
  }
  const rootPem = agent?.rootPem ?? (await findRoot(controller, trust, held));
  const { keyPem, csrPem } = makeKeyAndRequest();
  const evidence = await makeEvidence(controller, how, rootPem, csrPem);
  const request = { method: how.method, evidence };
  const grant = await controller.attest(rootPem, request, csrPem, agent);
  return holdIdentity(grant, keyPem);
}

async function findRoot(
  controller: ControllerClient,
  trust: TrustAnchor,
  held: HeldIdentity | undefined,
): Promise<string> {
  if ('file' in trust) return readNamed(trust.file);
  try {
    return await controller.fetchRoot(trust.keyHash);
  } catch (error) {
    const isForeign = error instanceof DtaError && error.code === 'denied';
    if (held && isForeign) return held.rootPem;
    throw error;
  }
}

async function makeEvidence(
  controller: ControllerClient,
  how: Exclude<Attestation, { method: 'token' }>,
  rootPem: string,
  csrPem: string,
): Promise<Record<string, string>> {
  switch (how.method) {
    case 'unix':
      return { workload: how.workload, uid: String(how.uid) };
    case 'k8s':
      return { token: readNamed(how.tokenFile).trim() };
    case 'x509pop': {
      const chainPem = readNamed(how.certificate);
      const keyPem = readNamed(how.key);
      const nonce = await controller.challenge(rootPem, how.method);
      return { chainPem, nonce, signature: signChallenge(keyPem, how.key, nonce, csrPem) };
    }
  }
}

/** The text that the controller's x509pop attestor checks. */
function signChallenge(keyPem: string, path: string, nonce: string, csrPem: string): string {
  const digest = createHash('sha256').update(csrPem).digest('hex');
  const text = Buffer.from(`sm-dta/x509pop/v1\n${nonce}\n${digest}\n`);
  try {
    const key = createPrivateKey(keyPem);
    const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    return sign(algorithm, text, key).toString('base64');
  } catch {
    // The parser's own message could quote the key's bytes.
    throw new DtaError('setup', `\`${path}\` holds no private key that can sign`);
  }
}

function readNamed(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DtaError('setup', `\`${path}\` cannot be read`, { cause });
  }
}
