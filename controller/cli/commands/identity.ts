/** `dta identity`: who may join the mesh, who has joined, who has to renew, who has to leave it. */
import { Command } from 'commander';

import { issueCommand } from './identity/issue.ts';
import { listCommand } from './identity/list.ts';
import { registerCommand, unregisterCommand } from './identity/register.ts';
import { revokeCommand } from './identity/revoke.ts';
import { rotateCommand } from './identity/rotate.ts';
import { watchCommand } from './identity/watch.ts';
import { inspectCommand } from './inspect.ts';

export function identityCommand(): Command {
  const command = new Command('identity').description(
    'register, issue, list, explain, rotate, revoke and watch service identities',
  );
  const commands = [
    registerCommand(),
    unregisterCommand(),
    issueCommand(),
    listCommand(),
    inspectCommand(),
    rotateCommand(),
    revokeCommand(),
    watchCommand(),
  ];
  for (const each of commands) command.addCommand(each);
  return command;
}
