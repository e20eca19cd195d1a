/** Puts the commands together; commander prints help, unknown options and near misses. */
import { Command } from 'commander';

import { errorCatalogue } from '../errors.ts';
import { version } from '../version.ts';
import { agentCommand } from './commands/agent.ts';
import { auditCommand } from './commands/audit.ts';
import { bandCommand } from './commands/band.ts';
import { bootstrapCommand } from './commands/bootstrap.ts';
import { caCommand } from './commands/ca.ts';
import { classifyCommand } from './commands/classify.ts';
import { controllerCommand } from './commands/controller.ts';
import { factCommand } from './commands/fact.ts';
import { federationCommand } from './commands/federation.ts';
import { identityCommand } from './commands/identity.ts';
import { maskCommand } from './commands/mask.ts';
import { policyCommand } from './commands/policy.ts';
import { restrictCommand } from './commands/restrict.ts';
import { signalCommand } from './commands/signal.ts';
import { statusCommand } from './commands/status.ts';
import { tokenCommand } from './commands/token.ts';
import { upCommand } from './commands/up.ts';
import { versionCommand } from './commands/version.ts';

/** The whole program. Errors are thrown, so that one place decides on the exit code. */
export function buildProgram(): Command {
  const program = new Command('dta')
    .description(
      'a service mesh that trusts nobody by default: identity, decisions, masking, evidence',
    )
    .version(version, '-V, --version', 'print the version')
    .showSuggestionAfterError()
    .showHelpAfterError('(`--help` shows what there is)')
    .addHelpText('after', exitCodes());
  const commands = [
    upCommand(),
    controllerCommand(),
    agentCommand(),
    bootstrapCommand(),
    policyCommand(),
    maskCommand(),
    classifyCommand(),
    identityCommand(),
    caCommand(),
    federationCommand(),
    restrictCommand(),
    bandCommand(),
    signalCommand(),
    factCommand(),
    statusCommand(),
    auditCommand(),
    tokenCommand(),
    versionCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  throwInsteadOfExit(program);
  return program;
}

/** Settings are not inherited by commands that were built elsewhere. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    throwInsteadOfExit(child);
  }
}

function exitCodes(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { exit }]) => `  ${String(exit).padStart(3)}  ${code}`,
  );
  return `\nExit codes:\n    0  done\n${rows.join('\n')}\n`;
}
