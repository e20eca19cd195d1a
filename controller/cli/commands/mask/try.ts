/** `dta mask try`: what one body becomes on its way through the filter, and why. */
import { Command } from 'commander';

import { policyInvalid } from '../../../api/problem.ts';
import { systemClock } from '../../../clock.ts';
import { DtaError } from '../../../errors.ts';
import { Direction } from '../../../layout.ts';
import { joinQuestions } from '../../../policy/kinds/question.ts';
import { parsePolicySet } from '../../../policy/parse.ts';
import { Problem } from '../../../policy/problem.ts';
import { kindOfFile, typeOfKind } from '../../leaves/body-kind.ts';
import { explainMask, type MaskExplanation } from '../../mask-lab/explain-mask.ts';
import { MaskBench } from '../../mask-lab/mask-bench.ts';
import {
  type MessageOptions,
  messageFromOptions,
  messageOptions,
} from '../../mask-lab/mask-flags.ts';
import { showMask } from '../../mask-lab/show-mask.ts';
import { outputOption, printJson } from '../../output.ts';
import { readPolicyFiles } from '../../policy-files.ts';
import { loadFilter } from '../../policy-lab/laboratory.ts';
import {
  type QuestionOptions,
  questionFromOptions,
  questionOptions,
} from '../../policy-lab/question-flags.ts';
import { questionOf } from '../../policy-lab/question-of.ts';
import {
  checkDestination,
  type TargetOptions,
  targetFromOptions,
  targetOptions,
} from '../../policy-lab/target-flags.ts';
import { filterPath } from '../../project-paths.ts';

interface Options extends QuestionOptions, MessageOptions, TargetOptions {
  readonly include?: boolean;
  readonly explain?: boolean;
  readonly showClear?: boolean;
  readonly exitCode?: boolean;
  readonly output: string;
}

/** The command. The body goes to standard output, why to standard error. */
export function tryCommand(): Command {
  const command = new Command('try')
    .description('send one body through the filter: what comes out, and why')
    .argument('<path...>', 'files or folders: together one policy set');
  const options = [...targetOptions(), ...messageOptions(), ...questionOptions()];
  for (const option of options) command.addOption(option);
  return command
    .option('-i, --include', 'print the headers before the body, as they went on')
    .option('--explain', 'print only why, and on standard output')
    .option('--show-clear', 'also show masked values as they were')
    .option('--exit-code', 'exit with 4 when the message is refused')
    .addOption(outputOption())
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  const { set, errors } = parsePolicySet(readPolicyFiles(paths));
  if (errors.length > 0) throw policyInvalid(errors);
  const fields = joinQuestions(questionFromOptions(options), { request: { path: '/' } });
  const isOutbound = options.direction === 'outbound';
  const direction = isOutbound ? Direction.Outbound : Direction.Inbound;
  const target = targetFromOptions(options, direction, fields.source?.domain);
  checkDestination(set, target);
  const question = questionOf(fields, target, systemClock());
  if (question instanceof Problem) {
    throw new DtaError('usage', question.message, { help: question.help });
  }
  const message = messageFromOptions(options, (name) => typeOfKind(kindOfFile(name) ?? 'json'));
  const module = await loadFilter(filterPath());
  const explanation = explainMask(new MaskBench(module, set, target), question, message);
  print(explanation, options);
  if (options.exitCode && explanation.refusal !== undefined) {
    const { code, text } = explanation.refusal;
    throw new DtaError('policyInvalid', `the message is refused: ${text} (${code})`);
  }
}

function print(explanation: MaskExplanation, options: Options): void {
  const { showClear = false } = options;
  if (options.output === 'json') {
    printJson(asJson(explanation, showClear));
    return;
  }
  const why = showMask(explanation, showClear);
  if (options.explain) {
    for (const line of why) console.log(line);
    return;
  }
  const { headers = [], body } = explanation.passed;
  if (options.include) {
    for (const [name, value] of headers) console.log(`${name}: ${value}`);
    console.log('');
  }
  process.stdout.write(Buffer.from(body));
  // So that the reasons start a line of their own on a terminal.
  if (process.stdout.isTTY && body.at(-1) !== LINE_BREAK) process.stdout.write('\n');
  for (const line of why) console.error(line);
}

function asJson(explanation: MaskExplanation, showClear: boolean): unknown {
  const { passed, sent: _, values, ...rest } = explanation;
  const body = Buffer.from(passed.body);
  const text = body.toString();
  const isText = Buffer.from(text).equals(body);
  return {
    ...rest,
    headers: passed.headers,
    changedHeaders: explanation.headers,
    ...(isText ? { body: text } : { bodyBase64: body.toString('base64') }),
    values: values.map(({ before, entries, rules, ...value }) => ({
      ...value,
      ...(showClear ? { before } : {}),
      entries: entries.map(({ label, text: entry, policy }) => ({ label, entry, policy })),
      rules: rules.map(({ name, operator, mask }) => {
        const { file, line } = mask.origin;
        return { name, operator, file, line };
      }),
    })),
  };
}

const LINE_BREAK = 10;
