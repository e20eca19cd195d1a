/** The order of names and steps in a mask blob, in which the filter searches them by halves. */
import { StepKind } from '../../layout.ts';
import type { Step } from '../field-path.ts';

/** Order of two texts by the length of their UTF-8, those of the same length by its bytes. */
export function compareTexts(a: string, b: string): number {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length - right.length || Buffer.compare(left, right);
}

/** Order of two steps of field paths: by kind, then by index, then by name. */
export function compareSteps(a: Step, b: Step): number {
  if (a.kind !== b.kind || a.kind !== StepKind.Member) return a.kind - b.kind || a.index - b.index;
  return compareTexts(a.key, b.key);
}
