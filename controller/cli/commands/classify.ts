/** `dta classify`: what bodies hold. */
import { Command } from 'commander';

import { scanCommand } from './classify/scan.ts';

export function classifyCommand(): Command {
  return new Command('classify').description('find out what bodies hold').addCommand(scanCommand());
}
