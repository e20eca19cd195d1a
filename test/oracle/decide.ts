/** A naive reading of the policy model, straight from the YAML, for differential tests. Slow and obvious on purpose. */
import { parse as parseCel } from '@bufbuild/cel';
import { parseAllDocuments } from 'yaml';

/** A document as it is written. */
export type RawDocument = Readonly<Record<string, unknown>>;

export interface OracleIdentity {
  readonly trustDomain: string;
  readonly environment: string;
  readonly team: string;
  readonly service: string;
  readonly instance: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What is known about a request. `path` is normalised and has no query; `band` is 0 to 3. */
export interface OracleRequest {
  readonly set: readonly RawDocument[];
  readonly target: { readonly environment: string; readonly service: string };
  readonly identity: OracleIdentity;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly timeMs: number;
  /** By the names that conditions use; severities as numbers; an absent one is unknown. */
  readonly signals: Readonly<Record<string, number>>;
  readonly band: number;
}

/**
 * The decision. Rule names are `policy/rule`, sorted by policy, then position; `rule` is the first that decided.
 * `applyingShadow` lists shadow rules that apply and had no say.
 */
export interface OracleDecision {
  readonly verdict: 'allow' | 'deny';
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
  const active: NamedRule[] = [];
  const applyingShadow: string[] = [];
  for (const { name, rule, isShadow } of rulesFor(request)) {
    if (!applies(rule, request)) continue;
    if (isShadow) applyingShadow.push(name);
    else active.push({ name, rule });
  }
  const denying = active.filter(({ rule }) => rule.effect === 'deny');
  const allowing = active.filter(({ rule }) => rule.effect === 'allow');
  const permitting = allowing.filter(
    ({ rule }) => request.band <= bandNames.indexOf(String(rule.maxRisk ?? 'critical')),
  );
  const isAllowed = denying.length === 0 && permitting.length > 0;
  const audits = allowing.map(({ rule }) =>
    auditNames.findIndex((name) => name === (rule.audit ?? 'sampled')),
  );
  const clearance = permitting.flatMap(({ rule }) => (rule.clearance ?? []) as string[]);
  return {
    verdict: isAllowed ? 'allow' : 'deny',
    rule: (denying[0] ?? permitting[0])?.name,
    permitting: permitting.map(({ name }) => name),
    denying: denying.map(({ name }) => name),
    applyingAllow: allowing.map(({ name }) => name),
    applyingShadow,
    clearance: [...new Set(clearance)].sort(),
    audit: auditNames[Math.max(0, ...audits)] ?? 'sampled',
  };
}

interface NamedRule {
  readonly name: string;
  readonly rule: RawDocument;
}

function rulesFor({ set, target }: OracleRequest): (NamedRule & { isShadow: boolean })[] {
  const policies = set.filter((document) => {
    const destination = map(map(document.spec).destination);
    return (
      document.kind === 'AccessPolicy' &&
      destination.service === target.service &&
      (destination.environment === undefined || destination.environment === target.environment)
    );
  });
  const nameOf = (policy: RawDocument): string => String(map(policy.metadata).name);
  policies.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return policies.flatMap((policy) => {
    const { rules, mode } = map(policy.spec);
    return (rules as RawDocument[]).map((rule) => ({
      name: `${nameOf(policy)}/${String(rule.name)}`,
      rule,
      isShadow: mode === 'shadow',
    }));
  });
}

function applies(rule: RawDocument, request: OracleRequest): boolean {
  const from = rule.from as RawDocument[] | undefined;
  const to = rule.to as RawDocument[] | undefined;
  if (from !== undefined && !from.some((entry) => matchesSource(entry, request))) return false;
  if (to !== undefined && !to.some((entry) => matchesRequest(entry, request))) return false;
  if (rule.when === undefined) return true;
  const truth = evaluate(parseCel(String(rule.when)).expr, request);
  // Unknown is false for an allow and true for a deny.
  return truth ?? rule.effect === 'deny';
}

function matchesSource(entry: RawDocument, { identity, target }: OracleRequest): boolean {
  const isLike = (pattern: unknown, value: string): boolean => {
    if (pattern === undefined) return true;
    const text = String(pattern);
    return text.endsWith('*') ? value.startsWith(text.slice(0, -1)) : value === text;
  };
  const environment = entry.environment === 'same' ? target.environment : entry.environment;
  return (
    isLike(entry.service, identity.service) &&
    isLike(entry.team, identity.team) &&
    (environment === undefined || environment === identity.environment) &&
    (entry.domain === undefined || entry.domain === identity.trustDomain) &&
    (entry.instance === undefined || entry.instance === identity.instance) &&
    Object.entries(map(entry.labels)).every(([name, value]) => identity.labels[name] === value)
  );
}

function matchesRequest(entry: RawDocument, request: OracleRequest): boolean {
  const { methods, paths, hosts } = entry as Readonly<Record<string, string[] | undefined>>;
  return (
    (methods === undefined || methods.includes(request.method)) &&
    (paths === undefined || paths.some((path) => matchesPath(path, request.path))) &&
    (hosts === undefined || hosts.some((host) => matchesHost(host, request.host)))
  );
}

/** True when a template matches a normalised path; paths of more than 64 segments match no template. */
export function matchesPath(template: string, path: string): boolean {
  const wanted = template.split('/').slice(1);
  const given = path.split('/').slice(1);
  if (given.length > 64) return false;
  if (wanted.at(-1) === '**') {
    wanted.pop();
    if (given.length < wanted.length) return false;
    given.length = wanted.length;
  }
  return (
    given.length === wanted.length &&
    wanted.every((part, i) => (/^\{.*\}$/.test(part) ? given[i] !== '' : part === given[i]))
  );
}

/** True when a host pattern matches; case, port and one trailing dot of the host do not count. */
export function matchesHost(pattern: string, host: string): boolean {
  const plain = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
  const wanted = pattern.toLowerCase();
  if (!wanted.startsWith('*.')) return plain === wanted;
  return plain.endsWith(wanted.slice(1)) && plain.length > wanted.length - 1;
}

type Expr = NonNullable<ReturnType<typeof parseCel>['expr']>;

// Three values: true, false, and undefined for unknown.
function evaluate(expr: Expr, request: OracleRequest): boolean | undefined {
  const { exprKind } = expr;
  if (exprKind.case === 'constExpr') return exprKind.value.constantKind.value === true;
  if (exprKind.case === 'selectExpr') return request.signals[nameOf(expr)] !== undefined;
  if (exprKind.case !== 'callExpr') throw new Error('not a condition');
  const { function: name, args } = exprKind.value;
  if (name === 'within') {
    const [, windows, zone] = args.map(constantOf);
    return isWithin(String(windows), String(zone), request.timeMs);
  }
  const [left, right] = args as [Expr, Expr];
  if (name === '!_') {
    const truth = evaluate(left, request);
    return truth === undefined ? undefined : !truth;
  }
  if (name === '_&&_' || name === '_||_') {
    const settling = name === '_||_';
    const truths = [evaluate(left, request), evaluate(right, request)];
    if (truths.includes(settling)) return settling;
    return truths.includes(undefined) ? undefined : !settling;
  }
  const a = operandOf(left, request);
  const b = operandOf(right, request);
  if (a === undefined || b === undefined) return undefined;
  const compare = comparisons[name];
  if (compare === undefined) throw new Error(`no comparison ${name}`);
  return compare(a, b);
}

function operandOf(expr: Expr, request: OracleRequest): number | undefined {
  if (expr.exprKind.case === 'selectExpr') return request.signals[nameOf(expr)];
  const constant = constantOf(expr);
  return typeof constant === 'string' ? severityNames.indexOf(constant) : Number(constant);
}

function constantOf(expr: Expr): unknown {
  return expr.exprKind.case === 'constExpr' ? expr.exprKind.value.constantKind.value : undefined;
}

function nameOf(expr: Expr): string {
  if (expr.exprKind.case === 'identExpr') return expr.exprKind.value.name;
  if (expr.exprKind.case !== 'selectExpr') throw new Error('not a name');
  const { operand, field } = expr.exprKind.value;
  return operand === undefined ? field : `${nameOf(operand)}.${field}`;
}

/** True when the wall clock of the zone stands in one of the windows; a window over midnight belongs to its first day. */
export function isWithin(windows: string, zone: string, timeMs: number): boolean {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = Object.fromEntries(format.formatToParts(timeMs).map((p) => [p.type, p.value]));
  const now = `${parts.hour}:${parts.minute}`;
  const today = weekdays.indexOf(parts.weekday ?? '');
  const yesterday = (today + 6) % 7;
  return windows.split(',').some((window) => {
    const words = window.trim().split(/ +/);
    const [start = '', end = ''] = (words.at(-1) ?? '').split('-');
    const days = words.length > 1 ? daysIn(words[0] ?? '') : [0, 1, 2, 3, 4, 5, 6];
    if (start < end) return days.includes(today) && start <= now && now < end;
    return (days.includes(today) && start <= now) || (days.includes(yesterday) && now < end);
  });
}

function daysIn(text: string): number[] {
  const [first = '', last = first] = text.split('-');
  const days: number[] = [];
  for (let day = weekdays.indexOf(first); ; day = (day + 1) % 7) {
    days.push(day);
    if (day === weekdays.indexOf(last)) return days;
  }
}

function map(value: unknown): RawDocument {
  return (value ?? {}) as RawDocument;
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const bandNames = ['low', 'guarded', 'high', 'critical'];
const auditNames = ['sampled', 'always', 'synchronous'] as const;
const severityNames = ['none', 'low', 'medium', 'high', 'critical'];
const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '_<_': (a, b) => a < b,
  '_<=_': (a, b) => a <= b,
  '_>_': (a, b) => a > b,
  '_>=_': (a, b) => a >= b,
  '_==_': (a, b) => a === b,
  '_!=_': (a, b) => a !== b,
};
