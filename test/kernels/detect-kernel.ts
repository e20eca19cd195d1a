/** Compiles test/kernels/detect-entry.ts once for each state of its sources and looks for values in texts. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import asc from 'assemblyscript/asc';

import { DetectorKind } from '../../controller/layout.ts';

const root = join(import.meta.dirname, '../..');
const sourceFolders = ['classify', 'memory'];
const entry = 'test/kernels/detect-entry.ts';

/** Most units of a window. */
const WINDOW = 1024;

const { Pattern0: _first, Pattern7: _last, ...builtIn } = DetectorKind;

/** The built-in detectors by name. */
export const detectorKinds = builtIn;

/** Name of a detector. */
export type KindName = keyof typeof detectorKinds;

/** Every detector but the patterns. */
export const allKinds = Object.keys(detectorKinds) as KindName[];

/** Detectors with their strengths. */
export type Strengths = Partial<Record<KindName, number>>;

/** What was found, in units of the text. */
export interface Found {
  start: number;
  end: number;
  strength: number;
  kinds: bigint;
}

interface Exports {
  memory: WebAssembly.Memory;
  _initialize?: () => void;
  take(size: number): number;
  give(ptr: number): void;
  openSet(): number;
  enable(set: number, kind: number, strength: number): void;
  strength(set: number, kind: number): number;
  find(set: number, text: number, from: number, len: number, isEnd: number): number;
  foundStart(): number;
  foundEnd(): number;
  foundStrength(): number;
  foundKinds(): bigint;
  foundGrows(): number;
  safe(): number;
  grow(grows: number, state: number, unit: number): number;
  unit(codePoint: number): number;
  place(set: number, index: number, ptr: number, len: number): number;
  may(set: number, ptr: number, len: number): number;
  ofNumber(set: number, ptr: number, len: number): number;
  ofNumberKinds(): bigint;
}

/** An instance of the kernel. */
export class DetectKernel {
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

  /** A set of detectors. */
  set(strengths: Strengths): number {
    const set = this.exports.openSet();
    for (const [name, strength] of Object.entries(strengths)) {
      this.exports.enable(set, detectorKinds[name as KindName], strength);
    }
    return set;
  }

  /** Puts pattern 0 to 7 in force; false when its table is refused. The table stays in the kernel. */
  pattern(set: number, index: number, table: Uint8Array, strength: number): boolean {
    const placed = this.exports.place(set, index, this.place(table), table.length) !== 0;
    this.exports.enable(set, 56 + index, strength);
    return placed;
  }

  /** The units of a text. */
  units(text: string): Uint8Array {
    return Uint8Array.from(text, (char) => this.exports.unit(char.codePointAt(0) ?? 0));
  }

  /** Everything in a text, in one call for each match. */
  scan(set: number, units: Uint8Array): Found[] {
    const text = this.place(units);
    const all: Found[] = [];
    for (let from = 0; this.exports.find(set, text, from, units.length, 1) !== 0; ) {
      const found = this.found(0);
      const grows = this.exports.foundGrows();
      let state = 1;
      while (grows !== 0 && found.end < units.length) {
        state = this.exports.grow(grows, state, units[found.end] ?? 0);
        if (state === 0) break;
        found.end++;
      }
      if (found.end <= from) throw new Error(`no progress at ${from}`);
      all.push(found);
      from = found.end;
    }
    this.exports.give(text);
    return all;
  }

  /** As `scan`, but through a window that takes `steps` units at a time, one step after the other. */
  scanWindows(set: number, units: Uint8Array, steps: () => number): Found[] {
    const window = this.exports.take(WINDOW);
    const view = (): Uint8Array => new Uint8Array(this.exports.memory.buffer, window, WINDOW);
    const all: Found[] = [];
    let base = 0; // of the window in the text
    let len = 0;
    let from = 0;
    let grows = 0;
    let state = 1;
    for (let isEnd = false; !isEnd; ) {
      const add = Math.min(steps(), WINDOW - len, units.length - base - len);
      view().set(units.subarray(base + len, base + len + add), len);
      len += add;
      isEnd = base + len === units.length;
      for (;;) {
        const last = all.at(-1);
        if (grows !== 0 && last) {
          while (from < len) {
            state = this.exports.grow(grows, state, view()[from] ?? 0);
            if (state === 0) break;
            from++;
            last.end++;
          }
          if (from === len) break;
          grows = 0;
        }
        if (this.exports.find(set, window, from, len, isEnd ? 1 : 0) === 0) {
          from = this.exports.safe();
          break;
        }
        all.push(this.found(base));
        from = this.exports.foundEnd();
        grows = this.exports.foundGrows();
        state = 1;
      }
      const drop = Math.max(from - 1, 0);
      if (drop === 0 && len === WINDOW && !isEnd) throw new Error(`no progress at ${base}`);
      view().copyWithin(0, drop, len);
      base += drop;
      len -= drop;
      from -= drop;
      // What lies behind the window must not matter.
      view().fill(0x37, len);
    }
    this.exports.give(window);
    return all;
  }

  /** Copies bytes into a block of their exact size, so that a read behind them meets other memory. */
  place(bytes: Uint8Array): number {
    const ptr = this.exports.take(Math.max(bytes.length, 1));
    if (ptr === 0) throw new Error('no room in the kernel');
    new Uint8Array(this.exports.memory.buffer, ptr, bytes.length).set(bytes);
    return ptr;
  }

  /** Whether the fast refusal lets a text pass. */
  mayMatch(set: number, text: string): boolean {
    const ptr = this.place(Buffer.from(text, 'latin1'));
    const result = this.exports.may(set, ptr, text.length) !== 0;
    this.exports.give(ptr);
    return result;
  }

  /** Strength and kinds of a JSON number. */
  number(set: number, text: string): { strength: number; kinds: bigint } {
    const ptr = this.place(Buffer.from(text));
    const strength = this.exports.ofNumber(set, ptr, text.length);
    this.exports.give(ptr);
    return { strength, kinds: this.exports.ofNumberKinds() };
  }

  private found(base: number): Found {
    return {
      start: base + this.exports.foundStart(),
      end: base + this.exports.foundEnd(),
      strength: this.exports.foundStrength(),
      kinds: BigInt.asUintN(64, this.exports.foundKinds()),
    };
  }
}

/** The names of the kinds in a set of kinds. */
export function kindNames(kinds: bigint): string[] {
  const names: string[] = allKinds.filter((name) => (kinds >> BigInt(detectorKinds[name])) & 1n);
  for (let i = 0; i < 8; i++) if ((kinds >> BigInt(56 + i)) & 1n) names.push(`Pattern${i}`);
  return names;
}

/** Compiles (or takes the cached module) and starts the kernel; `debug` keeps the assertions. */
export async function loadDetectKernel(
  target: 'release' | 'debug' = 'release',
): Promise<DetectKernel> {
  return new DetectKernel(new WebAssembly.Module(await compile(target)));
}

async function compile(target: 'release' | 'debug'): Promise<Uint8Array<ArrayBuffer>> {
  const folder = join(root, 'build/kernels');
  const file = join(folder, `detect-${target}-${digest()}.wasm`);
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
    if (/^detect-\w+-[0-9a-f]{16}\.wasm$/.test(name) && !name.includes(current)) {
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
  for (const file of [...files, 'assembly/layout.ts', entry])
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
