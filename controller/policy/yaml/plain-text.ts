/** Texts without quotes, in block and in flow style. */
import {
  CARRIAGE_RETURN,
  COLON,
  DASH,
  HASH,
  isBlank,
  isFlowIndicator,
  isIndicator,
  LINE_FEED,
  SPACE,
  TAB,
} from './characters.ts';
import type { Cursor } from './cursor.ts';
import { foldLines } from './quoted-text.ts';
import { Unsure } from './unsure.ts';

/** What ended a piece of plain text. */
export type PlainEnd = 'line' | 'colon' | 'comment' | 'flow';

/**
 * Moves the cursor over plain text on this line and gives what ended it; `textEnd` of the answer excludes white space
 * before that. `inFlow`: brackets and commas end it too.
 */
export function scanPlain(cursor: Cursor, inFlow: boolean): PlainEnd {
  const { text, end } = cursor;
  for (let at = cursor.at; at < end; at++) {
    const code = text.charCodeAt(at);
    // Letters and digits, nearly always.
    if (code > COLON && code < 0x5b) continue;
    const stop = stopAt(text, at, code, inFlow);
    if (stop !== undefined) {
      cursor.at = at;
      return stop;
    }
  }
  cursor.at = end;
  return 'line';
}

function stopAt(text: string, at: number, code: number, inFlow: boolean): PlainEnd | undefined {
  switch (code) {
    case LINE_FEED:
    case CARRIAGE_RETURN:
      return 'line';
    case TAB:
      throw new Unsure('a tab', at);
    case HASH:
      return text.charCodeAt(at - 1) === SPACE ? 'comment' : undefined;
    case COLON: {
      const next = text.charCodeAt(at + 1);
      if (isBlank(next)) return 'colon';
      if (inFlow && isFlowIndicator(next)) throw new Unsure('a colon before this', at + 1);
      return undefined;
    }
    default:
      return inFlow && isFlowIndicator(code) ? 'flow' : undefined;
  }
}

/** Throws unless plain text can begin at the cursor. */
export function checkPlainStart(cursor: Cursor, inFlow: boolean): void {
  const { code } = cursor;
  if (Number.isNaN(code) || isIndicator(code)) throw new Unsure(`\`${shown(cursor)}\``, cursor.at);
  if (code !== DASH && code !== COLON && code !== QUESTION) return;
  const next = cursor.text.charCodeAt(cursor.at + 1);
  if (isBlank(next) || (inFlow && isFlowIndicator(next))) {
    throw new Unsure(`\`${shown(cursor)}\``, cursor.at);
  }
}

function shown(cursor: Cursor): string {
  return cursor.text.charAt(cursor.at).trim() || 'the end of a line';
}

/** The text from `start` to the cursor without spaces at its end. */
export function takePlain(cursor: Cursor, start: number): string {
  let end = cursor.at;
  while (end > start && cursor.text.charCodeAt(end - 1) === SPACE) end--;
  return cursor.text.slice(start, end);
}

/**
 * Plain text in block style that may go on over lines deeper than column `parent`; ends before a comment or at the end of its
 * last line.
 */
export function readPlainLines(cursor: Cursor, parent: number): string {
  checkPlainStart(cursor, false);
  const lines: string[] = [];
  for (;;) {
    const start = cursor.at;
    const stop = scanPlain(cursor, false);
    if (stop === 'colon') throw new Unsure('a second `: `', cursor.at);
    lines.push(takePlain(cursor, start));
    if (stop === 'comment' || !goesOn(cursor, parent, lines)) break;
  }
  return lines.length === 1 ? (lines[0] ?? '') : foldLines(lines);
}

// Moves to the next line of the text and adds the empty lines before it; stays where it is when there is none.
function goesOn(cursor: Cursor, parent: number, lines: string[]): boolean {
  const { at, lineStart } = cursor;
  let empty = 0;
  while (cursor.at < cursor.end) {
    cursor.newLine();
    cursor.skipSpaces();
    const { code } = cursor;
    if (code === TAB) throw new Unsure('a tab', cursor.at);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) {
      empty++;
      continue;
    }
    const isDeeper = cursor.at - cursor.lineStart > parent;
    if (!isDeeper || code === HASH || cursor.at >= cursor.end) break;
    for (let i = 0; i < empty; i++) lines.push('');
    return true;
  }
  cursor.at = at;
  cursor.lineStart = lineStart;
  return false;
}

const QUESTION = 0x3f;
