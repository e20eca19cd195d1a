/** Runs a real Envoy for a test. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const projectEnvoy = new URL('../../.tools/bin/envoy', import.meta.url).pathname;
const envoyBin = process.env.ENVOY_BIN ?? projectEnvoy;

/** Whether `envoy --mode validate` takes the bootstrap; what it wrote is in `output`. */
export async function validateBootstrap(
  directory: string,
  bootstrap: string,
): Promise<{ isValid: boolean; output: string }> {
  const file = join(directory, 'validate.yaml');
  await writeFile(file, bootstrap);
  const args = ['--mode', 'validate', '-c', file, '--log-level', 'warn'];
  return await new Promise((resolve) => {
    execFile(requireEnvoy(), args, (error, stdout, stderr) =>
      resolve({ isValid: error === null, output: stdout + stderr }),
    );
  });
}

/** An Envoy that has started its workers. */
export class EnvoyProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts Envoy and waits until its listeners serve; rejects with its last lines when it ends before. */
  static async start(directory: string, bootstrap: string): Promise<EnvoyProcess> {
    const file = join(directory, 'envoy.yaml');
    await writeFile(file, bootstrap);
    const args = ['-c', file, '--use-dynamic-base-id', '--concurrency', '1'];
    const child = spawn(requireEnvoy(), args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const lines: string[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      if (line.includes('starting workers')) resolve();
    });
    child.once('exit', (code) => {
      reject(new Error(`envoy ended with ${code}:\n${lines.slice(-15).join('\n')}`));
    });
    await promise;
    return new EnvoyProcess(child);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** A port on loopback that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function requireEnvoy(): string {
  if (!existsSync(envoyBin)) throw new Error(`no Envoy at ${envoyBin}: run \`make setup\``);
  return envoyBin;
}
