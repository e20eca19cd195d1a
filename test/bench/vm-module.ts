/** The sources of the filter with a host inside the VM (`vm/`): requests run in loops that never leave the module. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import asc from 'assemblyscript/asc';

/** What a loop does with each request beside reading its headers, as in `vm/entry.ts`. */
export const Work = { Nothing: 0, Rules: 1, Decide: 2 } as const;
export type Work = (typeof Work)[keyof typeof Work];

/** What a loop changes before each request, one bit each, as in `vm/entry.ts`. */
export const Change = { Path: 1, Certificate: 2, Decisions: 4 } as const;

/** A request; the path ends with 8 digits, the certificate's digest has 64. */
export interface VmAsk {
  readonly uri: string;
  readonly subject: string;
  readonly headers: readonly (readonly [string, string])[];
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  take(size: number): number;
  room(size: number): number;
  takeBundle(ptr: number, size: number, nowNs: bigint): number;
  takeState(ptr: number, size: number): number;
  logPtr(): number;
  logLen(): number;
  misses(): number;
  run(asks: number, order: number, count: number, work: Work, changes: number): number;
  remember(asks: number, index: number): number;
  held(asks: number, index: number): number;
  wasHit(): number;
}

/** Compiles the module with the options of the filter's release build (`asconfig.json`). */
export async function compileVmModule(): Promise<WebAssembly.Module> {
  const folder = await mkdtemp(join(tmpdir(), 'dta-bench-'));
  const outFile = join(folder, 'vm.wasm');
  const { error, stderr } = await asc.main(
    ['test/bench/vm/entry.ts', '--baseDir', root, '--outFile', outFile, ...OPTIONS],
    { readFile },
  );
  if (error) throw new Error(stderr.toString(), { cause: error });
  const bytes = new Uint8Array(readFileSync(outFile));
  await rm(folder, { recursive: true });
  return new WebAssembly.Module(bytes);
}

/** One instance with a bundle and the requests to it. */
export class BenchVm {
  readonly #exports: Exports;
  #asks = 0;
  #order = 0;
  #orderLength = 0;

  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    this.#exports._initialize();
  }

  /** Decisions that were not in the cache, since the start. */
  get misses(): number {
    return this.#exports.misses() >>> 0;
  }

  /** Loads a bundle; the clock then stands still at `nowMs`. */
  bundle(file: Uint8Array, nowMs: number): void {
    const ptr = this.#write(this.#exports.room(file.length), file);
    const accepted = this.#exports.takeBundle(ptr, file.length, BigInt(nowMs) * 1_000_000n);
    if (accepted === 0) throw new Error(this.#log());
  }

  state(file: Uint8Array): void {
    const ptr = this.#write(this.#exports.room(file.length), file);
    if (this.#exports.takeState(ptr, file.length) === 0) throw new Error(this.#log());
  }

  /** Places requests; those of an earlier call are not run any more. */
  place(asks: readonly VmAsk[]): void {
    const table = new Uint32Array(asks.length * ASK_WORDS);
    for (const [i, ask] of asks.entries()) table.set(this.#placeOne(ask), i * ASK_WORDS);
    this.#asks = this.#place(new Uint8Array(table.buffer));
  }

  /** Decides a request once: its reason. */
  remember(index: number): number {
    return this.#exports.remember(this.#asks, index);
  }

  /** Whether the last decision was in the cache. */
  get wasHit(): boolean {
    return this.#exports.wasHit() !== 0;
  }

  /** What the caches hold of a request. */
  held(index: number): { readonly caller: boolean; readonly path: boolean } {
    const bits = this.#exports.held(this.#asks, index);
    return { caller: (bits & 1) !== 0, path: (bits & 2) !== 0 };
  }

  /** The requests that `run` runs, in this order, by index. */
  order(indexes: Uint32Array): void {
    this.#order = this.#place(new Uint8Array(indexes.buffer));
    this.#orderLength = indexes.length;
  }

  /** Runs all requests of the order. Throws when one is not permitted. */
  run(work: Work, changes: number): void {
    const refused = this.#exports.run(this.#asks, this.#order, this.#orderLength, work, changes);
    if (refused !== 0) throw new Error(`${refused} of ${this.#orderLength} requests were refused`);
  }

  #placeOne(ask: VmAsk): number[] {
    const pairs = encodePairs(ask.headers);
    const uri = Buffer.from(ask.uri);
    const subject = Buffer.from(ask.subject);
    const path = ask.headers.find(([name]) => name === ':path')?.[1] ?? '';
    const forwarded = ask.headers.find(([name]) => name === 'x-forwarded-client-cert')?.[1] ?? '';
    const endOf = (text: string): number => pairs.indexOf(`\0${text}\0`) + 1 + text.length;
    return [
      ...[this.#place(pairs), pairs.length, endOf(path) - 8, endOf(forwarded) - 64],
      ...[this.#place(uri), uri.length, this.#place(subject), subject.length],
    ];
  }

  #place(bytes: Uint8Array): number {
    return this.#write(this.#exports.take(bytes.length), bytes);
  }

  #write(ptr: number, bytes: Uint8Array): number {
    if (ptr === 0) throw new Error('no room in the VM');
    new Uint8Array(this.#exports.memory.buffer).set(bytes, ptr);
    return ptr;
  }

  #log(): string {
    const { memory, logPtr, logLen } = this.#exports;
    return Buffer.from(memory.buffer, logPtr(), logLen()).toString();
  }
}

function readFile(name: string, baseDir: string): string | null {
  const file = join(baseDir, name === 'assembly/abi/imports.ts' ? 'test/bench/vm/host.ts' : name);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** As the host hands them over: see `assembly/abi/header-pairs.ts`. */
function encodePairs(headers: VmAsk['headers']): Buffer {
  const lengths = new Uint32Array([
    headers.length,
    ...headers.flat().map((text) => Buffer.byteLength(text)),
  ]);
  const texts = Buffer.from(headers.map(([name, value]) => `${name}\0${value}\0`).join(''));
  return Buffer.concat([Buffer.from(lengths.buffer), texts]);
}

const root = join(import.meta.dirname, '../..');
const OPTIONS = [
  ...['--config', 'none', '--runtime', 'minimal', '--enable', 'simd', '-O3', '--converge'],
  ...['--noAssert', '--maximumMemory', '4096', '--exportStart', '_initialize'],
  ...['--use', 'abort=abortModule'],
];
/** Fields of an `Ask`; the last one is the module's own. */
const ASK_WORDS = 9;
