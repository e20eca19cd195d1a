/** Compiles test/kernels/mask-entry.ts with all body formats once for each state of assembly/, and runs bodies through it. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import asc from 'assemblyscript/asc';

import { type Masked, type Status, statusNames } from './kernel.ts';
import { buildMaskBlob, type Profile } from './mask-blob.ts';

const root = join(import.meta.dirname, '../..');
const entry = 'test/kernels/mask-entry.ts';

/** BodyFormat of assembly/mask/bodies/body-format.ts. */
export const formats = {
  Json: 0,
  JsonLines: 1,
  JsonSequence: 2,
  Form: 3,
  Multipart: 4,
  Xml: 5,
  Text: 6,
  Csv: 7,
  EventStream: 8,
  Protobuf: 9,
  Grpc: 10,
  GrpcWeb: 11,
  GrpcWebText: 12,
} as const;

/** Charset of assembly/mask/body.ts. */
export const charsets = {
  Utf8: 0,
  Utf16: 1,
  Utf16Le: 2,
  Utf16Be: 3,
  Utf32: 4,
  Utf32Le: 5,
  Utf32Be: 6,
} as const;

/** What a body is, and what its format asks for. */
export interface BodyKind {
  format: keyof typeof formats;
  charset?: keyof typeof charsets;
  /** the argument as bytes */
  arg?: string;
  /** the argument as a number in place of its length */
  argLen?: number;
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
  feed(masker: number, src: number, len: number, isEnd: number): number;
  outPtr(): number;
  outLen(): number;
  outRoom(): number;
  count(masker: number): number;
  held(masker: number): number;
}

/** An instance of the kernel. */
export class BodyKernel {
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

  /** Masks a body that comes in the given chunks. The blob may be made once by `buildMaskBlob`. */
  mask(kind: BodyKind, profile: Profile | Uint8Array, chunks: readonly Uint8Array[]): Masked {
    const blob = this.place(profile instanceof Uint8Array ? profile : buildMaskBlob(profile));
    const argBytes = Buffer.from(kind.arg ?? '');
    const arg = this.place(argBytes);
    const masker = this.exports.open(
      blob,
      0n,
      0,
      formats[kind.format],
      charsets[kind.charset ?? 'Utf8'],
      arg,
      kind.argLen ?? argBytes.length,
    );
    this.exports.give(arg);
    try {
      return this.#run(masker, chunks);
    } finally {
      this.exports.shut(masker);
      this.exports.give(blob);
    }
  }

  /** Copies bytes into a block of their exact size, so that a read behind them meets other memory. */
  place(bytes: Uint8Array): number {
    const ptr = this.exports.take(Math.max(bytes.length, 1));
    if (ptr === 0) throw new Error('no room in the kernel');
    new Uint8Array(this.exports.memory.buffer, ptr, bytes.length).set(bytes);
    return ptr;
  }

  #run(masker: number, pieces: readonly Uint8Array[]): Masked {
    const parts: Buffer[] = [];
    let status: Status = 'ok';
    let held = 0;
    for (const [i, piece] of pieces.entries()) {
      const ptr = this.place(piece);
      const code = this.exports.feed(masker, ptr, piece.length, i === pieces.length - 1 ? 1 : 0);
      // What was a chunk is something else at the next call.
      new Uint8Array(this.exports.memory.buffer, ptr, piece.length).fill(0xa5);
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
export async function loadBodyKernel(target: 'release' | 'debug' = 'release'): Promise<BodyKernel> {
  return new BodyKernel(new WebAssembly.Module(await compile(target)));
}

async function compile(target: 'release' | 'debug'): Promise<Uint8Array<ArrayBuffer>> {
  const folder = join(root, 'build/kernels');
  const state = digest();
  const file = join(folder, `body-${target}-${state}.wasm`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const temporary = `${file}.${process.pid}.${target}`;
    const optimise = target === 'release' ? ['-O3', '--noAssert'] : ['-O1'];
    const { error, stderr } = await asc.main([
      entry,
      ...['--baseDir', root, '--config', 'none', '--runtime', 'minimal', '--enable', 'simd'],
      ...['--exportStart', '_initialize', '--maximumMemory', '4096'],
      ...optimise,
      ...['--outFile', temporary],
    ]);
    if (error) throw new Error(stderr.toString(), { cause: error });
    renameSync(temporary, file);
    removeOld(folder, state);
  }
  return new Uint8Array(readFileSync(file));
}

/** Modules of earlier sources are of no use. */
function removeOld(folder: string, state: string): void {
  for (const name of readdirSync(folder)) {
    if (/^body-\w+-[0-9a-f]{16}\.wasm$/.test(name) && !name.includes(state)) {
      rmSync(join(folder, name), { force: true });
    }
  }
}

function digest(): string {
  const hash = createHash('sha256');
  const files = readdirSync(join(root, 'assembly'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/^(filter|abi|context|policy)\//.test(name))
    .sort()
    .map((name) => join('assembly', name));
  for (const file of [...files, entry]) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
