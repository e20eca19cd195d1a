/** Turns whatever was thrown into lines on standard error and an exit code. */
import { CommanderError } from 'commander';

import { DtaError, errorCatalogue } from '../errors.ts';
import type { PolicyError } from '../policy/policy-error.ts';

/** Prints the failure and gives the exit code (`errorCatalogue`, README "Exit codes"). */
export function reportFailure(error: unknown): number {
  // Commander has printed its own message; help and version are no failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : errorCatalogue.usage.exit;
  if (!(error instanceof DtaError)) {
    console.error('dta: error: internal fault');
    console.error(error);
    return errorCatalogue.internal.exit;
  }
  printPolicyErrors(error);
  console.error(`dta: error: ${error.message}${causes(error.cause)}`);
  if (error.help !== undefined) console.error(`  help: ${error.help}`);
  return errorCatalogue[error.code].exit;
}

/** Every mistake of a policy set, in the form that editors jump to. */
function printPolicyErrors(error: DtaError): void {
  if (error.code !== 'policyInvalid' || !Array.isArray(error.fields.errors)) return;
  for (const { file, line, column, message, help } of error.fields.errors as PolicyError[]) {
    console.error(`${file}:${line}:${column}: ${message}`);
    console.error(`  help: ${help}`);
  }
}

function causes(cause: unknown): string {
  if (!(cause instanceof Error)) return '';
  return `: ${cause.message.split('\n')[0]}${causes(cause.cause)}`;
}
