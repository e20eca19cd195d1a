/** Runs a command line in this process, as `controller/cli/dta.ts` does: for the many cases that end before anything starts. */
import { vi } from 'vitest';

import { buildProgram } from '../../controller/cli/program.ts';
import { reportFailure } from '../../controller/cli/report-failure.ts';
import type { Outcome } from './run.ts';

/** Parses and runs `args`; what it prints is kept from the test's own output. */
export async function dtaInProcess(args: readonly string[]): Promise<Outcome> {
  const read = { stdout: '', stderr: '' };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(keep('stdout')),
    vi.spyOn(process.stderr, 'write').mockImplementation(keep('stderr')),
    vi.spyOn(console, 'log').mockImplementation((line) => keep('stdout')(`${line}\n`)),
    vi.spyOn(console, 'error').mockImplementation((line) => keep('stderr')(`${line}\n`)),
  ];
  function keep(name: 'stdout' | 'stderr') {
    return (text: string | Uint8Array): boolean => {
      read[name] += text;
      return true;
    };
  }
  let exit = 0;
  try {
    await buildProgram().parseAsync(['node', 'dta', ...args]);
  } catch (error) {
    exit = reportFailure(error);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return { exit, ...read };
}
