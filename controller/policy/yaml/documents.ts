/** Splits a file into its documents. */
import { isBlank } from './characters.ts';

/** One document of a file; offsets count UTF-16 units. */
export interface DocumentRange {
  /** Start of the document with its `---` line. */
  readonly start: number;
  /** Start of what is in it, or undefined when that begins on the line of the `---` itself. */
  readonly contentStart: number | undefined;
  readonly end: number;
}

/**
 * The documents of a file in their order. Undefined when the file has directives, `...` lines, a byte order mark or lone carriage
 * returns: those reach over documents and are left to the `yaml` library.
 */
export function splitDocuments(text: string): DocumentRange[] | undefined {
  const lines = `\n${text.slice(0, 3)}`;
  if (['\n%', '\n...', '\n\ufeff'].some((mark) => lines.startsWith(mark) || text.includes(mark))) {
    return undefined;
  }
  if (/\r(?!\n)/.test(text)) return undefined;
  const ranges: DocumentRange[] = [];
  let start = 0;
  let contentStart: number | undefined = 0;
  for (const mark of startMarks(text)) {
    if (mark > 0) ranges.push({ start, contentStart, end: mark });
    start = mark;
    contentStart = contentAfter(text, mark);
  }
  ranges.push({ start, contentStart, end: text.length });
  return ranges;
}

function* startMarks(text: string): Generator<number> {
  let at = text.startsWith('---') ? 0 : nextMark(text, 0);
  while (at >= 0) {
    if (isBlank(text.charCodeAt(at + 3))) yield at;
    at = nextMark(text, at);
  }
}

function nextMark(text: string, from: number): number {
  const at = text.indexOf('\n---', from);
  return at < 0 ? -1 : at + 1;
}

// The line after the mark's, when nothing but a comment stands beside the mark.
function contentAfter(text: string, mark: number): number | undefined {
  const lineEnd = text.indexOf('\n', mark);
  const end = lineEnd < 0 ? text.length : lineEnd;
  return /^--- *(?: #.*)?\r?$/.test(text.slice(mark, end))
    ? Math.min(end + 1, text.length)
    : undefined;
}
