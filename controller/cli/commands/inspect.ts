/** `dta identity inspect`: explains any PEM, and whether policy could use it. */
import { readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { Command } from 'commander';

import { DtaError } from '../../errors.ts';
import { explainPem } from '../../identity/inspect/explain-pem.ts';
import type { Explanation, InspectOptions } from '../../identity/inspect/explanation.ts';
import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson } from '../output.ts';

interface Options {
  readonly trustDomain?: string;
  readonly roots?: string;
  readonly dataDir: string;
  readonly output: string;
}

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('explain a certificate, chain, signing request or revocation list (PEM)')
    .argument('<file>', 'file, or - for standard input')
    .option('--trust-domain <name>', 'of the mesh (default: as the controller says)')
    .option('--roots <file>', 'roots of the mesh, PEM (default: as the controller says)')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (file: string, options: Options) => {
      const text = file === '-' ? await readAll(process.stdin) : read(file);
      const explanations = explainPem(text, await whatIsKnown(options));
      if (options.output === 'json') return printJson(explanations);
      for (const [i, explanation] of explanations.entries()) print(explanation, i);
    });
}

/** A controller that is not there is nobody to ask, and no fault: the rest is explained without it. */
async function whatIsKnown({ trustDomain, roots, dataDir }: Options): Promise<InspectOptions> {
  const nowMs = Date.now();
  const given = { nowMs, trustDomain, rootPem: roots === undefined ? undefined : read(roots) };
  if (trustDomain !== undefined && roots !== undefined) return given;
  try {
    const authority = await operatorClient(dataDir).authority();
    const rootPem = authority.issuers.map((issuer) => issuer.rootPem).join('');
    return {
      nowMs,
      trustDomain: trustDomain ?? authority.trustDomain,
      rootPem: given.rootPem ?? rootPem,
    };
  } catch (error) {
    if (error instanceof DtaError && error.code === 'unreachable') return given;
    throw error;
  }
}

function print({ kind, facts, against }: Explanation, index: number): void {
  if (index > 0) console.log('');
  console.log(kind);
  const width = Math.max(...facts.map(([what]) => what.length));
  for (const [what, value] of facts) console.log(`  ${what.padEnd(width)}  ${value}`);
  if (!against) return;
  const who = kind === 'certificate' ? 'policy' : 'the authority';
  if (against.length === 0) console.log(`${who} could use it`);
  else for (const reason of against) console.log(`${who} could not use it: ${reason}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DtaError('notFound', `\`${path}\` cannot be read`, { cause });
  }
}
