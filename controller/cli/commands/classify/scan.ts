/** `dta classify scan`: proposes a classification for what sample bodies hold. */
import { Command, InvalidArgumentError } from 'commander';

import { systemClock } from '../../../clock.ts';
import { DtaError } from '../../../errors.ts';
import { detectorKinds } from '../../../policy/kinds/detectors.ts';
import { parseName } from '../../../policy/kinds/leaf.ts';
import { suggestName } from '../../../policy/nearest-name.ts';
import { Problem } from '../../../policy/problem.ts';
import { kindOfType } from '../../leaves/body-kind.ts';
import { loadFilter } from '../../policy-lab/laboratory.ts';
import { filterPath } from '../../project-paths.ts';
import { DetectorBench } from '../../scan/detector-bench.ts';
import { knownNames } from '../../scan/known-names.ts';
import { type Proposal, propose } from '../../scan/propose.ts';
import { listSamples } from '../../scan/sample-files.ts';
import { type Scan, scanSamples } from '../../scan/scan-samples.ts';
import { SECRET_LABEL, writeProposal } from '../../scan/write-proposal.ts';

interface Options {
  readonly service: string;
  readonly environment?: string;
  readonly contentType?: string;
  readonly minShare: number;
  readonly label?: Readonly<Record<string, string>>;
  readonly names: boolean;
}

/** The command. The policy goes to standard output, what was read to standard error. */
export function scanCommand(): Command {
  return new Command('scan')
    .description('propose a DataClassification for what sample bodies hold')
    .argument('<path...>', 'files or folders with bodies, or `-` for standard input')
    .requiredOption('--service <name>', 'whose bodies they are', name)
    .option('--environment <name>', 'where it runs; default everywhere', name)
    .option('--content-type <type>', 'of all bodies; default by the names of the files')
    .option(
      '--min-share <part>',
      'of the values of a field that a detector has to find',
      share,
      0.5,
    )
    .option('--label <kind=label>', 'as email=Contact; again for other kinds', label)
    .option('--no-names', 'propose nothing for the names of fields alone')
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  const kind = options.contentType === undefined ? undefined : kindOfType(options.contentType);
  const files = listSamples(paths, kind);
  if (files.length === 0) {
    throw new DtaError('usage', `no files in ${paths.map((path) => `\`${path}\``).join(', ')}`);
  }
  const bench = new DetectorBench(await loadFilter(filterPath()), systemClock());
  const scan = await scanSamples(bench, files, (done) => {
    if (done > 0 && done % FILES_TOLD === 0) console.error(`${done} of ${files.length} files`);
  });
  const labels = { ...defaultLabels, ...options.label };
  const proposal = propose(scan.statistics.places, {
    minShare: options.minShare,
    labelOf: (one) => labels[one] ?? 'PII',
    kindsOfName: (one) => (options.names ? bench.kindsOfName(one) : []),
  });
  const read = `${counted(scan.files, 'file')}, ${counted(scan.values, 'value')}`;
  const { service, environment } = options;
  const target = { service, environment };
  process.stdout.write(
    writeProposal(proposal, target, `proposed by \`dta classify scan\`: ${read}`),
  );
  for (const line of reportLines(scan, proposal, read)) console.error(line);
}

function reportLines(scan: Scan, { fields, values }: Proposal, read: string): string[] {
  const byName = fields.filter(({ isByName }) => isByName).length;
  const { places, leftOut } = scan.statistics;
  return [
    ...scan.skipped,
    ...(leftOut > 0 ? [`${leftOut} values stand at more places than are counted`] : []),
    `${read} at ${counted(places.length, 'place')}: ${counted(fields.length, 'field')} (${byName} by name alone), ${counted(values.length, 'detector')} proposed`,
  ];
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function name(text: string): string {
  const read = parseName(text);
  if (read instanceof Problem) throw new InvalidArgumentError(`${read.message}: ${read.help}`);
  return read;
}

function share(text: string): number {
  const part = /^(?:0(?:\.\d{1,6})?|1(?:\.0{1,6})?)$/.test(text) ? Number(text) : Number.NaN;
  if (part > 0) return part;
  throw new InvalidArgumentError('expected a part from 0.000001 to 1, for example 0.5');
}

function label(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [kind = '', written, ...more] = text.split('=');
  if (written === undefined || more.length > 0) {
    throw new InvalidArgumentError('expected <kind>=<label>, for example email=Contact');
  }
  if (!kindNames.includes(kind)) {
    throw new InvalidArgumentError(`no kind \`${kind}\`: ${suggestName(kind, kindNames)}`);
  }
  return { ...before, [kind]: name(written) };
}

const defaultLabels: Readonly<Record<string, string>> = {
  card: 'PCI',
  jwt: SECRET_LABEL,
  'api-key': SECRET_LABEL,
  'private-key': SECRET_LABEL,
  secret: SECRET_LABEL,
};
const kindNames = [...new Set([...Object.keys(detectorKinds), ...Object.keys(knownNames)])];
const FILES_TOLD = 100;
