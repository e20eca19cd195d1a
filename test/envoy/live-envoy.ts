/** An Envoy for the suites of a whole mesh: its memory can be read, and whether it still runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { envoyPath } from '../../controller/cli/project-paths.ts';

/** What may be different. */
export interface LiveEnvoyOptions {
  readonly workers?: number;
  /** Beside this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running Envoy with an admin interface on loopback. */
export class LiveEnvoy {
  /** What it logged: warnings and worse. */
  readonly log: string[] = [];
  readonly #child: ChildProcess;
  readonly #adminPort: number;

  private constructor(child: ChildProcess, adminPort: number) {
    this.#child = child;
    this.#adminPort = adminPort;
  }

  /** Starts Envoy and waits until it answers `/ready` with 200. */
  static async start(
    directory: string,
    name: string,
    bootstrap: string,
    adminPort: number,
    { workers = 2, env: extra = {} }: LiveEnvoyOptions = {},
  ): Promise<LiveEnvoy> {
    const file = join(directory, `${name}.yaml`);
    await writeFile(file, bootstrap);
    const args = ['-c', file, '--use-dynamic-base-id', '--log-level', 'warn'];
    args.push('--concurrency', String(workers));
    const env = { ...process.env, ...extra, DTA_WORKERS: String(workers) };
    const child = spawn(envoyPath(), args, { stdio: ['ignore', 'ignore', 'pipe'], env });
    const envoy = new LiveEnvoy(child, adminPort);
    createInterface({ input: child.stderr }).on('line', (line) => envoy.log.push(line));
    try {
      await envoy.#untilReady();
    } catch (error) {
      await envoy.stop();
      throw error;
    }
    return envoy;
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resident memory in MiB. */
  rssMiB(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024);
  }

  /** What the admin interface answers. */
  async admin(path: string): Promise<string> {
    return await (await fetch(`http://127.0.0.1:${this.#adminPort}${path}`)).text();
  }

  /** Counters and gauges whose name matches, by name. */
  async stats(pattern: string): Promise<Record<string, number>> {
    const lines = (await this.admin(`/stats?filter=${encodeURIComponent(pattern)}`)).split('\n');
    return Object.fromEntries(
      lines.flatMap((line) => {
        const [, name, value] = /^(.+): (\d+)$/.exec(line) ?? [];
        return name === undefined ? [] : [[name, Number(value)]];
      }),
    );
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #untilReady(): Promise<void> {
    const deadline = Date.now() + readyWithinMs;
    while (this.isRunning && Date.now() < deadline) {
      const answer = await fetch(`http://127.0.0.1:${this.#adminPort}/ready`).catch(
        () => undefined,
      );
      await answer?.text();
      if (answer?.status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`envoy did not get ready:\n${this.log.slice(-15).join('\n')}`);
  }
}

const readyWithinMs = 20_000;
