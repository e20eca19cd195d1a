/** Which parts of a request a condition reads, as the operator gave them: for people, not for deciding. */
import { IdentityAttribute, RequestKind, Severity } from '../../layout.ts';
import type { ConcreteRequest } from '../../policy/analysis/concrete-request.ts';
import type { Condition, RequestRef } from '../../policy/cel/condition.ts';
import { showSignal } from '../../policy/cel/show-condition.ts';
import type { IdentityTest } from '../../policy/identity-test.ts';
import { headerElements } from '../../policy/request-text.ts';

/** The comparisons of a condition, from left to right, each once. */
export function atomsOf(condition: Condition): Condition[] {
  const found = new Map<string, Condition>();
  const queue: Condition[] = [condition];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (next.kind === 'and' || next.kind === 'or') queue.push(next.right, next.left);
    else if (next.kind === 'not') queue.push(next.operand);
    else if (next.kind !== 'constant') found.set(JSON.stringify(next), next);
  }
  return [...found.values()];
}

/** What a comparison reads of a request, in words. */
export function readBy(atom: Condition, request: ConcreteRequest): string {
  switch (atom.kind) {
    case 'has':
    case 'compare':
      return readSignal(showSignal(atom.ref), request);
    case 'within':
    case 'dates':
      return inZone(request.timeMs, atom.zone);
    case 'before':
      return new Date(request.timeMs).toISOString();
    case 'identity':
      return readIdentity(atom.test, request) ?? 'absent';
    case 'path':
      return request.path;
    case 'host':
      return request.host ?? 'absent';
    case 'request':
    case 'hasRequest':
      return readValues(atom.ref, request);
    default:
      return '';
  }
}

function readSignal(name: string, { signals }: ConcreteRequest): string {
  const value = signals[name];
  if (value === undefined) return 'unknown';
  const severity = name === 'source.worstCve' ? Object.keys(Severity)[value] : undefined;
  return severity ?? String(value);
}

function readIdentity(test: IdentityTest, { identity }: ConcreteRequest): string | undefined {
  switch (test.attribute) {
    case IdentityAttribute.Service:
      return identity.service;
    case IdentityAttribute.Team:
      return identity.team;
    case IdentityAttribute.Environment:
      return identity.environment;
    case IdentityAttribute.Domain:
      return identity.trustDomain;
    case IdentityAttribute.Instance:
      return identity.instance;
    default:
      return identity.labels[test.label];
  }
}

function readValues({ kind, name }: RequestRef, request: ConcreteRequest): string {
  if (kind === RequestKind.Method) return request.method;
  if (kind === RequestKind.Authority) return request.host ?? 'absent';
  if (kind === RequestKind.Parameter) {
    const values = new URLSearchParams(request.query).getAll(name);
    return values.length === 0 ? 'absent' : values.map((value) => JSON.stringify(value)).join(', ');
  }
  const lines = request.headers[name] ?? [];
  if (lines.length === 0) return 'absent';
  const values = kind === RequestKind.Header ? lines.flatMap(headerElements) : lines;
  return values.map((value) => JSON.stringify(value)).join(', ');
}

function inZone(timeMs: number, timeZone: string): string {
  const options = { timeZone, dateStyle: 'short', timeStyle: 'medium' } as const;
  const weekday = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short' }).format(timeMs);
  // The Swedish form is ISO 8601.
  return `${weekday} ${new Intl.DateTimeFormat('sv-SE', options).format(timeMs)}`;
}
