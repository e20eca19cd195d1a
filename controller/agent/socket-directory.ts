/** The directory of a workload's sockets: only the workload's own user may enter it. */
import { lchownSync, lstatSync, mkdirSync, type Stats, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';

import { DtaError } from '../errors.ts';

/** A directory that was checked. */
export interface SocketDirectory {
  readonly path: string;
  /** Where SDS is served. */
  readonly sdsSocket: string;
  /** Where the filter's audit batches are taken. */
  readonly auditSocket: string;
  /** Where applications get their SVID. */
  readonly workloadSocket: string;
}

/**
 * Makes `<parent>/<workload>` with mode 0700 for user `uid`, or checks the one that is there. Envoy
 * connects as that user; the kernel checks the directory on every connect, which is all the
 * attestation that there is on a host.
 *
 * @throws DtaError `setup` when it is wider, belongs to another user, is no directory, or the path
 * is too long for a Unix socket; `usage` when the workload's name is no single path segment.
 */
export function openSocketDirectory(
  parent: string,
  workload: string,
  uid: number,
): SocketDirectory {
  if (!workloadName.test(workload)) {
    throw new DtaError('usage', `workload \`${workload}\` is no name for a directory`, {
      help: 'use 1 to 63 of A-Z a-z 0-9 . _ - and begin with a letter or digit',
    });
  }
  const path = join(parent, workload);
  const directory = {
    path,
    sdsSocket: join(path, 'agent.sock'),
    auditSocket: join(path, 'audit.sock'),
    workloadSocket: join(path, 'api.sock'),
  };
  if (Buffer.byteLength(directory.auditSocket) > longestSocketPath) {
    throw new DtaError('setup', `socket path \`${directory.auditSocket}\` is too long`, {
      help: `the kernel takes at most ${longestSocketPath} bytes: choose a shorter directory`,
    });
  }
  create(path, uid);
  check(path, lstatSync(path), uid);
  return directory;
}

/**
 * Removes the socket that a killed agent left at `path`.
 *
 * @throws DtaError `portInUse` when somebody still answers there, `setup` when it is something
 * other than a socket.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return;
  if (!stats.isSocket()) {
    throw new DtaError('setup', `\`${path}\` is in the way and is no socket`, {
      help: 'remove it, or choose another socket directory',
    });
  }
  if (await answers(path)) {
    throw new DtaError('portInUse', `another agent already serves \`${path}\``, {
      help: 'stop it, or give this workload another name',
    });
  }
  unlinkSync(path);
}

/**
 * Lets user `uid` connect to the socket at `path`. The directory is theirs, so a link may stand
 * there by now: it is not followed.
 */
export function giveSocket(path: string, uid: number): void {
  if (uid !== process.getuid?.()) lchownSync(path, uid, keepGroup);
}

function create(path: string, uid: number): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    if (lstatSync(path, { throwIfNoEntry: false })) return;
    mkdirSync(path, { mode: 0o700 });
    if (uid !== process.getuid?.()) lchownSync(path, uid, keepGroup);
  } catch (cause) {
    throw new DtaError('setup', `cannot make the socket directory \`${path}\` for user ${uid}`, {
      help: 'make it beforehand with mode 0700, or run the agent as that user or as root',
      cause,
    });
  }
}

function check(path: string, stats: Stats, uid: number): void {
  const help = `it has to belong to user ${uid} with mode 0700: it leads to this workload's key`;
  if (!stats.isDirectory()) throw new DtaError('setup', `\`${path}\` is no directory`, { help });
  if (stats.uid !== uid) {
    throw new DtaError('setup', `\`${path}\` belongs to user ${stats.uid}`, { help });
  }
  if ((stats.mode & 0o077) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    throw new DtaError('setup', `\`${path}\` has mode ${mode}`, { help });
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

const workloadName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const keepGroup = -1;

/** `sun_path` of Linux less its closing NUL. */
const longestSocketPath = 107;
