/** Turns AuthorizationPolicies of Istio into AccessPolicies that mean the same, or deny more and say so. */
import { DtaError } from '../../errors.ts';
import { parsePolicySet } from '../parse.ts';
import type { PolicyError } from '../policy-error.ts';
import { compareErrors } from '../policy-error.ts';
import type { PolicyFile } from '../yaml-file.ts';
import { type IstioPolicy, titleOf } from './istio-policy.ts';
import { compareNotes, fieldText, type ImportNote } from './note.ts';
import { type OurPolicy, type OurRule, writePolicies } from './our-policy.ts';
import { ourRules } from './our-rules.ts';
import { PolicyNames } from './policy-names.ts';
import { readIstioFiles } from './read-istio.ts';
import type { ValueMapping } from './rule-terms.ts';
import { fitOf, type ScopeOptions, type Workload, workloadsOf } from './workloads.ts';

/** How names of Kubernetes are read. */
export interface ImportOptions extends ScopeOptions, ValueMapping {
  /** The label that names the service of a workload. */
  readonly serviceLabel: string;
}

/** What came of it. `text` is empty when there are errors. */
export interface ImportResult {
  readonly text: string;
  readonly notes: readonly ImportNote[];
  readonly errors: readonly PolicyError[];
}

/**
 * Imports every AuthorizationPolicy of the files. What cannot be carried is named in `notes` and fails closed: an allow
 * rule gets narrower, a deny rule wider. `errors` are what Istio itself would refuse, and workloads that would be mixed.
 */
export function importAuthorizationPolicies(
  files: readonly PolicyFile[],
  options: ImportOptions,
): ImportResult {
  const read = readIstioFiles(files, options.serviceLabel);
  const { workloads, errors: mixed } = workloadsOf(read.policies, options);
  const errors = [...read.errors, ...mixed].sort(compareErrors);
  const notes: ImportNote[] = [...read.notes];
  if (errors.length > 0) return { text: '', notes: notes.sort(compareNotes), errors };
  const names = new PolicyNames();
  const written = workloads.flatMap((workload) =>
    importWorkload(workload, read.policies, options, names, notes),
  );
  for (const policy of read.policies) notes.push(...scopeNotes(policy, workloads, options));
  notes.push(...generalNotes(read.policies));
  const text = writePolicies(written);
  checkText(text);
  return { text, notes: distinct(notes), errors: [] };
}

// What is written has been checked value by value; a mistake here is one of the import itself.
function checkText(text: string): void {
  const [error] = parsePolicySet([{ name: 'imported', text }]).errors;
  if (error === undefined) return;
  throw new DtaError('internal', `the import wrote a policy that is not valid: ${error.message}`, {
    fields: { line: text.split('\n')[error.line - 1] },
  });
}

function importWorkload(
  workload: Workload,
  policies: readonly IstioPolicy[],
  options: ImportOptions,
  names: PolicyNames,
  notes: ImportNote[],
): OurPolicy[] {
  const here = policies.filter((policy) => fitOf(policy, workload, options) !== 'no');
  const enforced = here.filter(({ isDryRun }) => !isDryRun);
  const isAudited = enforced.some(({ action }) => action === 'AUDIT');
  const made = here.flatMap((policy): OurPolicy[] => {
    const rules = rulesOf(policy, workload, options, notes).map((rule) =>
      isAudited && rule.effect === 'allow' ? { ...rule, isAudited } : rule,
    );
    if (rules.length === 0) return [];
    return [
      {
        ...destinationOf(workload),
        name: names.next(policy.name, workload.service),
        comment: `${titleOf(policy)} of Istio`,
        isShadow: policy.isDryRun,
        rules,
      },
    ];
  });
  const hasAllow = enforced.some(({ action }) => action === 'ALLOW');
  if (hasAllow && made.some(({ isShadow }) => !isShadow)) return made;
  const comment = hasAllow
    ? 'an ALLOW policy that matches nothing: nothing is allowed'
    : 'no ALLOW policy: Istio allows what no DENY policy matches';
  const rule: OurRule = {
    name: 'istio-default',
    comment,
    effect: hasAllow ? 'deny' : 'allow',
    from: [],
    to: [],
    isAudited: isAudited && !hasAllow,
  };
  const first = here[0];
  if (first !== undefined) notes.push(defaultNote(first, workload, comment, hasAllow));
  const fallback: OurPolicy = {
    ...destinationOf(workload),
    name: names.next('istio-default', workload.service),
    comment: `what Istio does with service ${workload.service} where no rule matches`,
    isShadow: false,
    rules: [rule],
  };
  return [...made, fallback];
}

function rulesOf(
  policy: IstioPolicy,
  workload: Workload,
  options: ImportOptions,
  notes: ImportNote[],
): OurRule[] {
  if (policy.action === 'AUDIT') return [];
  // For some instances only: what it allows is allowed to none, what it denies is denied to all.
  if (policy.action === 'ALLOW' && fitOf(policy, workload, options) === 'partly') return [];
  return policy.rules.flatMap((rule, i) => ourRules(rule, i, policy, options, notes));
}

function destinationOf({ service, environment }: Workload) {
  return { service, environment };
}

function defaultNote(
  policy: IstioPolicy,
  { service }: Workload,
  comment: string,
  hasAllow: boolean,
): ImportNote {
  const message = hasAllow
    ? `service \`${service}\` gets the rule \`istio-default\`, which denies everything: ${comment}`
    : `service \`${service}\` gets the rule \`istio-default\`, which allows everything: ${comment}`;
  return note(policy, policy.path, 'information', message);
}

function scopeNotes(
  policy: IstioPolicy,
  workloads: readonly Workload[],
  options: ImportOptions,
): ImportNote[] {
  const notes: ImportNote[] = [];
  const say = (kind: ImportNote['kind'], message: string, path = policy.scopePath): void => {
    notes.push(note(policy, path, kind, message));
  };
  const here = workloads.filter((workload) => fitOf(policy, workload, options) !== 'no');
  const services = here.map(({ service }) => `\`${service}\``).join(', ');
  const isPartly = here.some((workload) => fitOf(policy, workload, options) === 'partly');
  if (here.length === 0) {
    say('notCarried', 'names no service: say which one it is for with `--destination`');
  } else if (isPartly && policy.action !== 'AUDIT') {
    const effect = policy.action === 'ALLOW' ? 'it allows nothing' : 'it denies for all of them';
    say(
      'notCarried',
      `selects by ${policy.scope.also.join(', ')}, not known for ${services}: ${effect}`,
    );
  } else if (options.destination !== undefined) {
    const selected = selectionOf(policy, options.destination.service);
    if (selected !== '')
      say('information', `selects by ${selected}: imported for all of ${services}`);
  } else if (policy.scope.kind === 'all') {
    say('information', `imported for ${services}; services that no policy names are denied here`);
  }
  const actionPath = [...policy.path, 'spec', 'action'];
  if (policy.action === 'AUDIT') {
    const message = `AUDIT decides nothing: allow rules of ${services || 'no service'} get \`audit: always\`, which records at least what it matches`;
    say('information', message, actionPath);
  } else if (policy.action === 'CUSTOM') {
    const message = 'CUSTOM asks an authorizer outside the mesh: denied is what it was asked about';
    say('notCarried', message, actionPath);
  }
  return notes;
}

// What a policy asks for that its destination is not called here.
function selectionOf({ scope }: IstioPolicy, service: string): string {
  const isOther = scope.kind === 'named' && scope.service !== service;
  return [...(isOther ? [`service \`${scope.service}\``] : []), ...scope.also].join(', ');
}

// What is true of every import; said once.
function generalNotes(policies: readonly IstioPolicy[]): ImportNote[] {
  const [first] = policies;
  if (first === undefined) return [];
  const readsHeaders = policies.find(({ rules }) =>
    rules.some(({ when }) => when.some(({ key }) => key.text.startsWith('request.headers['))),
  );
  const notes: [policy: IstioPolicy, message: string][] = generalMessages.map((message) => [
    first,
    message,
  ]);
  if (readsHeaders !== undefined) notes.push([readsHeaders, headerMessage]);
  return notes.map(([policy, message]) => ({
    ...policy.originOf(policy.path),
    kind: 'information',
    policy: '',
    field: '',
    message,
  }));
}

function note(
  policy: IstioPolicy,
  path: readonly PropertyKey[],
  kind: ImportNote['kind'],
  message: string,
): ImportNote {
  const place = policy.originOf(path);
  return { ...place, kind, policy: titleOf(policy), field: fieldText(path), message };
}

// A policy for several workloads says the same of each of them.
function distinct(notes: readonly ImportNote[]): ImportNote[] {
  const found = new Map(notes.map((each) => [JSON.stringify(each), each]));
  return [...found.values()].sort(compareNotes);
}

const generalMessages = [
  'callers without a certificate of this mesh are denied before any rule; rules of Istio without `from` let them in',
  'paths are compared in one normal form (escapes decoded where RFC 3986 allows it), and paths that can be read in two ways are denied before any rule; Envoy compares them as they come',
];
const headerMessage =
  'repeated headers are compared line by line, as Envoy 1.40 does; older ones joined them';
