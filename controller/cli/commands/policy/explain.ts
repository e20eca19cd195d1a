/** `dta policy explain`: why a request gets its answer, and what would have changed it. */
import { Command, Option } from 'commander';

import { policyInvalid } from '../../../api/problem.ts';
import { systemClock } from '../../../clock.ts';
import { DtaError } from '../../../errors.ts';
import { Direction } from '../../../layout.ts';
import { withStrangers } from '../../../policy/compile/foreign-callers.ts';
import { joinQuestions, type QuestionFields } from '../../../policy/kinds/question.ts';
import { parsePolicySet } from '../../../policy/parse.ts';
import { Problem } from '../../../policy/problem.ts';
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
import {
  checkDestination,
  type TargetOptions,
  targetFromOptions,
  targetOptions,
} from '../../policy-lab/target-flags.ts';
import { filterPath } from '../../project-paths.ts';

interface Options extends Omit<QuestionOptions, 'request'>, TargetOptions {
  readonly request?: string;
  readonly direction: 'inbound' | 'outbound';
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
    .addOption(
      new Option('--direction <side>', 'whose proxy decides')
        .choices(['inbound', 'outbound'])
        .default('inbound'),
    )
    .option('--request <file>', 'all of the request as JSON, `-` for standard input')
    .option('--exit-code', 'exit with 4 when the verdict is not Allow');
  for (const option of [...targetOptions(), ...questionOptions()]) command.addOption(option);
  return command.addOption(outputOption()).action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  const { set: written, errors } = parsePolicySet(readPolicyFiles(paths));
  if (errors.length > 0) throw policyInvalid(errors);
  const fields = fieldsOf(options);
  const direction = options.direction === 'inbound' ? Direction.Inbound : Direction.Outbound;
  const target = targetFromOptions(options, direction, fields.source?.domain);
  const set = withStrangers(written, target.mesh, target.federatedDomains);
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
