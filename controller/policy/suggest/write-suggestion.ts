/** Writes suggested policies as YAML, with what speaks for each rule. */
import type { Evidence, SuggestedPolicy, SuggestedRule } from './suggest-policies.ts';

/** The policies as one text; empty when there are none. */
export function writeSuggestedPolicies(policies: readonly SuggestedPolicy[]): string {
  return policies.map(policyText).join('---\n');
}

function policyText({ service, environment, rules }: SuggestedPolicy): string {
  const name = `suggested-${environment}-${service}`;
  return [
    'apiVersion: sm-dta/v1',
    'kind: AccessPolicy',
    `metadata: { name: ${quoted(name.slice(0, NAME_LENGTH_MAX))} }`,
    'spec:',
    `  destination: { service: ${quoted(service)}, environment: ${quoted(environment)} }`,
    '  rules:',
    ...rules.flatMap(ruleLines),
    '',
  ].join('\n');
}

function ruleLines({ name, service, team, environments, to, evidence }: SuggestedRule): string[] {
  const places = environments === 'same' ? 'same' : environmentText(environments);
  const caller = `service: ${quoted(service)}, team: ${quoted(team)}, environment: ${places}`;
  return [
    ...evidenceLines(evidence).map((line) => `    # ${line}`),
    `    - name: ${quoted(name)}`,
    '      effect: allow',
    '      from:',
    `        - { ${caller} }`,
    '      to:',
    ...to.map(
      ({ methods, paths }) =>
        `        - { methods: [${methods.map(quoted).join(', ')}], paths: [${paths.map(quoted).join(', ')}] }`,
    ),
  ];
}

function evidenceLines({ count, firstMs, lastMs, instances, decisionIds }: Evidence): string[] {
  const span = `${showTime(firstMs)} to ${showTime(lastMs)}`;
  return [
    `${counted(count, 'recorded call')} by ${counted(instances, 'caller')}, ${span}`,
    `for example ${decisionIds.join(', ')}`,
  ];
}

function environmentText(environments: readonly string[]): string {
  return environments.length === 1
    ? quoted(environments[0] ?? '')
    : `[${environments.map(quoted).join(', ')}]`;
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function showTime(ms: number): string {
  return `${new Date(ms).toISOString().replace('T', ' ').slice(0, 19)} UTC`;
}

// Quotes whatever YAML could read as something else than this text.
function quoted(text: string): string {
  const isPlain =
    /^[A-Za-z][A-Za-z0-9._-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

const NAME_LENGTH_MAX = 63;
