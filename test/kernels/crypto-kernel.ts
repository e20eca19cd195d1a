/** Compiles test/kernels/crypto-entry.ts once for each state of its sources and calls it with bytes. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import asc from 'assemblyscript/asc';

import type { Ff1Parameters } from './ff1-oracle.ts';

const root = join(import.meta.dirname, '../..');
const sourceFolders = ['crypto', 'memory'];
const entry = 'test/kernels/crypto-entry.ts';

interface Exports {
  memory: WebAssembly.Memory;
  _initialize?: () => void;
  take(size: number): number;
  give(ptr: number): void;
  sha256StateBytes(): number;
  sha256Init(state: number): void;
  sha256Update(state: number, ptr: number, len: number): void;
  sha256Finish(state: number, out: number): void;
  hmacStateBytes(): number;
  hmacMidstateBytes(): number;
  hmacPrepare(midstates: number, key: number, keyLen: number): void;
  hmacInit(state: number, midstates: number): void;
  hmacUpdate(state: number, ptr: number, len: number): void;
  hmacFinish(state: number, out: number): void;
  aesTables(): number;
  aesTableBytes(): number;
  aesScheduleBytes(): number;
  aesExpand(schedule: number, key: number): void;
  aesBlock(schedule: number, block: number): void;
  cmacKeyBytes(): number;
  cmacPrepare(prepared: number, key: number): void;
  cmac(prepared: number, ptr: number, len: number, out: number): void;
  sivEncrypt: SivEncrypt;
  sivEncryptAll: SivEncrypt;
  ff1Encrypt(
    key: number,
    tweak: number,
    tweakLen: number,
    radix: number,
    digits: number,
    len: number,
  ): number;
  base64urlLength(len: number): number;
  base64urlWrite(target: number, source: number, len: number): number;
}

type SivEncrypt = (
  key: number,
  ad: number,
  adLen: number,
  text: number,
  len: number,
  out: number,
) => number;

/** Bytes in the kernel's memory, in a block of their exact size. */
export interface Span {
  readonly ptr: number;
  readonly len: number;
}

/** An instance of the kernel. */
export class CryptoKernel {
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

  /** SHA-256 of pieces, one call each. */
  sha256(pieces: readonly Uint8Array[]): Buffer {
    const { sha256Init, sha256Update, sha256Finish, sha256StateBytes } = this.exports;
    return this.use([Buffer.alloc(sha256StateBytes(), 0xa5), Buffer.alloc(32)], (state, out) => {
      sha256Init(state.ptr);
      for (const piece of pieces) this.use([piece], (p) => sha256Update(state.ptr, p.ptr, p.len));
      sha256Finish(state.ptr, out.ptr);
      return this.read(out.ptr, 32);
    });
  }

  /** HMAC-SHA-256 of pieces, one call each. */
  hmac(key: Uint8Array, pieces: readonly Uint8Array[]): Buffer {
    const { exports } = this;
    const midstates = Buffer.alloc(exports.hmacMidstateBytes());
    const state = Buffer.alloc(exports.hmacStateBytes(), 0xa5);
    return this.use([key, midstates, state, Buffer.alloc(32)], (k, m, s, out) => {
      exports.hmacPrepare(m.ptr, k.ptr, k.len);
      exports.hmacInit(s.ptr, m.ptr);
      for (const piece of pieces) this.use([piece], (p) => exports.hmacUpdate(s.ptr, p.ptr, p.len));
      exports.hmacFinish(s.ptr, out.ptr);
      return this.read(out.ptr, 32);
    });
  }

  /** AES-128 of a block. */
  aes(key: Uint8Array, block: Uint8Array): Buffer {
    const schedule = Buffer.alloc(this.exports.aesScheduleBytes());
    return this.use([schedule, key, block], (s, k, b) => {
      this.exports.aesExpand(s.ptr, k.ptr);
      this.exports.aesBlock(s.ptr, b.ptr);
      return this.read(b.ptr, 16);
    });
  }

  /** AES-CMAC. */
  cmac(key: Uint8Array, message: Uint8Array): Buffer {
    const prepared = Buffer.alloc(this.exports.cmacKeyBytes());
    return this.use([prepared, key, message, Buffer.alloc(16)], (p, k, m, out) => {
      this.exports.cmacPrepare(p.ptr, k.ptr);
      this.exports.cmac(p.ptr, m.ptr, m.len, out.ptr);
      return this.read(out.ptr, 16);
    });
  }

  /** AES-SIV with one associated string; empty when it is refused. */
  siv(key: Uint8Array, ad: Uint8Array, text: Uint8Array): Buffer {
    return this.use([key, ad, text, Buffer.alloc(16 + text.length)], (k, a, t, out) => {
      const { sivEncrypt } = this.exports;
      return this.read(out.ptr, sivEncrypt(k.ptr, a.ptr, a.len, t.ptr, t.len, out.ptr));
    });
  }

  /** FF1 of numerals; undefined when they are refused. */
  ff1(parameters: Ff1Parameters, numerals: readonly number[]): number[] | undefined {
    const { key, tweak, radix } = parameters;
    return this.use([key, tweak, Buffer.from(numerals)], (k, t, digits) => {
      const { ff1Encrypt } = this.exports;
      const done = ff1Encrypt(k.ptr, t.ptr, t.len, radix, digits.ptr, digits.len);
      return done === 0 ? undefined : [...this.read(digits.ptr, digits.len)];
    });
  }

  /** base64url without padding. */
  base64url(bytes: Uint8Array): string {
    const target = Buffer.alloc(this.exports.base64urlLength(bytes.length));
    return this.use([target, bytes], (t, b) => {
      const len = this.exports.base64urlWrite(t.ptr, b.ptr, b.len);
      if (len !== target.length) throw new Error('another length was written than was said');
      return this.read(t.ptr, len).toString('latin1');
    });
  }

  /** Places bytes, calls `work` with where they are, and gives the blocks back. */
  use<T, L extends readonly Uint8Array[]>(
    parts: readonly [...L],
    work: (...spans: { [I in keyof L]: Span }) => T,
  ): T {
    const spans = parts.map((bytes) => this.#place(bytes));
    try {
      return work(...(spans as { [I in keyof L]: Span }));
    } finally {
      for (const { ptr } of spans) this.exports.give(ptr);
    }
  }

  /** A copy of bytes of the kernel's memory. */
  read(ptr: number, len: number): Buffer {
    return Buffer.from(this.exports.memory.buffer.slice(ptr, ptr + len));
  }

  #place(bytes: Uint8Array): Span {
    const ptr = this.exports.take(Math.max(bytes.length, 1));
    if (ptr === 0) throw new Error('no room in the kernel');
    new Uint8Array(this.exports.memory.buffer, ptr, bytes.length).set(bytes);
    return { ptr, len: bytes.length };
  }
}

/** Compiles (or takes the cached module) and starts the kernel; `debug` keeps the assertions. */
export async function loadCryptoKernel(target: 'release' | 'debug'): Promise<CryptoKernel> {
  return new CryptoKernel(new WebAssembly.Module(await compile(target)));
}

async function compile(target: 'release' | 'debug'): Promise<Uint8Array<ArrayBuffer>> {
  const folder = join(root, 'build/kernels');
  const state = digest();
  const file = join(folder, `crypto-${target}-${state}.wasm`);
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
    if (/^crypto-\w+-[0-9a-f]{16}\.wasm$/.test(name) && !name.includes(state)) {
      rmSync(join(folder, name), { force: true });
    }
  }
}

function digest(): string {
  const hash = createHash('sha256');
  const files = sourceFolders.flatMap((folder) =>
    readdirSync(join(root, 'assembly', folder))
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => join('assembly', folder, name)),
  );
  for (const file of [...files, entry]) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
