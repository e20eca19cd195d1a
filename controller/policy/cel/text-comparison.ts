/** Attributes that are texts: parts of the identity, headers, parameters, method, authority, host and path. */
import { HostKind, RequestKind, TextOp } from '../../layout.ts';
import { parseHostPattern } from '../host-pattern.ts';
import { checkIdentityText, identityTestOf } from '../identity-test.ts';
import { literalPathTemplate } from '../path-template.ts';
import { Problem, quoted } from '../problem.ts';
import { checkRequestText } from '../request-text.ts';
import type { TextPattern } from '../text-pattern.ts';
import type { Subject } from './attributes.ts';
import type { Condition } from './condition.ts';
import type { Expression, TextLiteral } from './expression.ts';
import { insideText, refuse } from './refusals.ts';

/** Attributes that are compared with texts. */
export type TextSubject = Extract<Subject, { kind: 'identity' | 'request' | 'host' | 'path' }>;

/**
 * The condition that the attribute equals (`op` Equal), starts or ends with a constant text of the condition `source`.
 * Throws Problem, also for texts that no value can match.
 */
export function compareText(
  subject: TextSubject,
  op: TextOp,
  constant: Expression,
  source: string,
): Condition {
  if (constant.kind !== 'text') {
    throw refuse(
      constant,
      `\`${subject.name}\` is compared with a constant text`,
      'write it in quotes',
    );
  }
  if (constant.value === '' && op !== TextOp.Equal) throw emptyAffix(subject, constant);
  switch (subject.kind) {
    case 'identity':
      return compareIdentity(subject, { op, text: constant.value }, constant);
    case 'request':
      return compareValue(subject, op, constant, source);
    case 'host':
      return compareHost(op, constant, source);
    case 'path':
      return comparePath(op, constant, source);
  }
}

/** True for attributes that are compared with texts. */
export function isTextSubject(subject: Subject): subject is TextSubject {
  return ['identity', 'request', 'host', 'path'].includes(subject.kind);
}

function compareIdentity(
  { attribute, label }: Extract<Subject, { kind: 'identity' }>,
  pattern: TextPattern,
  constant: TextLiteral,
): Condition {
  const problem = checkIdentityText(attribute, pattern, constant.value);
  if (problem !== undefined) throw problem.movedBy(constant.at);
  return { kind: 'identity', test: identityTestOf(attribute, label, pattern, false) };
}

function compareValue(
  { ref }: Extract<Subject, { kind: 'request' }>,
  op: TextOp,
  constant: TextLiteral,
  source: string,
): Condition {
  const isAuthority = ref.kind === RequestKind.Authority;
  const text = isAuthority ? constant.value.toLowerCase() : constant.value;
  const pattern = { op, text };
  const problem = checkRequestText(ref.kind, pattern, constant.value);
  if (problem !== undefined) throw insideText(problem, constant, source);
  return { kind: 'request', ref, pattern };
}

function compareHost(op: TextOp, constant: TextLiteral, source: string): Condition {
  const { value } = constant;
  if (op === TextOp.Prefix || (op === TextOp.Suffix && !value.startsWith('.'))) {
    const message =
      op === TextOp.Prefix ? 'hosts have no `startsWith`' : `${quoted(value)} is no end of hosts`;
    const help = 'write `request.host.endsWith(".example.org")`, or compare with `==` or `in`';
    throw new Problem(message, help, constant.at);
  }
  const host = parseHostPattern(op === TextOp.Suffix ? `*${value}` : value);
  if (host instanceof Problem) throw insideText(host, constant, source);
  if (op === TextOp.Equal && host.kind === HostKind.Suffix) {
    const help = `write \`request.host.endsWith("${value.slice(1)}")\``;
    throw new Problem(`${quoted(value)} is not a host`, help, constant.at);
  }
  return { kind: 'host', host };
}

function comparePath(op: TextOp, constant: TextLiteral, source: string): Condition {
  const end = op === TextOp.Equal ? 'exact' : op === TextOp.Prefix ? 'prefix' : 'suffix';
  const template = literalPathTemplate(constant.value, end);
  if (template instanceof Problem) throw insideText(template, constant, source);
  return { kind: 'path', template };
}

function emptyAffix(subject: TextSubject, constant: TextLiteral): Problem {
  const help =
    subject.kind === 'identity' && subject.label === ''
      ? 'write a text in the quotes'
      : 'write a text in the quotes, or `has(...)`';
  return new Problem('every text starts and ends with an empty one', help, constant.at);
}
