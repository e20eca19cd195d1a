/** A naive reading of the policy model, straight from the YAML, for differential tests. Slow and obvious on purpose. */
import { parseAllDocuments } from 'yaml';

import { isFor } from './classified.ts';
import { evaluateWhen } from './conditions.ts';
import { closeDown } from './lattice.ts';
import { mapOf, type OracleRequest, type RawDocument } from './request.ts';
import { matchesRequest } from './requests.ts';
import { matchesSource } from './sources.ts';

/**
 * The decision of the rules. Rule names are `policy/rule`, sorted by policy, then position; `rule` is the first that
 * decided. `applyingShadow` lists shadow rules that apply and had no say; `ifEnforced` is the verdict if they had one.
 */
export interface OracleDecision {
  readonly verdict: 'allow' | 'deny';
  readonly ifEnforced: 'allow' | 'deny';
  readonly rule: string | undefined;
  readonly permitting: readonly string[];
  readonly denying: readonly string[];
  readonly applyingAllow: readonly string[];
  readonly applyingShadow: readonly string[];
  readonly clearance: readonly string[];
  readonly audit: 'sampled' | 'always' | 'synchronous';
}

/** The documents of policy files. */
export function loadDocuments(...texts: string[]): RawDocument[] {
  return texts.flatMap((text) => [...parseAllDocuments(text)].map((d) => d.toJS() as RawDocument));
}

/** Decides one request, numbers as in policy-model "Meaning": 1, 3, 4, 6, 7 and 9. */
export function decide(request: OracleRequest): OracleDecision {
  const applying = rulesFor(request).filter(({ rule }) => applies(rule, request));
  const active = applying.filter(({ isShadow }) => !isShadow);
  const denying = active.filter(isDeny);
  const allowing = active.filter((named) => !isDeny(named));
  const permitting = allowing.filter((named) => permits(named, request));
  const audits = allowing.map(({ rule }) =>
    auditNames.findIndex((name) => name === (rule.audit ?? 'sampled')),
  );
  const clearance = permitting.flatMap(({ rule }) => (rule.clearance ?? []) as string[]);
  return {
    verdict: verdictOf(active, request),
    ifEnforced: verdictOf(applying, request),
    rule: (denying[0] ?? permitting[0])?.name,
    permitting: namesOf(permitting),
    denying: namesOf(denying),
    applyingAllow: namesOf(allowing),
    applyingShadow: namesOf(applying.filter(({ isShadow }) => isShadow)),
    clearance: closeDown(clearance, request),
    audit: auditNames[Math.max(0, ...audits)] ?? 'sampled',
  };
}

interface NamedRule {
  readonly name: string;
  readonly rule: RawDocument;
  readonly isShadow: boolean;
}

function rulesFor({ set, target }: OracleRequest): NamedRule[] {
  const nameOf = (policy: RawDocument): string => String(mapOf(policy.metadata).name);
  const policies = set.filter((one) => one.kind === 'AccessPolicy' && isFor(one, target));
  policies.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return policies.flatMap((policy) => {
    const { rules, mode } = mapOf(policy.spec);
    return (rules as RawDocument[]).map((rule) => ({
      name: `${nameOf(policy)}/${String(rule.name)}`,
      rule,
      isShadow: mode === 'shadow',
    }));
  });
}

function applies(rule: RawDocument, request: OracleRequest): boolean {
  const { from, to, when, effect } = rule as Readonly<Record<string, RawDocument[] | undefined>>;
  const isStranger = request.identity.trustDomain !== request.target.mesh;
  // A rule without callers names no domain either.
  if (from === undefined && isStranger && !isDeny({ rule })) return false;
  if (from !== undefined && !from.some((entry) => matchesSource(entry, effect, request))) {
    return false;
  }
  if (to !== undefined && !to.some((entry) => matchesRequest(entry, effect, request))) return false;
  if (when === undefined) return true;
  const isNamed = from?.every((entry) => entry.domain !== undefined) ?? false;
  const cannotExcept = isStranger && isDeny({ rule }) && !isNamed;
  // Unknown is false for an allow and true for a deny.
  return evaluateWhen(String(when), request, cannotExcept) ?? isDeny({ rule });
}

function isDeny({ rule }: Pick<NamedRule, 'rule'>): boolean {
  return rule.effect === 'deny';
}

function permits({ rule }: NamedRule, request: OracleRequest): boolean {
  return request.band <= bandNames.indexOf(String(rule.maxRisk ?? 'critical'));
}

function verdictOf(applying: readonly NamedRule[], request: OracleRequest): 'allow' | 'deny' {
  const isDenied = applying.some(isDeny);
  return !isDenied && applying.some((named) => permits(named, request)) ? 'allow' : 'deny';
}

function namesOf(rules: readonly NamedRule[]): string[] {
  return rules.map(({ name }) => name);
}

const bandNames = ['low', 'guarded', 'high', 'critical'];
const auditNames = ['sampled', 'always', 'synchronous'] as const;
