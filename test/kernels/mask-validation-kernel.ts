/** Compiles test/kernels/mask-validation-entry.ts once for each state of its sources and checks blobs and patterns with it. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import asc from 'assemblyscript/asc';

const root = join(import.meta.dirname, '../..');
const entry = 'test/kernels/mask-validation-entry.ts';
const sources = [
  'layout.ts',
  'classify/names.ts',
  'classify/answers.ts',
  'classify/pattern.ts',
  'classify/units.ts',
  'mask/blob-bounds.ts',
  'mask/validate-blob.ts',
  'mask/validate-detectors.ts',
  'mask/validate-fields.ts',
  'mask/validate-places.ts',
  'mask/validate-protobuf.ts',
  'mask/validate-rules.ts',
].map((name) => join('assembly', name));

interface Exports {
  memory: WebAssembly.Memory;
  _initialize?: () => void;
  take(size: number): number;
  give(ptr: number): void;
  blob(ptr: number, len: number, labelCount: number): number;
  pattern(ptr: number, len: number): number;
  patternEnd(table: number, text: number, pos: number, len: number): number;
}

/** An instance of the kernel. */
export class ValidationKernel {
  readonly #exports: Exports;

  constructor(module: WebAssembly.Module) {
    const env = {
      abort: (_message: number, _file: number, line: number, column: number) => {
        throw new Error(`abort at ${line}:${column}`);
      },
    };
    this.#exports = new WebAssembly.Instance(module, { env }).exports as unknown as Exports;
    this.#exports._initialize?.();
  }

  /** Whether the filter takes a mask blob. */
  acceptsBlob(blob: Uint8Array, labelCount = 64): boolean {
    return this.#with(blob, (ptr) => this.#exports.blob(ptr, blob.length, labelCount) !== 0);
  }

  /** Whether the filter takes the table of a pattern. */
  acceptsPattern(table: Uint8Array): boolean {
    return this.#with(table, (ptr) => this.#exports.pattern(ptr, table.length) !== 0);
  }

  /** The end of the match of a pattern at a place of a text of units, as the filter's detectors find it; 0 for none. */
  patternEnd(table: Uint8Array, units: Uint8Array, pos: number): number {
    return this.#with(table, (ptr) =>
      this.#with(units, (text) => this.#exports.patternEnd(ptr, text, pos, units.length) | 0),
    );
  }

  // In a block of its exact size, so that a read behind them meets other memory.
  #with<T>(bytes: Uint8Array, use: (ptr: number) => T): T {
    const ptr = this.#exports.take(Math.max(bytes.length, 1));
    if (ptr === 0) throw new Error('no room in the kernel');
    new Uint8Array(this.#exports.memory.buffer, ptr, bytes.length).set(bytes);
    const result = use(ptr);
    this.#exports.give(ptr);
    return result;
  }
}

/** Compiles (or takes the cached module) and starts the kernel. */
export async function loadValidationKernel(): Promise<ValidationKernel> {
  return new ValidationKernel(new WebAssembly.Module(await compile()));
}

async function compile(): Promise<Uint8Array<ArrayBuffer>> {
  const folder = join(root, 'build/kernels');
  const current = digest();
  const file = join(folder, `mask-validation-${current}.wasm`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const temporary = `${file}.${process.pid}`;
    const { error, stderr } = await asc.main([
      entry,
      ...['--baseDir', root, '--config', 'none', '--runtime', 'minimal', '--enable', 'simd'],
      ...['--exportStart', '_initialize', '-O3', '--outFile', temporary],
    ]);
    if (error) throw new Error(stderr.toString(), { cause: error });
    renameSync(temporary, file);
    for (const name of readdirSync(folder)) {
      if (/^mask-validation-[0-9a-f]{16}\.wasm$/.test(name) && !name.includes(current)) {
        rmSync(join(folder, name), { force: true });
      }
    }
  }
  return new Uint8Array(readFileSync(file));
}

function digest(): string {
  const hash = createHash('sha256');
  for (const file of [...sources, entry]) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
