/** Comparisons on the identity of the source, and the texts that its parts can be compared with. */
import { IdentityAttribute, TestOp, TextOp } from '../layout.ts';
import { Problem, quoted } from './problem.ts';
import { isAnyText, parseTextPattern, type TextPattern } from './text-pattern.ts';

/** `label` names a label for IdentityAttribute.Label, else empty; `value` is empty where the operation needs none. */
export interface IdentityTest {
  readonly attribute: IdentityAttribute;
  readonly op: TestOp;
  readonly label: string;
  readonly value: string;
}

/** Reads `exact`, `start*` or `*end` for a part of the identity. `*` alone is read for labels only. */
export function parseIdentityPattern(
  attribute: IdentityAttribute,
  written: string,
): TextPattern | Problem {
  const pattern = parseTextPattern(written);
  if (pattern instanceof Problem) return pattern;
  if (isAnyText(pattern)) {
    if (attribute === IdentityAttribute.Label) return pattern;
    return new Problem('`*` matches everything', 'leave the field out instead');
  }
  return checkIdentityText(attribute, pattern, written) ?? pattern;
}

/** The problem with a text that no value of the attribute can match; `written` is what the message shows. */
export function checkIdentityText(
  attribute: IdentityAttribute,
  pattern: TextPattern,
  written: string,
): Problem | undefined {
  const { op, text } = pattern;
  const shape = shapes.get(attribute) ?? nameShape;
  const fits = op === TextOp.Equal ? shape.whole.test(text) : shape.isPart(text, op);
  if (fits) return undefined;
  const stranger = /[^ -~]/u.exec(written)?.[0];
  const code = stranger?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  const why = stranger === undefined ? '' : `${quoted(stranger)} is U+${code}; `;
  return new Problem(`${quoted(written)} is not ${shape.title}`, why + shape.help);
}

/** The test that a pattern stands for, or its negation. */
export function identityTestOf(
  attribute: IdentityAttribute,
  label: string,
  pattern: TextPattern,
  isNegated: boolean,
): IdentityTest {
  if (isAnyText(pattern)) {
    return { attribute, label, op: isNegated ? TestOp.Absent : TestOp.Present, value: '' };
  }
  return { attribute, label, op: testOps[pattern.op][isNegated ? 1 : 0], value: pattern.text };
}

/** True when a text is a name: it needs no escaping in certificates, resource names and audit records. */
export function isName(text: string): boolean {
  return nameShape.whole.test(text);
}

/** What an identity test says, as text: equal tests have equal keys. */
export function identityTestKey({ attribute, op, label, value }: IdentityTest): string {
  return `${attribute} ${label} ${op} ${value}`;
}

/** The order of tests in a selector: attribute, label, operation, value. */
export function compareIdentityTests(a: IdentityTest, b: IdentityTest): number {
  return (
    a.attribute - b.attribute ||
    compareUnits(a.label, b.label) ||
    a.op - b.op ||
    compareUnits(a.value, b.value)
  );
}

function compareUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Shape {
  readonly whole: RegExp;
  readonly isPart: (text: string, op: TextOp) => boolean;
  readonly title: string;
  readonly help: string;
}

const nameShape: Shape = {
  whole: /^[A-Za-z0-9._-]{1,63}$/,
  isPart: (text) => nameShape.whole.test(text),
  title: 'a name',
  help: 'use 1 to 63 letters, digits, dots, underscores and hyphens',
};

const domainShape: Shape = {
  whole: /^[a-z0-9._-]{1,255}$/,
  isPart: (text) => domainShape.whole.test(text),
  title: 'a trust domain',
  help: 'use 1 to 255 lower-case letters, digits, dots, underscores and hyphens',
};

const UUID_UNITS = 36;
const uuidShape: Shape = {
  whole: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  // A part is completed with zeros from a UUID and has to make one.
  isPart: (text, op) => {
    const zeros = '00000000-0000-0000-0000-000000000000';
    if (text.length === 0 || text.length > UUID_UNITS) return false;
    const rest = UUID_UNITS - text.length;
    return uuidShape.whole.test(
      op === TextOp.Prefix ? text + zeros.slice(text.length) : zeros.slice(0, rest) + text,
    );
  },
  title: 'a lower-case UUID',
  help: 'copy it from `dta identity list`',
};

const shapes: ReadonlyMap<IdentityAttribute, Shape> = new Map([
  [IdentityAttribute.Domain, domainShape],
  [IdentityAttribute.Instance, uuidShape],
]);

const testOps = {
  [TextOp.Equal]: [TestOp.Equal, TestOp.NotEqual],
  [TextOp.Prefix]: [TestOp.Prefix, TestOp.NotPrefix],
  [TextOp.Suffix]: [TestOp.Suffix, TestOp.NotSuffix],
} as const;
