/** The command line `dta`: one program for controller, agent and operators. */
import { buildProgram } from './program.ts';
import { reportFailure } from './report-failure.ts';

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = reportFailure(error);
}
