/** Text patterns as operators write them: `exact`, `start*`, `*end`, and `*` for anything that is there. */
import { TextOp } from '../layout.ts';
import { Problem, quoted } from './problem.ts';

/** A text that a value is compared with. `*` alone is a Prefix with an empty text: it holds for every value. */
export interface TextPattern {
  readonly op: TextOp;
  readonly text: string;
}

/** Reads a pattern. One `*` at the start or at the end is a wildcard; a star elsewhere is refused. */
export function parseTextPattern(written: string): TextPattern | Problem {
  if (written === '*') return { op: TextOp.Prefix, text: '' };
  const isPrefix = written.endsWith('*');
  const isSuffix = written.startsWith('*');
  const text = written.slice(isSuffix ? 1 : 0, isPrefix ? -1 : undefined);
  if ((isPrefix && isSuffix) || text.includes('*')) {
    const help = 'write one `*`, at the start or at the end; `when` compares texts that hold stars';
    const at = isSuffix ? written.indexOf('*', 1) : written.indexOf('*');
    return new Problem(`${quoted(written)} has a wildcard in the wrong place`, help, at);
  }
  return { op: isPrefix ? TextOp.Prefix : isSuffix ? TextOp.Suffix : TextOp.Equal, text };
}

/** True for `*`: it holds for every value. */
export function isAnyText(pattern: TextPattern): boolean {
  return pattern.op === TextOp.Prefix && pattern.text === '';
}
