/** Counts user instructions of Envoy's worker under valgrind, for kernels that have no counters. */
import { execFile, spawnSync } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether the tools are installed. */
export function hasCallgrind(): boolean {
  const found = (tool: string) => spawnSync(tool, ['--help']).error === undefined;
  return found('valgrind') && found('vgdb');
}

/** Goes in front of Envoy's command so that `Callgrind` can count; dumps go to `directory`. */
export function callgrindCommand(directory: string): string[] {
  return [
    'valgrind',
    '--tool=callgrind',
    '--instr-atstart=no',
    '--separate-threads=yes',
    `--log-file=${join(directory, 'valgrind.log')}`,
    `--callgrind-out-file=${join(directory, dumpPrefix)}`,
  ];
}

/** A process that was started with `callgrindCommand`. */
export class Callgrind {
  readonly #pid: number;
  readonly #directory: string;

  constructor(pid: number, directory: string) {
    this.#pid = pid;
    this.#directory = directory;
  }

  /** Starts counting; until then the process runs about four times faster. */
  async enable(): Promise<void> {
    await this.#tell('instrumentation', 'on');
  }

  /** User instructions of the busiest thread, which is the worker, while `work` runs. */
  async during(work: () => Promise<void>): Promise<number> {
    await this.#tell('zero');
    await work();
    await this.#tell('dump');
    let most = 0;
    for (const name of await readdir(this.#directory)) {
      if (!name.startsWith(dumpPrefix)) continue;
      const file = join(this.#directory, name);
      const [, count] = /^summary: (\d+)/m.exec(await readFile(file, 'utf8')) ?? [];
      most = Math.max(most, Number(count ?? 0));
      await rm(file);
    }
    if (most === 0) throw new Error('callgrind counted nothing');
    return most;
  }

  async #tell(...command: string[]): Promise<void> {
    await run('vgdb', [`--pid=${this.#pid}`, ...command]);
  }
}

const dumpPrefix = 'callgrind.';
