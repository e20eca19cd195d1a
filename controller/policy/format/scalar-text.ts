/** How single values are written: without quotes where YAML allows it. */
import type { Scalar } from 'yaml';
import { Cursor } from '../yaml/cursor.ts';
import { checkPlainStart, scanPlain } from '../yaml/plain-text.ts';
import { plainValue } from '../yaml/plain-value.ts';
import { Unsure } from '../yaml/unsure.ts';

/** The value on one line; `inFlow` inside brackets. */
export function lineText(scalar: Scalar, inFlow: boolean): string {
  const { value, source } = scalar;
  if (typeof value === 'string') return isPlain(value, inFlow) ? value : quote(value);
  if (value === null) return source === undefined || source === '' ? 'null' : source;
  return source ?? String(value);
}

/** True when a text stands for itself without quotes. */
function isPlain(text: string, inFlow: boolean): boolean {
  if (text === '' || text !== text.trim() || hidden.test(text) || text === '<<') return false;
  // Marks of documents, and what YAML 1.1 takes for a truth value.
  if (/^(?:---|\.\.\.)|^(?:yes|no|on|off)$/i.test(text)) return false;
  try {
    const cursor = new Cursor(text, 0, text.length);
    checkPlainStart(cursor, inFlow);
    return scanPlain(cursor, inFlow) === 'line' && plainValue(text, 0) === text;
  } catch (error) {
    if (error instanceof Unsure) return false;
    throw error;
  }
}

// Single quotes where double ones would need escapes.
function quote(text: string): string {
  const escapes = /["\\]/.test(text) && !text.includes("'") && !hidden.test(text);
  return escapes ? `'${text}'` : escapeHidden(JSON.stringify(text));
}

function escapeHidden(text: string): string {
  return text.replaceAll(
    new RegExp(hidden, 'gu'),
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

// What no line of YAML shows as itself.
const hidden = /[\p{Cc}\u2028\u2029\ufeff]/u;
