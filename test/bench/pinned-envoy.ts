/** A real Envoy with one worker on one core, and the thread of that worker. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A running Envoy. */
export class PinnedEnvoy {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /**
   * Starts Envoy by `prefix` (commands that replace themselves by what follows them) and waits
   * until its workers run; rejects with its last lines when it ends before.
   */
  static async start(
    directory: string,
    bootstrap: string,
    prefix: readonly string[],
  ): Promise<PinnedEnvoy> {
    if (!existsSync(envoyBin)) throw new Error(`no Envoy at ${envoyBin}: run \`make setup\``);
    const file = join(directory, 'envoy.json');
    await writeFile(file, bootstrap);
    const options = ['-c', file, '--use-dynamic-base-id', '--concurrency', '1'];
    const [program = envoyBin, ...args] = [...prefix, envoyBin, ...options];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const lines: string[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      if (line.includes('starting workers')) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`envoy ended with ${code}:\n${lines.slice(-15).join('\n')}`));
    });
    await promise;
    return new PinnedEnvoy(child);
  }

  /** Version of the Envoy that runs, for the report. */
  static version(): string {
    const text = spawnSync(envoyBin, ['--version'], { encoding: 'utf8' }).stdout;
    return /\/([0-9.]+)\//.exec(text)?.[1] ?? 'of unknown version';
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Thread id of the worker: there is one for certain when a connection was taken. */
  workerTid(): number {
    const tasks = `/proc/${this.#child.pid}/task`;
    const name = (tid: string) => readFileSync(`${tasks}/${tid}/comm`, 'utf8').trim();
    const worker = readdirSync(tasks).find((tid) => name(tid) === 'wrk:worker_0');
    if (worker === undefined) throw new Error('envoy has no worker thread');
    return Number(worker);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

const projectEnvoy = new URL('../../.tools/bin/envoy', import.meta.url).pathname;
const envoyBin = process.env.ENVOY_BIN ?? projectEnvoy;
