/** `dta policy import`: Istio's AuthorizationPolicies as policies of this mesh. */
import { Command, InvalidArgumentError, Option } from 'commander';

import { policyInvalid } from '../../../api/problem.ts';
import { DtaError } from '../../../errors.ts';
import {
  type ImportOptions,
  importAuthorizationPolicies,
} from '../../../policy/import/authorization-policies.ts';
import type { ImportNote } from '../../../policy/import/note.ts';
import { outputOption, printJson } from '../../output.ts';
import { parsePort } from '../../parse-arguments.ts';
import { readPolicyTexts } from '../../policy-files.ts';

interface Options extends ImportOptions {
  readonly strict: boolean;
  readonly output: string;
}

/** The command. Policies go to standard output, notes to standard error; with `--strict` exit code 4. */
export function importCommand(): Command {
  return new Command('import')
    .description(
      "write Istio's AuthorizationPolicies as policies of this mesh; needs no controller",
    )
    .argument('<path...>', 'files or folders with AuthorizationPolicies')
    .option('--service-label <label>', 'label of workloads that names their service', 'app')
    .option(
      '--destination <environment/service>',
      'what all of the policies are for, whatever they select',
      parseDestination,
    )
    .addOption(
      new Option('--namespace-is <part>', 'what stands for namespaces here').choices([
        'environment',
        'team',
      ]),
    )
    .addOption(
      new Option(
        '--service-account-is <part>',
        'what stands for service accounts here; needs --namespace-is',
      ).choices(['service']),
    )
    .option('--root-namespace <name>', 'its policies are for all namespaces', 'istio-system')
    .option('--port <port>', 'the only port of the workload', parsePort)
    .option('--strict', 'fail when something cannot be carried over', false)
    .addOption(outputOption())
    .action((paths: string[], { strict, output, ...options }: Options) => {
      if (options.serviceAccountIs !== undefined && options.namespaceIs === undefined) {
        throw new DtaError('usage', '`--service-account-is` needs `--namespace-is`', {
          help: 'a service account has its name within a namespace: say what stands for both',
        });
      }
      const { text, notes, errors } = importAuthorizationPolicies(readPolicyTexts(paths), options);
      if (errors.length > 0) throw policyInvalid([...errors]);
      const lost = notes.filter(({ kind }) => kind === 'notCarried');
      if (strict && lost.length > 0) {
        throw new DtaError('policyInvalid', `${lost.length} parts cannot be carried over`, {
          help: 'change them, or import without `--strict`: what is lost is denied',
          fields: { errors: lost.map(asError) },
        });
      }
      if (output === 'json') return printJson({ text, notes });
      for (const note of notes) console.error(noteLine(note));
      process.stdout.write(text);
    });
}

function parseDestination(text: string): NonNullable<ImportOptions['destination']> {
  const [, environment, service] =
    /^(?:([A-Za-z0-9._-]{1,63})\/)?([A-Za-z0-9._-]{1,63})$/.exec(text) ?? [];
  if (service === undefined) {
    throw new InvalidArgumentError(
      'expected <environment>/<service>, or <service> for all of them',
    );
  }
  return { service, environment };
}

function asError(note: ImportNote) {
  const { file, line, column, message } = note;
  const help = 'see `dta policy import --help` for what can be said about the mesh';
  return { file, line, column, message: `${note.field}: ${message}`, help };
}

function noteLine({ file, line, column, kind, policy, field, message }: ImportNote): string {
  const about = [policy, field].filter((part) => part !== '').join(' ');
  return `${file}:${line}:${column}: ${titles[kind]}: ${about === '' ? '' : `${about}: `}${message}`;
}

const titles = {
  notCarried: 'not carried over',
  neverMatches: 'matches nothing',
  information: 'note',
} as const;
