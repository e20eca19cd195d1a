/** A `when` against a request, walking the syntax tree of a CEL parser that the product does not use. */
import { parse as parseCel } from '@bufbuild/cel';

import { requestHasLabel, routeHasLabel } from './classified.ts';
import { allOf, not, oneOf } from './kleene.ts';
import { matchesHost, normalPath } from './places.ts';
import type { OracleIdentity, OracleRequest, Truth } from './request.ts';
import { anyValue, bytesOf, type Comparison, compareTo, everyValue } from './texts.ts';
import { isOnDate, isWithin } from './times.ts';
import { headerLines, headerValues, parameterValues } from './values.ts';

type Expr = NonNullable<ReturnType<typeof parseCel>['expr']>;

/**
 * The truth of a condition. With `cannotExcept` who the caller is counts only where it makes the condition true: below a
 * negation every comparison of it but that of its domain is false.
 */
export function evaluateWhen(text: string, request: OracleRequest, cannotExcept = false): Truth {
  let expr = parsed.get(text);
  if (expr === undefined) {
    expr = parseCel(text).expr;
    if (expr === undefined) throw new Error(`no condition: ${text}`);
    if (parsed.size >= PARSED_MAX) parsed.clear();
    parsed.set(text, expr);
  }
  return evaluate(expr, request, cannotExcept ? 'plain' : 'any');
}

/** Whether a caller's names count: everywhere, or not below a negation; and there, not at all. */
type Counting = 'any' | 'plain' | 'negated';
const opposite = { any: 'any', plain: 'negated', negated: 'plain' } as const;

function evaluate(expr: Expr, request: OracleRequest, counting: Counting): Truth {
  const { exprKind } = expr;
  if (exprKind.case === 'constExpr') return constantOf(expr) === true;
  if (exprKind.case === 'callExpr') {
    const { function: name, args } = exprKind.value;
    const below = name === '!_' ? opposite[counting] : counting;
    const truths = () => args.map((operand) => evaluate(operand, request, below));
    if (name === '_&&_') return allOf(truths());
    if (name === '_||_') return oneOf(truths());
    if (name === '!_') return not(truths()[0]);
  }
  const isUnequal = exprKind.case === 'callExpr' && exprKind.value.function === '_!=_';
  const isExcepting = (isUnequal ? opposite[counting] : counting) === 'negated';
  const isIgnored = isExcepting && isAboutCaller(formOf(expr));
  const truth = isIgnored
    ? isUnequal
    : isSelect(expr)
      ? hasValue(placeOf(expr), request)
      : evaluateCall(expr, request);
  request.trace?.(formOf(expr), truth);
  return truth;
}

// Names and labels; signals are no names.
function isAboutCaller(form: string): boolean {
  return / source\.(service|team|environment|instance|labels)$/.test(form);
}

function evaluateCall(expr: Expr, request: OracleRequest): Truth {
  const { name, args, target } = callOf(expr);
  const [left, right, third] = args as [Expr, Expr, Expr];
  if (name === 'within')
    return isWithin(String(constantOf(right)), String(constantOf(third)), request.timeMs);
  if (name === 'onDate')
    return isOnDate(constantsOf(right).map(String), String(constantOf(third)), request.timeMs);
  if (name === 'has') return hasValue(placeOf(left), request);
  if (name === 'startsWith' && target) return textTruth('starts', target, left, request);
  if (name === 'endsWith' && target) return textTruth('ends', target, left, request);
  if (name === '@in') return evaluateIn(left, right, request);
  if (name === '_==_') return equals(left, right, request);
  if (name === '_!=_') return not(equals(left, right, request));
  const compare = comparisons[name];
  if (compare === undefined) throw new Error(`no comparison ${name}`);
  const [a, b] = [numberOf(left, request), numberOf(right, request)];
  return a === undefined || b === undefined ? undefined : compare(a, b);
}

function evaluateIn(left: Expr, right: Expr, request: OracleRequest): Truth {
  if (right.exprKind.case === 'listExpr')
    return oneOf(right.exprKind.value.elements.map((one) => equals(left, one, request)));
  const label = String(constantOf(left));
  const { base } = placeOf(right);
  return base === 'route' ? routeHasLabel(label, request) : requestHasLabel(label, request);
}

function equals(left: Expr, right: Expr, request: OracleRequest): Truth {
  if (isText(left)) return textTruth('is', left, right, request);
  if (isText(right)) return textTruth('is', right, left, request);
  const [a, b] = [numberOf(left, request), numberOf(right, request)];
  return a === undefined || b === undefined ? undefined : a === b;
}

/** `source.labels["x"]`: base `source.labels`, key `x`; `any(request.headers["x"])`: base `any`, key `x`. */
interface Place {
  readonly base: string;
  readonly key: string;
}

function placeOf(expr: Expr): Place {
  const { exprKind } = expr;
  if (exprKind.case === 'selectExpr') {
    const { operand, field } = exprKind.value;
    return { base: operand === undefined ? '' : nameOf(operand), key: field };
  }
  const { name, args } = callOf(expr);
  const [first, second] = args as [Expr, Expr];
  if (name === 'any') return { base: 'any', key: placeOf(first).key };
  if (name === '_[_]') return { base: nameOf(first), key: String(constantOf(second)) };
  throw new Error(`no place ${name}`);
}

function nameOf(expr: Expr): string {
  if (expr.exprKind.case === 'identExpr') return expr.exprKind.value.name;
  const { base, key } = placeOf(expr);
  return `${base}.${key}`;
}

function isText(expr: Expr): boolean {
  const { case: kind } = expr.exprKind;
  if (kind !== 'selectExpr' && !(kind === 'callExpr' && callOf(expr).name !== 'timestamp'))
    return false;
  const { base, key } = placeOf(expr);
  if (base === 'source') return identityFields.includes(key);
  return base === 'source.labels' || base.startsWith('request') || base === 'any';
}

function textTruth(
  comparison: Comparison,
  place: Expr,
  other: Expr,
  request: OracleRequest,
): Truth {
  const { base, key } = placeOf(place);
  const isDestination = isSelect(other);
  const text = isDestination ? request.target.environment : String(constantOf(other));
  if (base.startsWith('source')) {
    const value = identityText(request.identity, base, key);
    return value !== undefined && compareTo(comparison, value, text);
  }
  if (base === 'request' && key === 'path')
    return compareTo(comparison, request.path, normalPath(text));
  if (base === 'request' && key === 'host')
    return matchesHost(comparison === 'ends' ? `*${text}` : text, request.host);
  const wanted = bytesOf(text);
  const decide = base === 'any' ? anyValue : everyValue;
  return decide(valuesOf(base, key, request), (value) => compareTo(comparison, value, wanted));
}

function identityText(identity: OracleIdentity, base: string, key: string): string | undefined {
  if (base === 'source.labels') return identity.labels[key];
  return key === 'domain' ? identity.trustDomain : String(identity[key as 'service']);
}

function valuesOf(base: string, key: string, request: OracleRequest): string[] {
  if (base === 'any') return headerLines(request, key);
  if (base === 'request.headers') return headerValues(request, key);
  if (base === 'request.parameters') return parameterValues(request, key);
  if (key === 'method') return [request.method];
  if (key === 'authority') return request.host === '' ? [] : [request.host.toLowerCase()];
  throw new Error(`no values of ${base}.${key}`);
}

function hasValue({ base, key }: Place, request: OracleRequest): boolean {
  if (base === 'source.labels') return request.identity.labels[key] !== undefined;
  if (base.startsWith('request')) return valuesOf(base, key, request).length > 0;
  return request.signals[`${base}.${key}`] !== undefined;
}

function numberOf(expr: Expr, request: OracleRequest): number | undefined {
  if (expr.exprKind.case === 'callExpr')
    return Date.parse(String(constantOf(callOf(expr).args[0])));
  if (isSelect(expr)) {
    const name = nameOf(expr);
    return name === 'request.time' ? request.timeMs : request.signals[name];
  }
  const constant = constantOf(expr);
  return typeof constant === 'string' ? severityNames.indexOf(constant) : Number(constant);
}

function constantOf(expr: Expr | undefined): unknown {
  if (expr?.exprKind.case !== 'constExpr') return undefined;
  return expr.exprKind.value.constantKind.value;
}

function constantsOf(expr: Expr): unknown[] {
  if (expr.exprKind.case !== 'listExpr') return [constantOf(expr)];
  return expr.exprKind.value.elements.map(constantOf);
}

function isSelect(expr: Expr): boolean {
  return expr.exprKind.case === 'selectExpr';
}

function callOf(expr: Expr): { name: string; args: readonly Expr[]; target?: Expr | undefined } {
  if (expr.exprKind.case !== 'callExpr') throw new Error('not a call');
  const { function: name, args, target } = expr.exprKind.value;
  return { name, args, target };
}

/** The form of a condition for traces: its operator and what it reads. */
function formOf(expr: Expr): string {
  let form = forms.get(expr);
  if (form === undefined) {
    const { name, args, target } = isSelect(expr)
      ? { name: 'has', args: [expr], target: undefined }
      : callOf(expr);
    const read = [target, ...args].map(readBy).find((what) => what !== '');
    form = `when ${name} ${read}`;
    forms.set(expr, form);
  }
  return form;
}

function readBy(expr: Expr | undefined): string {
  const { case: kind } = expr?.exprKind ?? {};
  if (expr === undefined || kind === 'constExpr' || kind === 'listExpr') return '';
  if (kind === 'callExpr' && callOf(expr).name === 'timestamp') return '';
  const { base, key } = placeOf(expr);
  return base === 'source' || base === 'destination' || base === 'request'
    ? `${base}.${key}`
    : base;
}

const identityFields = ['service', 'team', 'environment', 'domain', 'instance'];
const severityNames = ['none', 'low', 'medium', 'high', 'critical'];
const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '_<_': (a, b) => a < b,
  '_<=_': (a, b) => a <= b,
  '_>_': (a, b) => a > b,
  '_>=_': (a, b) => a >= b,
};
// A condition is asked many times, and reading it takes far longer than walking it.
const parsed = new Map<string, Expr>();
const PARSED_MAX = 2000;
const forms = new WeakMap<Expr, string>();
