/** Runs `./dta` as an operator does and keeps what it printed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a command did. */
export interface Outcome {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with what it runs. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Path of something in the checkout. */
export function inProject(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Runs a command to its end. */
export function dta(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(inProject('dta'), args, options);
}

/** Runs any program to its end. */
export function run(
  command: string,
  args: readonly string[],
  { cwd, env = {} }: RunOptions = {},
): Promise<Outcome> {
  const child = start(command, args, { env, ...(cwd !== undefined && { cwd }) });
  const read = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      read[name] += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit) => resolve({ exit, ...read }));
  });
}

/** A command that runs on until it is stopped. */
export interface Running {
  /** The line that it was waited for. */
  readonly said: string;
  /** Asks it to end; gives its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `dta` and waits for a line; rejects with what it printed when it ends before. */
export async function startDta(args: readonly string[], line: RegExp): Promise<Running> {
  const child = start(inProject('dta'), args, {});
  let text = '';
  const said = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const match = line.exec(text);
        if (match) resolve(match[0]);
      });
    }
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)));
  });
  const stop = () =>
    new Promise<number | null>((resolve) => {
      child.once('exit', resolve);
      child.kill('SIGTERM');
    });
  return { said, stop };
}

/** Only what a test sets: nothing of who runs it decides the outcome. */
function start(command: string, args: readonly string[], { cwd, env }: RunOptions): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  return spawn(command, args, {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
