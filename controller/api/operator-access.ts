/**
 * How operators on this machine reach the controller: files in its data directory hold the address
 * and the token.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, lstatSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { DtaError } from '../errors.ts';

/** What a client needs. */
export interface OperatorAccess {
  /** `http://127.0.0.1:<port>` or `unix:<path>`. */
  readonly address: string;
  readonly token: string;
}

/**
 * Reads the operator token of `dataDir`, making it (32 random bytes, mode 0600) where there is
 * none.
 *
 * @throws DtaError `setup` when others may read it, it is another user's, or it is damaged.
 */
export function openOperatorToken(dataDir: string): string {
  const path = join(dataDir, tokenFile);
  if (!lstatSync(path, { throwIfNoEntry: false })) {
    writePrivate(path, `${randomBytes(32).toString('base64url')}\n`);
  }
  return readToken(path, processUser());
}

/** Writes down where the operator API listens, for the clients of `dataDir`. */
export function announceOperatorAddress(dataDir: string, address: string): void {
  writePrivate(join(dataDir, addressFile), `${address}\n`);
}

/**
 * What a controller that runs on `dataDir` left for its clients.
 *
 * @throws DtaError `unreachable` when none has run there, `setup` when the token is unusable.
 */
export function readOperatorAccess(dataDir: string): OperatorAccess {
  try {
    const address = readFileSync(join(dataDir, addressFile), 'utf8').trim();
    const path = join(dataDir, tokenFile);
    // Root may operate a controller that runs as another user.
    const owner = processUser() === 0 ? lstatSync(path).uid : processUser();
    return { address, token: readToken(path, owner) };
  } catch (cause) {
    if (cause instanceof DtaError) throw cause;
    throw new DtaError('unreachable', `no controller has run on \`${dataDir}\``, {
      help: 'start one with `dta controller`, or name its data directory',
      cause,
    });
  }
}

/**
 * True when the value of an `Authorization` header is `Bearer <token>`; the time taken says nothing
 * about the token.
 */
export function bearerMatches(token: string, header: string | undefined): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token)) && given.length > 0;
}

function readToken(path: string, owner: number): string {
  const stats = lstatSync(path);
  if (!stats.isFile() || (stats.mode & 0o077) !== 0) {
    throw new DtaError('setup', `\`${path}\` can be read by others`, {
      help: 'remove it and start the controller again: it makes a new one with mode 0600',
    });
  }
  if (stats.uid !== owner) {
    throw new DtaError('setup', `\`${path}\` belongs to another user`, {
      help: 'run this as the user that the controller runs as, or remove it and start the controller again',
    });
  }
  const token = readFileSync(path, 'utf8').trim();
  if (!/^[A-Za-z0-9_-]{43}$/.test(token)) {
    throw new DtaError('setup', `\`${path}\` holds no operator token`, {
      help: 'remove it and start the controller again: it makes a new one',
    });
  }
  return token;
}

/** Under another name first: a reader never meets half a file. */
function writePrivate(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}

function processUser(): number {
  return process.geteuid?.() ?? 0;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

const tokenFile = 'operator.token';
const addressFile = 'operator.address';
