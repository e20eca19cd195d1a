/** `dta mask`: what policies do to bodies. */
import { Command } from 'commander';

import { maskTestCommand } from './mask/test.ts';
import { tryCommand } from './mask/try.ts';

export function maskCommand(): Command {
  return new Command('mask')
    .description('try and test masking')
    .addCommand(tryCommand())
    .addCommand(maskTestCommand());
}
