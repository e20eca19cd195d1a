/** Names of headers and parameters, and the texts that their values can be compared with. */
import { RequestKind, TextOp } from '../layout.ts';
import { checkMethodText } from './method.ts';
import { Problem, quoted } from './problem.ts';
import { parseTextPattern, type TextPattern } from './text-pattern.ts';

/** Reads the name of a header, in any case; the result is in lower case. Refuses headers that no rule can rely on. */
export function parseHeaderName(written: string): string | Problem {
  const name = written.toLowerCase();
  if (name.startsWith(':')) {
    const help =
      'write `methods`, `paths` and `hosts`; in `when`, `request.authority` and the like';
    return new Problem(`${quoted(written)} is a pseudo header`, help);
  }
  if (!headerName.test(name)) {
    const help = "use 1 to 255 letters, digits and -_.!#$%&'+^`|~; names have no wildcards";
    return new Problem(`${quoted(written)} is not the name of a header`, help);
  }
  if (name === 'x-forwarded-client-cert' || name.startsWith('x-dta-')) {
    const help = 'name the caller in `from`: what the caller sends never decides who it is';
    return new Problem(`header ${quoted(written)} belongs to the proxy`, help);
  }
  if (name === 'host') {
    const help = 'write `hosts`, or `request.authority` in `when`';
    return new Problem('header `host` is the authority of the request', help);
  }
  return name;
}

/** Reads the name of a query parameter as it is after decoding. */
export function parseParameterName(written: string): string | Problem {
  if (parameterName.test(written) && written.isWellFormed()) return written;
  const help = 'use 1 to 255 characters, as they are after decoding';
  return new Problem(`${quoted(written)} is not the name of a parameter`, help);
}

/** Reads `exact`, `start*`, `*end` or `*` for values of a kind. */
export function parseRequestPattern(kind: RequestKind, written: string): TextPattern | Problem {
  const pattern = parseTextPattern(written);
  if (pattern instanceof Problem) return pattern;
  return checkRequestText(kind, pattern, written) ?? pattern;
}

/** The problem with a text that no value of the kind can match; `written` is what the message shows. */
export function checkRequestText(
  kind: RequestKind,
  pattern: TextPattern,
  written: string,
): Problem | undefined {
  const { op, text } = pattern;
  if (kind === RequestKind.Method) return checkMethodText(pattern, written);
  if (!text.isWellFormed()) {
    return new Problem(`${quoted(written)} holds half a character`, 'write whole characters');
  }
  if (text.length > TEXT_UNITS_MAX) {
    return new Problem(`text has ${text.length} characters`, `at most ${TEXT_UNITS_MAX}`);
  }
  if (kind === RequestKind.Parameter) return undefined;
  if (kind === RequestKind.Authority) {
    if (/^[!-@[-~]*$/.test(text)) return undefined;
    const help = 'authorities are compared in lower case, without blanks, with their port';
    return new Problem(`${quoted(written)} can never be an authority`, help);
  }
  const comma = kind === RequestKind.Header ? written.indexOf(',') : -1;
  if (comma >= 0) {
    const help =
      'name one value, or compare whole lines: `any(request.headers["x"]) == "a,b"` in `when`';
    return new Problem(
      `${quoted(written)} holds a comma, which ends a value of a header`,
      help,
      comma,
    );
  }
  const control = /[^\P{Cc}\t]/u.exec(written);
  if (control !== null) {
    const help = 'values of headers hold no control characters';
    return new Problem(`${quoted(control[0])} is in no header`, help, control.index);
  }
  const isCut = (op !== TextOp.Suffix && /^[ \t]/.test(text)) || endsInBlank(op, text);
  if (!isCut) return undefined;
  const help = 'remove the blank: values are compared without blanks around them';
  return new Problem(`${quoted(written)} can never match`, help);
}

/** The values of a line: the elements of a list with commas, without blanks around them (RFC 9110, section 5.6.1). */
export function headerElements(line: string): string[] {
  return line.split(',').map(trimBlanks);
}

/** A line as it is compared whole (RFC 9110, section 5.5). */
export function trimBlanks(line: string): string {
  return line.replaceAll(/^[ \t]+|[ \t]+$/g, '');
}

function endsInBlank(op: TextOp, text: string): boolean {
  return op !== TextOp.Prefix && /[ \t]$/.test(text);
}

const headerName = /^[a-z0-9!#$%&'+.^_`|~-]{1,255}$/;
const parameterName = /^\P{Cc}{1,255}$/u;
const TEXT_UNITS_MAX = 8192;
