/** `--key-command`: a program that makes and keeps the keys of the authority. */
import { Option } from 'commander';

import { DtaError } from '../../errors.ts';

export function keyCommandOption(): Option {
  return new Option(
    '--key-command <command>',
    'program that makes and keeps new keys of the authority (default: files)',
  );
}

/** The program and its first arguments, split at spaces. Fails with `usage` when there is no program. */
export function splitCommand(text: string): string[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length > 0) return words;
  throw new DtaError('usage', 'the program for keys has no name', {
    help: 'give its absolute path, for example --key-command "/usr/local/bin/dta-keys --slot 1"',
  });
}
