/** Texts in single or double quotes. */
import { APOSTROPHE, BACKSLASH } from './characters.ts';
import type { Cursor } from './cursor.ts';
import { Unsure } from './unsure.ts';

/** Reads the quoted text that begins at the cursor. Its further lines have to stand deeper than column `parent`. */
export function readQuoted(cursor: Cursor, parent: number): string {
  const start = cursor.at;
  return cursor.code === APOSTROPHE
    ? readSingle(cursor, start, parent)
    : readDouble(cursor, start, parent);
}

function readSingle(cursor: Cursor, start: number, parent: number): string {
  const { text } = cursor;
  let end = text.indexOf("'", start + 1);
  let hasQuotes = false;
  while (end >= 0 && text.charCodeAt(end + 1) === APOSTROPHE) {
    hasQuotes = true;
    end = text.indexOf("'", end + 2);
  }
  const raw = take(cursor, start, end, parent);
  return hasQuotes ? raw.replaceAll("''", "'") : raw;
}

function readDouble(cursor: Cursor, start: number, parent: number): string {
  const { text } = cursor;
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  const raw = take(cursor, start, end, parent);
  if (!raw.includes('\\')) return raw;
  // The escapes that JSON has mean the same in YAML.
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    throw new Unsure('an escape in quotes', start);
  }
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

// What stands between the quotes, its lines folded; moves the cursor behind them.
function take(cursor: Cursor, start: number, end: number, parent: number): string {
  if (end < 0 || end >= cursor.end) throw new Unsure('quotes that are not closed', start);
  const raw = cursor.text.slice(start + 1, end);
  cursor.at = end + 1;
  if (!raw.includes('\n')) return raw;
  cursor.lineStart = cursor.text.lastIndexOf('\n', end) + 1;
  return foldQuoted(raw, start, parent);
}

function foldQuoted(raw: string, start: number, parent: number): string {
  if (/[\t\\]/.test(raw))
    throw new Unsure('a tab or an escape in quotes over several lines', start);
  const lines = raw.split(/\r?\n/);
  const last = lines.length - 1;
  const texts = lines.map((line, i) => {
    const trimmed = trimSpaces(line, i > 0, i < last);
    const indent = i === 0 ? Number.POSITIVE_INFINITY : line.search(/[^ ]|$/);
    if (indent <= parent && (trimmed !== '' || i === last)) throw new Unsure('indentation', start);
    return trimmed;
  });
  return foldLines(texts);
}

/** Joins lines as YAML folds them: one line end is a space, n + 1 line ends are n. The first and last line always count. */
export function foldLines(lines: readonly string[]): string {
  let folded = lines[0] ?? '';
  let empty = 0;
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line === '' && i < lines.length - 1) {
      empty++;
      continue;
    }
    folded += (empty === 0 ? ' ' : '\n'.repeat(empty)) + line;
    empty = 0;
  }
  return folded;
}

function trimSpaces(line: string, atStart: boolean, atEnd: boolean): string {
  const from = atStart ? line.search(/[^ ]|$/) : 0;
  let to = line.length;
  while (atEnd && to > from && line.charAt(to - 1) === ' ') to--;
  return line.slice(from, to);
}
