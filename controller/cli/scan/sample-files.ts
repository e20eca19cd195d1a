/** Finds sample bodies and reads their values, a part of a file at a time. */
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { DtaError } from '../../errors.ts';
import { type BodyKind, kindOfFile, kindOfStart } from '../leaves/body-kind.ts';
import { bodyLeaves, decodeBody, lineLeaves } from '../leaves/body-leaves.ts';
import { type Leaf, UnlistedBody } from '../leaves/leaf.ts';

/** A file with bodies; `-` is standard input. */
export interface SampleFile {
  readonly name: string;
  /** Undefined: told by its first character. */
  readonly kind: BodyKind | undefined;
}

/** A value and the kind of the body that it is in. */
export interface Sample {
  readonly kind: BodyKind;
  readonly leaf: Leaf;
}

/** Every file that the paths name or hold, sorted by name. Throws DtaError `notFound`. */
export function listSamples(paths: readonly string[], kind: BodyKind | undefined): SampleFile[] {
  const names = [...new Set(paths.flatMap((path) => (path === '-' ? [path] : listFiles(path))))];
  return names.sort().map((name) => ({ name, kind: kind ?? kindOfFile(name) }));
}

/**
 * The values of a file. Line by line where its kind allows it, else the whole of it, up to WHOLE_MAX_BYTES. Throws
 * UnlistedBody where it is not of its kind, DtaError when it is too large or cannot be read.
 */
export async function* readSamples(file: SampleFile): AsyncGenerator<Sample> {
  const { name, kind } = file;
  const lines = kind === undefined ? undefined : lineLeaves(kind);
  if (kind === undefined || lines === undefined) {
    yield* readWhole(file);
    return;
  }
  const input: Readable = name === '-' ? process.stdin : createReadStream(name);
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    for (const leaf of lines.take(line)) yield { kind, leaf };
  }
}

function* readWhole({ name, kind: known }: SampleFile): Generator<Sample> {
  const size = name === '-' ? 0 : statSync(name).size;
  if (size > WHOLE_MAX_BYTES) {
    throw new DtaError(
      'usage',
      `\`${name}\` has more than ${WHOLE_MAX_BYTES} bytes in one document`,
    );
  }
  const bytes = readFileSync(name === '-' ? 0 : name);
  if (bytes.includes(0) && !isUtf16(bytes)) throw new UnlistedBody(0);
  const text = decodeBody(bytes, '');
  const kind = known ?? kindOfStart(text);
  for (const leaf of bodyLeaves(kind, text)) yield { kind, leaf };
}

function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function listFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new DtaError('notFound', `\`${path}\` is not there`, {
      help: 'name files or folders with sample bodies, or `-` for standard input',
    });
  }
  if (!stat.isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.')) return [];
    const child = join(path, entry.name);
    return entry.isDirectory() ? listFiles(child) : entry.isFile() ? [child] : [];
  });
}

const WHOLE_MAX_BYTES = 64 << 20;
