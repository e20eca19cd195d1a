/** Compiles test/kernels/mask-entry.ts once for each state of its sources and runs documents through it. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import asc from 'assemblyscript/asc';

import { buildMaskBlob, type Profile } from './mask-blob.ts';

const root = join(import.meta.dirname, '../..');
const sourceFolders = ['json', 'mask', 'classify', 'crypto', 'memory'];
const entry = 'test/kernels/mask-entry.ts';

export const statusNames = ['ok', 'malformed', 'no room'] as const;
export type Status = (typeof statusNames)[number];

/** What became of one document. */
export interface Masked {
  status: Status;
  /** everything that came out before a failure; the whole output when the status is ok */
  output: Buffer;
  count: number;
  /** most bytes that were held back after a call */
  held: number;
}

interface Exports {
  memory: WebAssembly.Memory;
  _initialize?: () => void;
  take(size: number): number;
  give(ptr: number): void;
  open(
    blob: number,
    clearance: bigint,
    band: number,
    format: number,
    charset: number,
    arg: number,
    argLen: number,
  ): number;
  shut(masker: number): void;
  labels(masker: number): bigint;
  feed(masker: number, src: number, len: number, isEnd: number): number;
  outPtr(): number;
  outLen(): number;
  outRoom(): number;
  count(masker: number): number;
  held(masker: number): number;
  validate(blob: number, len: number, labelCount: number): number;
  luhn(ptr: number, len: number): number;
  cardNumber(ptr: number, len: number): number;
}

/** An instance of the kernel. */
export class Kernel {
  readonly exports: Exports;

  constructor(module: WebAssembly.Module) {
    const env = {
      abort: (_message: number, _file: number, line: number, column: number) => {
        throw new Error(`abort at ${line}:${column}`);
      },
    };
    this.exports = new WebAssembly.Instance(module, { env }).exports as unknown as Exports;
    this.exports._initialize?.();
  }

  /** Masks a document that comes in the given chunks (strings are UTF-8). */
  mask(
    profile: Profile | Uint8Array,
    chunks: string | Uint8Array | readonly Uint8Array[],
    clearance = 0n,
    band = 0,
  ): Masked {
    const pieces = typeof chunks === 'string' ? [Buffer.from(chunks)] : chunks;
    const blob = this.place(profile instanceof Uint8Array ? profile : buildMaskBlob(profile));
    const masker = this.exports.open(blob, clearance, band, 0, 0, 0, 0);
    try {
      return this.run(masker, pieces instanceof Uint8Array ? [pieces] : pieces);
    } finally {
      this.exports.shut(masker);
      this.exports.give(blob);
    }
  }

  /** Masks a string and answers the output as text; throws when the document is refused. */
  text(profile: Profile, document: string, clearance = 0n): string {
    const { status, output } = this.mask(profile, document, clearance);
    if (status !== 'ok') throw new Error(status);
    return output.toString('utf8');
  }

  /** Whether the kernel takes a blob. */
  accepts(blob: Uint8Array, labelCount = 64): boolean {
    const ptr = this.place(blob);
    const valid = this.exports.validate(ptr, blob.length, labelCount) !== 0;
    this.exports.give(ptr);
    return valid;
  }

  /** Calls a check with the address and length of a text. */
  check(name: 'luhn' | 'cardNumber', text: string): boolean {
    const ptr = this.place(Buffer.from(text));
    const result = this.exports[name](ptr, text.length) !== 0;
    this.exports.give(ptr);
    return result;
  }

  /** Copies bytes into a block of their exact size, so that a read behind them meets other memory. */
  place(bytes: Uint8Array): number {
    const ptr = this.exports.take(Math.max(bytes.length, 1));
    if (ptr === 0) throw new Error('no room in the kernel');
    new Uint8Array(this.exports.memory.buffer, ptr, bytes.length).set(bytes);
    return ptr;
  }

  private run(masker: number, pieces: readonly Uint8Array[]): Masked {
    const parts: Buffer[] = [];
    let status: Status = 'ok';
    let held = 0;
    for (const [i, piece] of pieces.entries()) {
      const ptr = this.place(piece);
      const code = this.exports.feed(masker, ptr, piece.length, i === pieces.length - 1 ? 1 : 0);
      this.exports.give(ptr);
      status = statusNames[code] ?? 'ok';
      if (status !== 'ok') break;
      held = Math.max(held, this.exports.held(masker));
      if (this.exports.outLen() > this.exports.outRoom()) throw new Error('output over its block');
      const at = this.exports.outPtr();
      parts.push(Buffer.from(this.exports.memory.buffer.slice(at, at + this.exports.outLen())));
    }
    return { status, output: Buffer.concat(parts), count: this.exports.count(masker), held };
  }
}

/** Compiles (or takes the cached module) and starts the kernel; `debug` keeps the assertions. */
export async function loadKernel(target: 'release' | 'debug' = 'release'): Promise<Kernel> {
  return new Kernel(new WebAssembly.Module(await compile(target)));
}

async function compile(target: 'release' | 'debug'): Promise<Uint8Array<ArrayBuffer>> {
  const folder = join(root, 'build/kernels');
  const file = join(folder, `mask-${target}-${digest()}.wasm`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const temporary = `${file}.${process.pid}.${target}`;
    const optimise = target === 'release' ? ['-O3', '--noAssert'] : ['-O1'];
    const { error, stderr } = await asc.main([
      entry,
      '--baseDir',
      root,
      '--config',
      'none',
      '--runtime',
      'minimal',
      '--enable',
      'simd',
      '--exportStart',
      '_initialize',
      '--maximumMemory',
      '4096',
      ...optimise,
      '--outFile',
      temporary,
    ]);
    if (error) throw new Error(stderr.toString(), { cause: error });
    renameSync(temporary, file);
    removeOld(folder);
  }
  return new Uint8Array(readFileSync(file));
}

/** Modules of earlier sources are of no use; a newer state of this one may be there already. */
function removeOld(folder: string): void {
  const current = digest();
  for (const name of readdirSync(folder)) {
    if (/^mask-\w+-[0-9a-f]{16}\.wasm$/.test(name) && !name.includes(current)) {
      rmSync(join(folder, name), { force: true });
    }
  }
}

function digest(): string {
  const hash = createHash('sha256');
  const files = sourceFolders.flatMap((folder) =>
    readdirSync(join(root, 'assembly', folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => join('assembly', folder, name)),
  );
  for (const file of [...files, 'assembly/layout.ts', entry]) {
    hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex').slice(0, 16);
}
