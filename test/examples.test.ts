/** The examples: their tests pass, and the commands of their READMEs print what is written there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { dtaInProcess } from './cli/in-process.ts';

// `demo` is run by test/envoy, on real parts.
const examples = readdirSync('examples').filter((name) => name !== 'demo');

test('there are examples', () => {
  expect(examples.length).toBeGreaterThan(3);
});

describe.each(examples)('%s', (name) => {
  const readme = readFileSync(join('examples', name, 'README.md'), 'utf8');
  const blocks = consoleBlocks(readme);

  test('tests its policies', () => {
    expect(blocks.some((text) => text.startsWith('$ ./dta policy test '))).toBe(true);
  });

  const commands = blocks.map((block) => [block.split('\n')[0] ?? '', block] as const);
  test.each(commands)('prints what the README says: %s', printsAsWritten);
});

describe('docs/policy-tools.md', () => {
  // Those of `dta policy` tell times and places of files that examples do not fix.
  const blocks = consoleBlocks(readFileSync('docs/policy-tools.md', 'utf8'))
    .filter((text) => /^\$ \.\/dta (?:mask|classify) /.test(text))
    .map((block) => [block.split('\n')[0] ?? '', block] as const);

  test.each(blocks)('prints what is written: %s', printsAsWritten);
});

function consoleBlocks(text: string): string[] {
  return [...text.matchAll(/```console\n(.*?)```/gs)].map(([, block = '']) => block);
}

async function printsAsWritten(command: string, block: string): Promise<void> {
  const [, ...printed] = block.split('\n');
  const { stdout, stderr } = await dtaInProcess(wordsOf(command.replace('$ ./dta ', '')));
  expect(`${stdout.trimEnd()}\n${stderr}`.trim()).toBe(printed.join('\n').trim());
}

/** As a shell takes a line apart that knows of single quotes only. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
