/** `dta policy explain`: why a request gets its answer, and what would have changed it. */
import { Command, InvalidArgumentError, Option } from 'commander';

import { policyInvalid } from '../../../api/problem.ts';
import { systemClock } from '../../../clock.ts';
import { DtaError } from '../../../errors.ts';
import { Direction } from '../../../layout.ts';
import type { BundleTarget } from '../../../policy/compile.ts';
import { parseName } from '../../../policy/kinds/leaf.ts';
import { joinQuestions, parseDomain, type QuestionFields } from '../../../policy/kinds/question.ts';
import { parsePolicySet } from '../../../policy/parse.ts';
import type { PolicySet } from '../../../policy/policy-set.ts';
import { Problem } from '../../../policy/problem.ts';
import { destinationsOf } from '../../../policy/select.ts';
import { outputOption, printJson } from '../../output.ts';
import { readPolicyFiles } from '../../policy-files.ts';
import { explain } from '../../policy-lab/explain.ts';
import { loadFilter } from '../../policy-lab/laboratory.ts';
import {
  type QuestionOptions,
  questionFromFile,
  questionFromOptions,
  questionOptions,
} from '../../policy-lab/question-flags.ts';
import { questionOf } from '../../policy-lab/question-of.ts';
import { showExplanation } from '../../policy-lab/show-explanation.ts';
import { smallestChange } from '../../policy-lab/smallest-change.ts';
import { filterPath } from '../../project-paths.ts';

interface Options extends Omit<QuestionOptions, 'request'> {
  readonly request?: string;
  readonly destination?: { readonly service: string; readonly environment: string };
  readonly service?: string;
  readonly environment?: string;
  readonly direction: 'inbound' | 'outbound';
  readonly mesh?: string;
  readonly exitCode?: boolean;
  readonly output: string;
}

/** The command. With `--exit-code` a verdict other than Allow ends it with 4. */
export function explainCommand(): Command {
  const command = new Command('explain')
    .description(
      'ask the filter about one request: the verdict, why, and what would have changed it',
    )
    .argument('<path...>', 'files or folders: together one policy set')
    .option('--destination <service@environment>', 'who is called', parseDestination)
    .option('--service <name>', 'who is called', name)
    .option('--environment <name>', 'where it runs', name)
    .addOption(
      new Option('--direction <side>', 'whose proxy decides')
        .choices(['inbound', 'outbound'])
        .default('inbound'),
    )
    .option('--mesh <domain>', 'trust domain; default that of --spiffe-id, or mesh.test', mesh)
    .option('--request <file>', 'all of the request as JSON, `-` for standard input')
    .option('--exit-code', 'exit with 4 when the verdict is not Allow');
  for (const option of questionOptions()) command.addOption(option);
  return command.addOption(outputOption()).action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  const { set, errors } = parsePolicySet(readPolicyFiles(paths));
  if (errors.length > 0) throw policyInvalid(errors);
  const fields = fieldsOf(options);
  const target = targetOf(options, fields);
  checkDestination(set, target);
  const question = questionOf(fields, target, systemClock());
  if (question instanceof Problem) {
    throw new DtaError('usage', question.message, { help: question.help });
  }
  const module = await loadFilter(filterPath());
  const explanation = explain(module, set, target, question);
  const smallest = smallestChange(module, set, target, question);
  if (options.output === 'json') printJson({ ...explanation, question, smallestChange: smallest });
  else for (const line of showExplanation(explanation, smallest)) console.log(line);
  if (options.exitCode && explanation.verdict !== 'Allow') {
    throw new DtaError('policyInvalid', `the verdict is \`${explanation.verdict}\`, not \`Allow\``);
  }
}

function fieldsOf({ request, ...options }: Options): QuestionFields {
  const above = questionFromOptions(options);
  return request === undefined ? above : joinQuestions(above, questionFromFile(request));
}

function targetOf(options: Options, { source }: QuestionFields): BundleTarget {
  const { destination, mesh: named = source?.domain ?? 'mesh.test' } = options;
  const service = destination?.service ?? options.service;
  const environment = destination?.environment ?? options.environment;
  if (service === undefined || environment === undefined) {
    throw new DtaError('usage', 'it is not said who is called', {
      help: 'write `--destination <service>@<environment>`, for example `orders@prod`',
    });
  }
  const direction = options.direction === 'inbound' ? Direction.Inbound : Direction.Outbound;
  return { mesh: named, service, environment, direction };
}

// Everything is denied where there are no policies: that is more often a slip than a question.
function checkDestination(set: PolicySet, { service, environment }: BundleTarget): void {
  const known = destinationsOf(set);
  const isKnown = known.some(
    (one) =>
      one.service === service && (one.environment === undefined || one.environment === environment),
  );
  if (isKnown) return;
  const names = known.map((one) => `${one.service}@${one.environment ?? '<any>'}`);
  throw new DtaError('usage', `no policy is for \`${service}@${environment}\``, {
    help: `the policies are for ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', ...' : ''}`,
  });
}

function parseDestination(text: string): { service: string; environment: string } {
  const [service = '', environment, ...more] = text.split('@');
  if (environment === undefined || more.length > 0) {
    throw new InvalidArgumentError('expected <service>@<environment>, for example orders@prod');
  }
  return { service: name(service), environment: name(environment) };
}

function name(text: string): string {
  const read = parseName(text);
  if (read instanceof Problem) throw new InvalidArgumentError(`${read.message}: ${read.help}`);
  return read;
}

function mesh(text: string): string {
  const read = parseDomain(text);
  if (read instanceof Problem) throw new InvalidArgumentError(`${read.message}: ${read.help}`);
  return read;
}
