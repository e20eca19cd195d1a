/**
 * Signing keys behind a program, which may speak to a PKCS#11 token or to a key service
 * (docs/identity.md, "Keys in other places").
 */
import { spawn } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { DtaError } from '../errors.ts';
import { type Curve, curveOf, hashOf, type SigningKey } from './signing-key.ts';

/** Where a key is. */
export interface CommandKeyReference {
  /** Absolute path of the program, then arguments that come before ours. */
  readonly command: readonly string[];
  /** Under which the program knows the key: `[A-Za-z0-9-]{1,63}`. */
  readonly name: string;
}

/**
 * Asks the program for a new key: `<command> create <name> <curve>` prints the public key (PEM,
 * SubjectPublicKeyInfo). Fails with `setup` as `openCommandKey`.
 */
export async function createCommandKey(
  reference: CommandKeyReference,
  curve: Curve,
): Promise<SigningKey> {
  const pem = await run(reference, ['create', reference.name, curve]);
  return await provenKey(reference, pem.toString('latin1'));
}

/**
 * Opens a key that is there: `<command> public <name>` prints it. What the key signs is checked once
 * here, and every time after that. Fails with `setup` when the program fails or its key is on
 * another curve.
 */
export async function openCommandKey(reference: CommandKeyReference): Promise<SigningKey> {
  const pem = await run(reference, ['public', reference.name]);
  return await provenKey(reference, pem.toString('latin1'));
}

async function provenKey(reference: CommandKeyReference, pem: string): Promise<SigningKey> {
  const [program = ''] = reference.command;
  const publicKey = readPublic(pem);
  const curve = publicKey && curveOf(publicKey);
  if (!publicKey || !curve) {
    throw new DtaError('setup', `\`${program}\` gave no public key on P-256 or P-384`);
  }
  const hash = hashOf(curve);
  const sign = async (data: Uint8Array): Promise<Buffer> => {
    const signature = await run(reference, ['sign', reference.name, hash], data);
    // A wrong certificate would be found by every peer at once; here it costs one verification.
    if (verify(hash, data, { key: publicKey, dsaEncoding: 'der' }, signature)) return signature;
    throw new DtaError('setup', `\`${program}\` signed with another key than it showed`);
  };
  await sign(Buffer.from('SM-DTA: proof of the key'));
  return { publicKeySpki: publicKey.export({ type: 'spki', format: 'der' }), curve, sign };
}

/** The program's standard output. No shell: nothing in a name is more than a name. */
async function run(
  { command, name }: CommandKeyReference,
  args: readonly string[],
  input: Uint8Array = Buffer.alloc(0),
): Promise<Buffer> {
  const [program = '', ...before] = command;
  if (!isAbsolute(program) || !nameForm.test(name)) {
    throw new DtaError('setup', `\`${program}\` is no absolute path of a program for keys`, {
      help: 'give the whole path: what PATH finds may change',
    });
  }
  const child = spawn(program, [...before, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: longestRunMs,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A program that does not read its input may be gone before it is written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  try {
    const outputs = [buffer(child.stdout), buffer(child.stderr), ended] as const;
    const [output, complaint, status] = await Promise.all(outputs);
    if (status === 0) return output;
    const why = complaint.toString('utf8').trim().split('\n').at(-1)?.slice(0, 200) ?? '';
    throw new Error(`it ended with ${status}: ${why}`);
  } catch (cause) {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    throw new DtaError(
      'setup',
      `the program for keys \`${program}\` failed at \`${args[0]}\`${why}`,
      {
        help: 'run it by hand: docs/identity.md says what it has to do',
        cause,
      },
    );
  }
}

function readPublic(pem: string) {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

const nameForm = /^[A-Za-z0-9-]{1,63}$/;
const longestRunMs = 10_000;
