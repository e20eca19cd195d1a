/** `dta policy diff`: what one policy set grants that another does not, with examples that the filter confirms. */
import { Command } from 'commander';

import { loadModule } from '../../../../host/module.ts';
import { policyInvalid } from '../../../api/problem.ts';
import { systemClock } from '../../../clock.ts';
import { errorCatalogue } from '../../../errors.ts';
import type { ConcreteRequest } from '../../../policy/analysis/concrete-request.ts';
import { type DifferenceEntry, diffSets } from '../../../policy/analysis/diff-sets.ts';
import type { GaveUpOn } from '../../../policy/analysis/finding.ts';
import { parsePolicySet } from '../../../policy/parse.ts';
import type { PolicySet } from '../../../policy/policy-set.ts';
import { confirmDifference, isGain } from '../../confirm-difference.ts';
import { outputOption, printJson } from '../../output.ts';
import { readPolicyFiles } from '../../policy-files.ts';
import { filterPath } from '../../project-paths.ts';

interface Options {
  readonly output: string;
  readonly exitCode?: boolean;
}

/** The command. With `--exit-code` a difference, or a destination without an answer, ends it with 4. */
export function diffCommand(): Command {
  return new Command('diff')
    .description('show what policy set <b> grants that <a> does not, and what it takes away')
    .argument('<a>', 'file or folder: the policy set before')
    .argument('<b>', 'file or folder: the policy set after')
    .option('--exit-code', 'exit with 4 when the sets differ')
    .addOption(outputOption())
    .action(async (a: string, b: string, { output, exitCode }: Options) => {
      const [before, after] = [readSet(a), readSet(b)];
      const { entries, gaveUp } = diffSets(before, after, { nowMs: systemClock() });
      const confirmed = entries.slice(0, CONFIRMED_MAX);
      if (confirmed.length > 0) {
        const module = await loadModule(filterPath());
        for (const entry of confirmed) confirmDifference(module, before, after, entry);
      }
      if (output === 'json') printJson({ entries, gaveUp, confirmed: confirmed.length });
      else printText(entries, gaveUp, { a, b });
      const isSame = entries.length === 0 && gaveUp.length === 0;
      if (exitCode && !isSame) process.exitCode = errorCatalogue.policyInvalid.exit;
    });
}

function readSet(path: string): PolicySet {
  const { set, errors } = parsePolicySet(readPolicyFiles([path]));
  if (errors.length > 0) throw policyInvalid(errors);
  return set;
}

function printText(
  entries: readonly DifferenceEntry[],
  gaveUp: readonly GaveUpOn[],
  names: { readonly a: string; readonly b: string },
): void {
  let destination = '';
  for (const entry of entries) {
    const title = titleOf(entry);
    if (title !== destination) console.log(title);
    destination = title;
    const { kind, label, region, isExact, rules, example } = entry;
    const what = label === undefined ? kind : `${kind} \`${label}\``;
    console.log(
      `  ${isGain(entry) ? '+' : '-'} ${what}: ${region}${isExact ? '' : ' (some of it)'}`,
    );
    for (const { rule, side, effect, file, line } of rules) {
      console.log(`      ${effect} rule \`${rule}\` of ${names[side]}, ${file}:${line}`);
    }
    console.log(`      for example ${showRequest(example)}`);
  }
  for (const place of gaveUp) console.log(`${titleOf(place)}: not compared, ${place.reason}`);
  if (entries.length + gaveUp.length === 0)
    console.log('same: both sets decide every request alike');
  if (entries.length > CONFIRMED_MAX) {
    console.log(`the filter confirmed the first ${CONFIRMED_MAX} examples`);
  }
}

function titleOf({ service, environment }: Pick<DifferenceEntry, 'service' | 'environment'>) {
  return `service \`${service}\` in ${environment === undefined ? 'every environment that no policy names' : `\`${environment}\``}`;
}

function showRequest(request: ConcreteRequest): string {
  const { identity, method, path, query, host, headers, timeMs, signals, band } = request;
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    values.map((value) => `${name}: ${value}`),
  );
  const facts = Object.entries({ ...identity.labels, ...signals }).map(([k, v]) => `${k}=${v}`);
  return [
    `${method} ${path}${query === '' ? '' : `?${query}`}`,
    host === undefined ? 'without a host' : `to ${host}`,
    ...lines,
    `from ${identity.environment}/${identity.service} of team ${identity.team}`,
    ...facts,
    `at ${new Date(timeMs).toISOString()}`,
    `in band ${band}`,
  ].join(', ');
}

/** Each example costs two bundles; a set that differs everywhere would take minutes. */
const CONFIRMED_MAX = 200;
