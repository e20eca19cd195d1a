/** What an import writes: policies of ours as texts, with a comment for each rule. */
import type { Entry } from './rule-parts.ts';

/** A rule; empty lists and absent fields match everything. */
export interface OurRule {
  readonly name: string;
  readonly comment: string;
  readonly effect: 'allow' | 'deny';
  readonly from: readonly Entry[];
  readonly to: readonly Entry[];
  /** CEL; line breaks only where the text may be broken. */
  readonly when?: string | undefined;
  readonly isAudited?: boolean | undefined;
}

/** A policy. */
export interface OurPolicy {
  readonly name: string;
  readonly comment: string;
  readonly service: string;
  readonly environment?: string | undefined;
  readonly isShadow: boolean;
  readonly rules: readonly OurRule[];
}

/** The policies as one YAML text. */
export function writePolicies(policies: readonly OurPolicy[]): string {
  return policies.map(policyText).join('---\n');
}

function policyText(policy: OurPolicy): string {
  const { name, comment, service, environment, isShadow, rules } = policy;
  const place = environment === undefined ? '' : `, environment: ${plain(environment)}`;
  return [
    `# ${oneLine(comment)}`,
    'apiVersion: sm-dta/v1',
    'kind: AccessPolicy',
    `metadata: { name: ${plain(name)} }`,
    'spec:',
    `  destination: { service: ${plain(service)}${place} }`,
    ...(isShadow ? ['  mode: shadow'] : []),
    '  rules:',
    ...rules.flatMap(ruleLines),
    '',
  ].join('\n');
}

function ruleLines({ name, comment, effect, from, to, when, isAudited }: OurRule): string[] {
  return [
    `    # ${oneLine(comment)}`,
    `    - name: ${plain(name)}`,
    `      effect: ${effect}`,
    ...entriesLines('from', from),
    ...entriesLines('to', to),
    ...(when === undefined
      ? []
      : ['      when: >-', ...when.split('\n').map((line) => `        ${line}`)]),
    ...(isAudited ? ['      audit: always'] : []),
  ];
}

function entriesLines(field: string, entries: readonly Entry[]): string[] {
  if (entries.length === 0) return [];
  return [`      ${field}:`, ...entries.map((entry) => `        - ${entryText(entry)}`)];
}

function entryText(entry: Entry): string {
  const fields = [...entry].map(([field, texts]) => {
    const isList = texts.length > 1 || listFields.test(field);
    const values = texts.map(plain).join(', ');
    return `${field}: ${isList ? `[${values}]` : values}`;
  });
  return `{ ${fields.join(', ')} }`;
}

// Names of files and policies are not ours: none of them may end a comment.
function oneLine(comment: string): string {
  return comment.replaceAll(/[\p{Cc}\u2028\u2029\ufeff]/gu, ' ');
}

// Quotes whatever YAML could read as something else than this text.
function plain(text: string): string {
  const isPlain =
    /^[A-Za-z][A-Za-z0-9._-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

const listFields = /^(not)?(methods|paths|Methods|Paths)$/;
