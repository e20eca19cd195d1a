/** Texts of policies against values of requests, on bytes. */
import type { Truth } from './request.ts';

/** How a value is compared with a text. */
export type Comparison = 'is' | 'starts' | 'ends';

/** True when a value compares with a text as asked. */
export function compareTo(comparison: Comparison, value: string, text: string): boolean {
  if (comparison === 'is') return value === text;
  return comparison === 'starts' ? value.startsWith(text) : value.endsWith(text);
}

/** True when a value is like a pattern: `exact`, `start*`, `*end`, `*`. */
export function isLike(pattern: string, value: string): boolean {
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
  if (pattern.startsWith('*')) return value.endsWith(pattern.slice(1));
  return value === pattern;
}

/** All values hold: true; none does: false; some do, or there is none: unknown. */
export function everyValue(values: readonly string[], holds: (value: string) => boolean): Truth {
  const count = values.filter(holds).length;
  if (values.length === 0 || (count > 0 && count < values.length)) return undefined;
  return count > 0;
}

/** A value holds: true; none does: false; there is none: unknown. */
export function anyValue(values: readonly string[], holds: (value: string) => boolean): Truth {
  return values.length === 0 ? undefined : values.some(holds);
}

/** Bytes of a text, one character each. */
export function bytesOf(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text).toString('latin1');
}
