/** Writes conditions as operators write them in `when`, for explanations. */
import {
  AtomOp,
  HostKind,
  IdentityAttribute,
  RequestKind,
  Severity,
  TestOp,
  TextOp,
} from '../../layout.ts';
import type { HostPattern } from '../host-pattern.ts';
import type { IdentityTest } from '../identity-test.ts';
import type { TextPattern } from '../text-pattern.ts';
import type { DateSpan } from '../time-dates.ts';
import type { Window } from '../time-windows.ts';
import { subjectsByName } from './attributes.ts';
import type { AttributeRef, Condition, RequestRef } from './condition.ts';

/** The text of a condition. Labels of routes and requests that were resolved show as what they mean. */
export function showCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'constant':
      return String(condition.value);
    case 'has':
      return `has(${showSignal(condition.ref)})`;
    case 'compare':
      return showComparison(condition.ref, condition.op, condition.number);
    case 'within':
      return `within(request.time, "${condition.windows.map(showWindow).join(', ')}", "${condition.zone}")`;
    case 'dates':
      return `onDate(request.time, [${condition.dates.map((span) => `"${showDates(span)}"`).join(', ')}], "${condition.zone}")`;
    case 'before':
      return `request.time < timestamp("${new Date(condition.timeMs).toISOString()}")`;
    case 'identity':
      return showIdentityTest(condition.test);
    case 'path':
      return `request.path is ${condition.template.text}`;
    case 'host':
      return `request.host is ${showHost(condition.host)}`;
    case 'request':
      return showTextTest(showRequestRef(condition.ref), condition.pattern);
    case 'hasRequest':
      return `has(${showRequestRef(condition.ref)})`;
    case 'routeLabel':
      return `"${condition.label}" in route.labels`;
    case 'requestLabel':
      return `"${condition.label}" in request.labels`;
    case 'not':
      return `!${inBrackets(condition.operand)}`;
    default: {
      const operator = condition.kind === 'and' ? '&&' : '||';
      return `${inBrackets(condition.left)} ${operator} ${inBrackets(condition.right)}`;
    }
  }
}

/** The text of a test of the source. */
export function showIdentityTest({ attribute, op, label, value }: IdentityTest): string {
  const name = label === '' ? identityNames[attribute] : `source.labels["${label}"]`;
  const quoted = JSON.stringify(value);
  switch (op) {
    case TestOp.Equal:
      return `${name} == ${quoted}`;
    case TestOp.NotEqual:
      return `${name} != ${quoted}`;
    case TestOp.Prefix:
      return `${name}.startsWith(${quoted})`;
    case TestOp.NotPrefix:
      return `!${name}.startsWith(${quoted})`;
    case TestOp.Suffix:
      return `${name}.endsWith(${quoted})`;
    case TestOp.NotSuffix:
      return `!${name}.endsWith(${quoted})`;
    case TestOp.SameAsDestination:
      return `${name} == destination.environment`;
    case TestOp.NotSameAsDestination:
      return `${name} != destination.environment`;
    case TestOp.Present:
      return `has(${name})`;
    default:
      return `!has(${name})`;
  }
}

/** The name of a signal or fact. */
export function showSignal({ attribute, fact }: AttributeRef): string {
  if (fact !== '') return `environment.${fact}`;
  return signalNames.get(attribute) ?? `signal ${attribute}`;
}

/** The name of a part of requests. */
export function showRequestRef({ kind, name }: RequestRef): string {
  switch (kind) {
    case RequestKind.Header:
      return `request.headers["${name}"]`;
    case RequestKind.AnyHeader:
      return `any(request.headers["${name}"])`;
    case RequestKind.Parameter:
      return `request.parameters[${JSON.stringify(name)}]`;
    case RequestKind.Authority:
      return 'request.authority';
    default:
      return 'request.method';
  }
}

/** A host as policies write it. */
export function showHost({ kind, text }: HostPattern): string {
  return kind === HostKind.Suffix ? `*${text}` : text;
}

function showComparison(ref: AttributeRef, op: AtomOp, number: number): string {
  const name = showSignal(ref);
  const severity = name === 'source.worstCve' ? severityNames[number] : undefined;
  const constant = severity === undefined ? String(number) : `"${severity}"`;
  return `${name} ${comparisons[op] ?? '?'} ${constant}`;
}

function showTextTest(name: string, { op, text }: TextPattern): string {
  const quoted = JSON.stringify(text);
  if (op === TextOp.Equal) return `${name} == ${quoted}`;
  return op === TextOp.Prefix ? `${name}.startsWith(${quoted})` : `${name}.endsWith(${quoted})`;
}

function showWindow({ days, startMinute, endMinute }: Window): string {
  const span = `${showMinute(startMinute)}-${showMinute(endMinute)}`;
  const isOn = weekdays.map((_, bit) => ((days >> bit) & 1) === 1);
  if (!isOn.includes(false)) return span;
  const runs = weekdays.flatMap((day, i) => {
    if (isOn[i] !== true || isOn[i - 1] === true) return [];
    const next = isOn.indexOf(false, i);
    const last = weekdays[(next < 0 ? weekdays.length : next) - 1];
    return [`${last === day ? day : `${day}-${last}`} ${span}`];
  });
  return runs.join(', ');
}

function showMinute(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function showDates({ first, last }: DateSpan): string {
  const day = ({ year, month, day: dayOfMonth }: DateSpan['first']): string => {
    const monthAndDay = `${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`;
    return year === undefined ? monthAndDay : `${String(year).padStart(4, '0')}-${monthAndDay}`;
  };
  return day(first) === day(last) ? day(first) : `${day(first)}..${day(last)}`;
}

function inBrackets(condition: Condition): string {
  const text = showCondition(condition);
  return condition.kind === 'and' || condition.kind === 'or' ? `(${text})` : text;
}

const identityNames: Readonly<Record<IdentityAttribute, string>> = {
  [IdentityAttribute.Service]: 'source.service',
  [IdentityAttribute.Team]: 'source.team',
  [IdentityAttribute.Environment]: 'source.environment',
  [IdentityAttribute.Domain]: 'source.domain',
  [IdentityAttribute.Instance]: 'source.instance',
  [IdentityAttribute.Label]: 'source.labels',
};
const signalNames: ReadonlyMap<number, string> = new Map(
  [...subjectsByName.values()].flatMap((subject) =>
    subject.kind === 'signal' ? [[subject.ref.attribute, subject.name] as const] : [],
  ),
);
const severityNames = Object.keys(Severity);
const comparisons: Readonly<Partial<Record<AtomOp, string>>> = {
  [AtomOp.Less]: '<',
  [AtomOp.LessEqual]: '<=',
  [AtomOp.Greater]: '>',
  [AtomOp.GreaterEqual]: '>=',
  [AtomOp.Equal]: '==',
  [AtomOp.NotEqual]: '!=',
};
const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
