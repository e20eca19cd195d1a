/** What the worker spends: user instructions where the kernel counts them, else CPU time. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A way to measure. */
export interface WorkerCost {
  readonly unit: 'instructions' | 'ns';
  /** For the report. */
  readonly title: string;
  /** What the worker spends while `work` runs. */
  during(work: () => Promise<void>): Promise<number>;
}

/** The best measure that this machine has for the thread `tid`. */
export function chooseWorkerCost(tid: number): WorkerCost {
  return countsInstructions() ? instructions(tid) : onCpuTime(tid);
}

function countsInstructions(): boolean {
  const probe = spawnSync('perf', ['stat', '-x,', '-e', event, 'true'], { encoding: 'utf8' });
  return probe.status === 0 && Number.parseInt(probe.stderr, 10) > 0;
}

function onCpuTime(tid: number): WorkerCost {
  // First field: nanoseconds on the core, user and kernel; exact whenever the thread sleeps.
  const read = () =>
    Number(readFileSync(`/proc/${tid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]);
  return {
    unit: 'ns',
    title: 'CPU time of the worker, user and kernel (schedstat: no instruction counters here)',
    async during(work) {
      const before = read();
      await work();
      return read() - before;
    },
  };
}

function instructions(tid: number): WorkerCost {
  return {
    unit: 'instructions',
    title: `user instructions of the worker (perf stat -e ${event})`,
    during: (work) => perfDuring(tid, event, work),
  };
}

/** Counts `counted` on one thread while `work` runs. */
export async function perfDuring(
  tid: number,
  counted: string,
  work: () => Promise<void>,
): Promise<number> {
  // Starts with the event off; commands come on fd 3, each is acknowledged on fd 4.
  const perf = spawn(
    'perf',
    ['stat', '-x,', '-e', counted, '-t', String(tid), '-D', '-1', '--control', 'fd:3,4'],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] },
  );
  const [, , report, control, acknowledged] = perf.stdio;
  if (!report || !control || !acknowledged || !('write' in control)) throw new Error('no perf');
  const ended = new Promise<void>((resolve) => perf.once('close', () => resolve()));
  let text = '';
  report.on('data', (chunk) => {
    text += chunk;
  });
  const tell = (command: string) =>
    new Promise<void>((resolve, reject) => {
      ended.then(() => reject(new Error(`perf ended: ${text}`)));
      acknowledged.once('data', () => resolve());
      control.write(`${command}\n`);
    });
  await tell('enable');
  await work();
  await tell('disable');
  perf.kill('SIGINT');
  await ended;
  const value = Number(/^([\d.]+),/m.exec(text)?.[1]);
  if (!(value > 0)) throw new Error(`perf counted nothing: ${text}`);
  return value;
}

const event = 'instructions:u';
