/** Gives a condition its meaning: logic, comparisons and calls. */
import { IdentityAttribute, RequestKind, TestOp, TextOp } from '../../layout.ts';
import { isName } from '../identity-test.ts';
import { nearestName } from '../nearest-name.ts';
import { Problem, quoted } from '../problem.ts';
import { attributeNames, type Subject } from './attributes.ts';
import { CONDITION_DEPTH_MAX, type Condition } from './condition.ts';
import type { Expression } from './expression.ts';
import { heightOf, joinConditions, levelsAbove, negate } from './join-conditions.ts';
import { tooDeep } from './parse-expression.ts';
import { gather, notAllowed, refuse, subsetHelp } from './refusals.ts';
import { type ComparisonSign, compareSignal } from './signal-comparison.ts';
import { subjectOf } from './subject.ts';
import { compareText, isTextSubject } from './text-comparison.ts';
import { compareTime, readOnDate, readWithin } from './time-comparison.ts';

type Call = Extract<Expression, { kind: 'call' }>;
type Relation = Extract<Expression, { kind: 'relation' }>;

/** Reads an expression of the text `source`. Throws one Problem with everything that is wrong in it. */
export function readCondition(expression: Expression, source: string): Condition {
  return read(expression, source, 1);
}

// INVARIANT: `depth` levels of the tree are above, and the parser bounded the recursion.
function read(expression: Expression, source: string, depth: number): Condition {
  if (expression.kind === 'and' || expression.kind === 'or') {
    const { kind, operands } = expression;
    const below = depth + levelsAbove(operands.length);
    const readers = operands.map((operand) => () => read(operand, source, below));
    return joinConditions(kind, gather(readers));
  }
  if (expression.kind === 'not') return negate(read(expression.operand, source, depth + 1));
  const leaf = readLeaf(expression, source);
  if (depth + heightOf(leaf) - 1 > CONDITION_DEPTH_MAX) throw tooDeep(expression.at);
  return leaf;
}

function readLeaf(expression: Expression, source: string): Condition {
  switch (expression.kind) {
    case 'boolean':
      return { kind: 'constant', value: expression.value };
    case 'relation':
      return expression.sign === 'in'
        ? readMembership(expression, source)
        : readComparison(expression, expression.sign, source);
    case 'call':
      return readCall(expression, source);
    default: {
      const subject = subjectOf(expression);
      if (subject !== undefined) throw alone(subject, expression.at);
      throw refuse(expression, 'this is not allowed in a condition', subsetHelp);
    }
  }
}

function readComparison(relation: Relation, sign: ComparisonSign, source: string): Condition {
  const [left, right] = gather([() => subjectOf(relation.left), () => subjectOf(relation.right)]);
  if (left !== undefined && right !== undefined) return readSame(relation, left, right);
  if (left !== undefined) return compare(left, sign, relation.right, relation.signAt, source);
  if (right !== undefined) {
    return compare(right, mirrored[sign], relation.left, relation.signAt, source);
  }
  throw withoutAttribute(relation);
}

function compare(
  subject: Subject,
  sign: ComparisonSign,
  constant: Expression,
  signAt: number,
  source: string,
): Condition {
  if (subject.kind === 'signal') return compareSignal(subject, sign, constant);
  if (subject.kind === 'time') return compareTime(sign, constant, source);
  if (subject.kind === 'destinationEnvironment') throw onlySame(signAt);
  if (subject.kind === 'labels') throw onlyMembers(subject, signAt);
  if (sign !== '==' && sign !== '!=') {
    const help = 'write `==`, `!=`, `in [...]`, `.startsWith("...")` or `.endsWith("...")`';
    throw new Problem(`\`${sign}\` is not for \`${subject.name}\``, help, signAt);
  }
  if (sign === '!=' && isAnyLine(subject)) throw differentLine(subject, signAt);
  const equal = compareText(subject, TextOp.Equal, constant, source);
  return sign === '==' ? equal : negate(equal);
}

function readSame(relation: Relation, left: Subject, right: Subject): Condition {
  const other = left.kind === 'destinationEnvironment' ? right : left;
  const isSource = other.kind === 'identity' && other.attribute === IdentityAttribute.Environment;
  const isPair = left.kind === 'destinationEnvironment' || right.kind === 'destinationEnvironment';
  if (!isPair) {
    const what = left.kind === 'signal' ? 'a constant number' : 'a constant';
    const message = `\`${left.name}\` is compared with ${what}`;
    throw new Problem(message, 'two attributes are not compared', relation.right.at);
  }
  if (!isSource || (relation.sign !== '==' && relation.sign !== '!=')) {
    throw onlySame(relation.signAt);
  }
  const same: Condition = {
    kind: 'identity',
    test: { attribute: other.attribute, op: TestOp.SameAsDestination, label: '', value: '' },
  };
  return relation.sign === '==' ? same : negate(same);
}

function readMembership(relation: Relation, source: string): Condition {
  const { left, right } = relation;
  const [member, set] = gather([
    () => subjectOf(left),
    () => (right.kind === 'list' ? undefined : subjectOf(right)),
  ]);
  if (set?.kind === 'labels') return { kind: set.condition, label: labelOf(left) };
  if (member === undefined) throw withoutAttribute(relation);
  if (right.kind !== 'list') {
    throw refuse(right, '`in` takes a list', 'write for example `in ["a", "b"]`');
  }
  if (member.kind === 'time')
    throw new Problem('`request.time` has no `in`', timeHelp, relation.signAt);
  if (right.items.length === 0) {
    throw new Problem('`in []` can never hold', 'write something into the list', right.at);
  }
  const readers = right.items.map(
    (item) => () => compare(member, '==', item, relation.signAt, source),
  );
  return joinConditions('or', gather(readers));
}

function labelOf(expression: Expression): string {
  if (expression.kind !== 'text') {
    throw refuse(expression, 'a label is a text', 'write for example `"PII" in route.labels`');
  }
  if (isName(expression.value)) return expression.value;
  const help = 'use 1 to 63 letters, digits, dots, underscores and hyphens';
  throw new Problem(`${quoted(expression.value)} is not a label`, help, expression.at);
}

function readCall(call: Call, source: string): Condition {
  if (call.of !== undefined) return readMethod(call, call.of, source);
  switch (call.name) {
    case 'within':
      return readWithin(call, source);
    case 'onDate':
      return readOnDate(call, source);
    case 'has':
      return readHas(call);
    case 'any':
    case 'timestamp':
      throw new Problem(`\`${call.name}\` alone is no condition`, subsetHelp, call.at);
    default:
      throw unknownFunction(call, functionNames);
  }
}

function readMethod(call: Call, of: Expression, source: string): Condition {
  const op = textMethods.get(call.name);
  if (op === undefined) throw unknownFunction(call, [...textMethods.keys()]);
  const subject = subjectOf(of);
  if (subject === undefined) throw withoutAttribute(of);
  const [text, ...more] = call.args;
  if (!isTextSubject(subject)) {
    const help = subject.kind === 'time' ? timeHelp : subsetHelp;
    throw new Problem(`\`${call.name}\` is not for \`${subject.name}\``, help, call.nameAt);
  }
  if (text === undefined || more.length > 0) {
    const help = `write \`${subject.name}.${call.name}("...")\``;
    throw new Problem(`\`${call.name}\` takes one text`, help, call.nameAt);
  }
  return compareText(subject, op, text, source);
}

function readHas(call: Call): Condition {
  const [argument, ...more] = call.args;
  const subject = argument === undefined || more.length > 0 ? undefined : subjectOf(argument);
  if (subject === undefined || argument === undefined) {
    throw new Problem('`has` takes one attribute', 'write for example `has(source.cpu)`', call.at);
  }
  if (subject.kind === 'signal') return { kind: 'has', ref: subject.ref };
  if (subject.kind === 'identity' && subject.attribute === IdentityAttribute.Label) {
    const { attribute, label } = subject;
    return { kind: 'identity', test: { attribute, label, op: TestOp.Present, value: '' } };
  }
  if (subject.kind === 'request' && isAnyLine(subject)) {
    const help = `write \`has(request.headers["${subject.ref.name}"])\``;
    throw new Problem('`has` takes the header itself', help, argument.at);
  }
  if (subject.kind === 'request' && subject.ref.kind !== RequestKind.Method) {
    return { kind: 'hasRequest', ref: subject.ref };
  }
  const help = '`has` is for signals, facts, labels by name, headers, parameters and the authority';
  throw new Problem(`\`${subject.name}\` is always there`, help, argument.at);
}

function unknownFunction(call: Call, names: readonly string[]): Problem {
  const known = nearestName(call.name, names);
  const help = known === undefined ? subsetHelp : `did you mean \`${known}\`? ${subsetHelp}`;
  return notAllowed(call.name, call.nameAt, help);
}

function withoutAttribute(expression: Expression): Problem {
  const parts = expression.kind === 'relation' ? [expression.left, expression.right] : [expression];
  const refused = parts.find((part) => part.kind === 'refused');
  const message = 'a comparison without an attribute';
  return refuse(refused ?? expression, message, `name one of ${attributeNames.join(', ')}`);
}

function alone(subject: Subject, at: number): Problem {
  const { name } = subject;
  const example =
    subject.kind === 'signal'
      ? subject.domain.type === 'severity'
        ? `${name} < "high"`
        : `${name} < 0.8`
      : subject.kind === 'labels'
        ? `"PII" in ${name}`
        : subject.kind === 'time'
          ? 'within(request.time, "09:00-18:00", "UTC")'
          : `${name} == "..."`;
  return new Problem(`\`${name}\` alone is no condition`, `compare it, as in \`${example}\``, at);
}

function onlySame(at: number): Problem {
  const help = 'write `source.environment == destination.environment`, or `!=`';
  return new Problem('`destination.environment` is for `source.environment` only', help, at);
}

function isAnyLine(subject: Subject): boolean {
  return subject.kind === 'request' && subject.ref.kind === RequestKind.AnyHeader;
}

// It could be read as `some line differs`.
function differentLine({ name }: Subject, at: number): Problem {
  const help = `write \`!(${name} == "...")\`: no line is equal`;
  return new Problem(`\`!=\` is not for \`${name}\``, help, at);
}

function onlyMembers({ name }: Subject, at: number): Problem {
  return new Problem(`\`${name}\` is a set`, `write for example \`"PII" in ${name}\``, at);
}

const textMethods: ReadonlyMap<string, TextOp> = new Map<string, TextOp>([
  ['startsWith', TextOp.Prefix],
  ['endsWith', TextOp.Suffix],
]);
const functionNames = ['within', 'onDate', 'has', 'any', 'timestamp'];
const mirrored = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' } as const;
const timeHelp = 'write `within(...)`, `onDate(...)`, or compare it with `timestamp("...")`';
