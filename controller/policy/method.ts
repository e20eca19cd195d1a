/** HTTP methods in policies: compared byte by byte, so a wrong case would never match. */
import { TextOp } from '../layout.ts';
import { Problem, quoted } from './problem.ts';
import { isAnyText, parseTextPattern, type TextPattern } from './text-pattern.ts';

/** Reads a method, the start of methods followed by `*`, or the end of methods behind `*`. */
export function parseMethodPattern(written: string): TextPattern | Problem {
  const pattern = parseTextPattern(written);
  if (pattern instanceof Problem) return pattern;
  if (isAnyText(pattern)) {
    return new Problem('method `*` names every method', 'leave the list out for any method');
  }
  return checkMethodText(pattern, written) ?? pattern;
}

/** The problem with a text that no method can match; `written` is what the message shows. */
export function checkMethodText(pattern: TextPattern, written: string): Problem | undefined {
  const shape = pattern.op === TextOp.Suffix ? methodPart : methodName;
  if (shape.test(pattern.text)) return undefined;
  if (shape.test(pattern.text.toUpperCase())) {
    const help = `write ${quoted(written.toUpperCase())}`;
    return new Problem(`method ${quoted(written)} is not in capitals`, help);
  }
  const help = 'write for example `GET`, in capitals, letters, digits, underscores and hyphens';
  return new Problem(`${quoted(written)} is not an HTTP method`, help);
}

const methodName = /^[A-Z][A-Z0-9_-]{0,31}$/;
const methodPart = /^[A-Z0-9_-]{1,32}$/;
