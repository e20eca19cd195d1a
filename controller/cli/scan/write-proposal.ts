/** Writes a proposed classification as a policy, evidence as comments. */
import { DtaError } from '../../errors.ts';
import { formatPolicyText } from '../../policy/format/format-policy-text.ts';
import type { Proposal, ProposedField, ProposedValue } from './propose.ts';

/** What the policy is for. */
export interface ProposalTarget {
  readonly service: string;
  readonly environment: string | undefined;
}

/** The policy in canonical form; only comments when nothing is proposed. `summary` is its first comment. */
export function writeProposal(
  { fields, values, notes }: Proposal,
  { service, environment }: ProposalTarget,
  summary: string,
): string {
  const tail = notes.map((note) => `# not proposed: ${inComment(note)}`);
  if (fields.length === 0 && values.length === 0) {
    return [`# ${summary}`, '# nothing looks like personal data', ...tail, ''].join('\n');
  }
  const place = environment === undefined ? '' : `, environment: ${quoted(environment)}`;
  const labels = [...fields, ...values].map(({ label }) => label);
  const text = [
    `# ${summary}`,
    'apiVersion: sm-dta/v1',
    'kind: DataClassification',
    `metadata: { name: ${quoted(`${service}-data`.slice(0, NAME_LENGTH_MAX))} }`,
    'spec:',
    `  destination: { service: ${quoted(service)}${place} }`,
    ...(labels.includes(SECRET_LABEL)
      ? ['  labels:', `    - { name: ${SECRET_LABEL}, above: [Confidential] }`]
      : []),
    ...section('fields', fields.flatMap(fieldLines)),
    ...section('values', values.flatMap(valueLines)),
    ...tail,
    '',
  ].join('\n');
  const formatted = formatPolicyText('proposal.yaml', text);
  if ('text' in formatted) return formatted.text;
  throw new DtaError('internal', `the proposal is no policy: ${formatted.errors[0]?.message}`);
}

/** The label of secrets, which is above `Confidential`. */
export const SECRET_LABEL = 'Secret';

function section(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${name}:`, ...lines];
}

function fieldLines({ place, label, evidence }: ProposedField): string[] {
  const where =
    place.form === 'path' ? `path: ${quoted(place.path)}` : `name: ${quoted(place.name)}`;
  return [...comments(evidence), `    - { ${where}, label: ${quoted(label)} }`];
}

function valueLines({ detector, country, label, evidence }: ProposedValue): string[] {
  const countries = country === undefined ? '' : `, countries: ["${country}"]`;
  return [
    ...comments(evidence),
    `    - { detector: ${detector}${countries}, label: ${quoted(label)} }`,
  ];
}

function comments(lines: readonly string[]): string[] {
  return lines.map((line) => `    # ${inComment(line)}`);
}

// Names of fields are what somebody sent.
function inComment(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\ufeff]/gu, '?');
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

const NAME_LENGTH_MAX = 63;
