/**
 * Where the authority lives: a directory that only its user may enter, with a folder for each
 * issuing key, made on request and never by accident.
 */
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { z } from 'zod';

import { DtaError } from '../errors.ts';
import { Issuer, type IssuerCertificates } from './issuer.ts';
import { type CommandKeyReference, openCommandKey } from './key-command.ts';
import { readSigningKey, type SigningKey } from './signing-key.ts';

/** The issuing key of a folder: its private key (PKCS#8 PEM), or where else it is. */
export type KeptKey = { readonly pem: string } | { readonly reference: CommandKeyReference };

/** What a folder holds. */
export interface IssuerFiles {
  readonly key: KeptKey;
  readonly certificates: IssuerCertificates;
  /** The root's key, where it is ours and kept: signs further intermediates. */
  readonly rootKey: KeptKey | undefined;
}

/**
 * Writes a folder `<dir>/<id>` (mode 0700; keys 0600), whole or not at all: what a crash leaves has
 * another name. Durable when it resolves.
 */
export async function writeIssuer(dir: string, id: string, files: IssuerFiles): Promise<void> {
  const folder = join(dir, id);
  const pending = `${folder}.pending`;
  await rm(pending, { recursive: true, force: true });
  await mkdir(pending, { mode: 0o700, recursive: true });
  await chmod(pending, 0o700);
  const { certificatePem, betweenPem, rootPem } = files.certificates;
  await writeKey(pending, names.key, files.key);
  if (files.rootKey) await writeKey(pending, names.rootKey, files.rootKey);
  await writeDurably(join(pending, names.certificate), certificatePem, 0o644);
  await writeDurably(join(pending, names.between), betweenPem, 0o644);
  await writeDurably(join(pending, names.root), rootPem, 0o644);
  await syncDir(pending);
  await rename(pending, folder);
  await syncDir(dir);
}

/**
 * Loads the issuing key of a folder. Fails with `setup` when a file is missing, damaged, or open to
 * other users, or the key cannot be reached.
 */
export async function loadIssuer(dir: string, id: string, trustDomain: string): Promise<Issuer> {
  const folder = join(dir, id);
  await checkPrivate(dir, 'directory');
  await checkPrivate(folder, 'directory');
  const key = await readKept(folder, names.key);
  if (!key) throw missing(join(folder, `${names.key}.pem`));
  return new Issuer(trustDomain, await openKey(key), {
    certificatePem: await readText(join(folder, names.certificate)),
    betweenPem: await readText(join(folder, names.between)),
    rootPem: await readText(join(folder, names.root)),
  });
}

/** The key of a folder's root; undefined when it is not kept there. Fails as `loadIssuer`. */
export async function keptRootKey(dir: string, id: string): Promise<KeptKey | undefined> {
  return await readKept(join(dir, id), names.rootKey);
}

/** Removes the folder of a key that is trusted no more, private key included. */
export async function removeIssuer(dir: string, id: string): Promise<void> {
  await rm(join(dir, id), { recursive: true, force: true });
}

/**
 * The files of the first version, one root that signs leaves itself; undefined when they are not
 * there. Fails with `setup` when one of them is missing, or is open to other users.
 */
export async function readFirstVersion(dir: string): Promise<IssuerFiles | undefined> {
  const [keyFile, rootFile] = [join(dir, 'ca-key.pem'), join(dir, 'ca.pem')];
  const there = [await exists(keyFile), await exists(rootFile)];
  if (!there.includes(true)) return undefined;
  if (!there[0]) throw missing(keyFile);
  if (!there[1]) throw missing(rootFile);
  await checkPrivate(dir, 'directory');
  await checkPrivate(keyFile, 'file');
  const rootPem = await readFile(rootFile, 'utf8');
  return {
    key: { pem: await readFile(keyFile, 'utf8') },
    certificates: { certificatePem: rootPem, betweenPem: '', rootPem },
    rootKey: undefined,
  };
}

/** Removes them, after `writeIssuer` has put them into a folder. */
export async function removeFirstVersion(dir: string): Promise<void> {
  await rm(join(dir, 'ca-key.pem'), { force: true });
  await rm(join(dir, 'ca.pem'), { force: true });
  await syncDir(dir);
}

/** Opens a key from what is kept of it. */
export async function openKey(kept: KeptKey): Promise<SigningKey> {
  return 'pem' in kept ? readSigningKey(kept.pem) : await openCommandKey(kept.reference);
}

/** Whether there is anything at a path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Moves a finished directory to its place; durable when it resolves. */
export async function moveDir(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDir(dirname(to));
}

async function writeKey(folder: string, name: string, key: KeptKey): Promise<void> {
  if ('pem' in key) return await writeDurably(join(folder, `${name}.pem`), key.pem, 0o600);
  const text = `${JSON.stringify(key.reference)}\n`;
  await writeDurably(join(folder, `${name}.json`), text, 0o600);
}

async function readKept(folder: string, name: string): Promise<KeptKey | undefined> {
  const [pem, reference] = [join(folder, `${name}.pem`), join(folder, `${name}.json`)];
  if (await exists(pem)) {
    await checkPrivate(pem, 'file');
    return { pem: await readFile(pem, 'utf8') };
  }
  if (!(await exists(reference))) return undefined;
  // Private too: who writes it chooses a program that the controller runs.
  await checkPrivate(reference, 'file');
  return { reference: parseReference(reference, await readFile(reference, 'utf8')) };
}

function parseReference(path: string, text: string): CommandKeyReference {
  try {
    return commandReference.parse(JSON.parse(text));
  } catch (cause) {
    throw new DtaError('setup', `\`${path}\` names no program for keys`, { cause });
  }
}

async function readText(path: string): Promise<string> {
  if (!(await exists(path))) throw missing(path);
  return await readFile(path, 'utf8');
}

function missing(path: string): DtaError {
  return new DtaError('setup', `\`${path}\` is missing`, {
    help: 'restore it from a backup: a new authority would be trusted by no agent',
  });
}

/** Fails with `setup` unless only this user may use the file or directory. */
async function checkPrivate(path: string, kind: 'file' | 'directory'): Promise<void> {
  if (!(await exists(path))) throw missing(path);
  // INVARIANT: lstat, so that a link to somebody else's file is refused whatever it points to.
  const found = await lstat(path);
  if (!(kind === 'file' ? found.isFile() : found.isDirectory())) {
    throw new DtaError('setup', `\`${path}\` is not a plain ${kind}`);
  }
  if ((found.mode & 0o077) !== 0) {
    throw new DtaError('setup', `other users may use \`${path}\``, {
      help: `chmod ${kind === 'file' ? '600' : '700'} ${path}`,
    });
  }
  if (found.uid !== process.geteuid?.()) {
    throw new DtaError('setup', `\`${path}\` belongs to another user`, {
      help: 'run the controller as the user that owns it',
    });
  }
}

async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY;
  const file = await open(path, flags, mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDir(path: string): Promise<void> {
  const dir = await open(path, constants.O_RDONLY);
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}

const commandReference = z.strictObject({
  command: z.array(z.string()).min(1),
  name: z.string(),
});

const names = {
  key: 'issuer-key',
  rootKey: 'root-key',
  certificate: 'issuer.pem',
  between: 'between.pem',
  root: 'root.pem',
} as const;
