/** What the oracle of the detectors finds at one position, and how it reads text: units as Latin-1. */
import type { KindName } from './detect-kernel.ts';

/** Something that begins at a position: its end, how far it grows, and the word that it needs. */
export interface Atom {
  readonly kind: KindName;
  readonly start: number;
  readonly end: number;
  readonly grownEnd?: number;
  readonly anchor?: number;
}

/** Whether a unit is an ASCII letter or digit. */
export const isAlnum = (unit: string | undefined): boolean =>
  unit !== undefined && /[A-Za-z0-9]/.test(unit);

const compiled = new Map<string, RegExp>();

/** Text at a position that matches, or undefined. */
export function sticky(pattern: string, text: string, at: number): RegExpExecArray | undefined {
  const known = compiled.get(pattern) ?? new RegExp(pattern, 'y');
  compiled.set(pattern, known);
  if (at < 0) return undefined;
  known.lastIndex = at;
  return known.exec(text) ?? undefined;
}
