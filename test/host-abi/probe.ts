/** Compiles a probe of test/kernels/host-abi with the flags of the filter’s release build, once per test file. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');

/** A compiled probe; rejects with the compiler’s message. `extra` adds options of asc. */
export async function compileProbe(
  name: 'memory' | 'filter',
  extra: string[] = [],
): Promise<WebAssembly.Module> {
  const folder = await mkdtemp(join(tmpdir(), 'dta-probe-'));
  const outFile = join(folder, 'probe.wasm');
  const options = ['--runtime', 'minimal', '--exportStart', '_initialize', '--enable', 'simd'];
  const build = ['-O3', '--noAssert', '--converge', '--maximumMemory', '4096', '--config', 'none'];
  await promisify(execFile)(
    process.execPath,
    [
      join(root, 'node_modules/assemblyscript/bin/asc.js'),
      `test/kernels/host-abi/${name}.ts`,
      '--outFile',
      outFile,
      ...options,
      ...build,
      ...extra,
    ],
    { cwd: root },
  );
  const bytes = await readFile(outFile);
  await rm(folder, { recursive: true });
  return new WebAssembly.Module(new Uint8Array(bytes));
}
