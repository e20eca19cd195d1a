/** `dta policy fmt`: brings policy files into their canonical form. */
import { randomUUID } from 'node:crypto';
import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';

import { Command } from 'commander';

import { policyInvalid } from '../../../api/problem.ts';
import { DtaError } from '../../../errors.ts';
import { formatPolicyText } from '../../../policy/format/format-policy-text.ts';
import type { PolicyError } from '../../../policy/policy-error.ts';
import type { PolicyFile } from '../../../policy/yaml-file.ts';
import { readPolicyTexts } from '../../policy-files.ts';

interface Options {
  readonly check?: boolean;
}

/** A file and its canonical form. */
interface Formatted extends PolicyFile {
  readonly formatted: string;
}

/**
 * The command `fmt`; `-` reads `input`. Exits with `policyInvalid` when a file has mistakes, or with `--check` when one is not
 * formatted.
 */
export function fmtCommand(input: Readable = process.stdin): Command {
  return new Command('fmt')
    .description('write policy files in their canonical form; all of them or, with mistakes, none')
    .argument('<path...>', 'files or folders, or `-` for standard input to standard output')
    .option('--check', 'change nothing: name the files that are not in canonical form')
    .action(async (paths: string[], options: Options) => {
      const isStream = paths.includes('-');
      if (isStream && paths.length > 1) {
        throw new DtaError('usage', '`-` stands beside other paths', { help: 'name it alone' });
      }
      const files = isStream ? [{ name: '-', text: await readAll(input) }] : readPolicyTexts(paths);
      const formatted = formatAll(files);
      const changed = formatted.filter((file) => file.formatted !== file.text);
      if (options.check === true) reportCheck(changed);
      else if (isStream) process.stdout.write(formatted[0]?.formatted ?? '');
      else writeAll(changed);
    });
}

// Before anything is written, so that mistakes leave every file as it was.
function formatAll(files: readonly PolicyFile[]): Formatted[] {
  const errors: PolicyError[] = [];
  const formatted: Formatted[] = [];
  for (const file of files) {
    const result = formatPolicyText(file.name, file.text);
    if ('errors' in result) errors.push(...result.errors);
    else formatted.push({ ...file, formatted: result.text });
  }
  if (errors.length > 0) throw policyInvalid(errors);
  return formatted;
}

function reportCheck(changed: readonly Formatted[]): void {
  if (changed.length === 0) return;
  for (const { name } of changed) console.log(name);
  const count = changed.length === 1 ? 'a file is' : `${changed.length} files are`;
  throw new DtaError('policyInvalid', `${count} not in canonical form`, {
    help: 'run `dta policy fmt` on them',
  });
}

function writeAll(changed: readonly Formatted[]): void {
  for (const { name, formatted } of changed) {
    replaceFile(name, formatted);
    console.log(`formatted ${name}`);
  }
}

/** Readers see the file as it was or as it is now; a link stays one, and the mode too. */
function replaceFile(name: string, text: string): void {
  const path = realpathSync(name);
  const draft = `${path}.${randomUUID()}.new`;
  try {
    writeFileSync(draft, text, { flag: 'wx' });
    chmodSync(draft, statSync(path).mode & 0o7777);
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw new DtaError('setup', `\`${name}\` cannot be written`, {
      help: 'the folder has to be writable: a new file takes the place of the old one',
      cause,
    });
  }
}
