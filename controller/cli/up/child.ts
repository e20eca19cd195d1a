/** Child processes of `dta up`: each with a log file, a sign of life to wait for, and an end that is waited for. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { DtaError } from '../../errors.ts';

/** How a child is started. */
export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The line that says it is ready; what its first group holds is given back. */
  readonly ready: RegExp;
}

/** A running child. */
export interface Child {
  readonly name: string;
  /** First group of the ready line, or the whole match. */
  readonly said: string;
  stop(): Promise<void>;
}

/** Starts a child and waits for its sign of life. Throws `setup` with its last words when it ends or stays silent. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { name, command, args, logFile, ready } = options;
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const log = createWriteStream(logFile);
  const said = await new Promise<string>((resolve, reject) => {
    const fail = (what: string) => reject(failure(name, what, logFile));
    const timer = setTimeout(
      () => fail(`was not ready in ${readyWithinMs / 1000} s`),
      readyWithinMs,
    );
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        const match = ready.exec(line);
        if (match) {
          clearTimeout(timer);
          resolve(match[1] ?? match[0]);
        }
      });
    }
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with exit code ${code}`);
    });
  }).catch(async (error: unknown) => {
    await end(child);
    throw error;
  });
  return { name, said, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  await ended;
  clearTimeout(timer);
}

function failure(name: string, what: string, logFile: string): DtaError {
  const lastWords = readFileSync(logFile, { encoding: 'utf8', flag: 'a+' })
    .trim()
    .split('\n')
    .slice(-5);
  return new DtaError('setup', `${name} ${what}`, {
    help: `its log is ${logFile}; it ends with:\n    ${lastWords.join('\n    ')}`,
  });
}

const readyWithinMs = 30_000;
const killAfterMs = 5_000;
