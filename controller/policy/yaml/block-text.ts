/** Texts in block style: `|` keeps line ends, `>` folds them. */
import { CARRIAGE_RETURN, GREATER, HASH, LINE_FEED, TAB } from './characters.ts';
import type { Cursor } from './cursor.ts';
import { foldLines } from './quoted-text.ts';
import { Unsure } from './unsure.ts';

/** Reads the block text whose `|` or `>` is at the cursor, inside something at column `parent`; ends at the next content. */
export function readBlockText(cursor: Cursor, parent: number): string {
  const start = cursor.at;
  const isFolded = cursor.code === GREATER;
  const keepsEnd = readHeader(cursor);
  const lines = readLines(cursor, parent);
  if (lines.length === 0) throw new Unsure('an empty block text', start);
  cursor.toContent();
  if (isFolded && (lines[0] === '' || lines.some((line) => line.startsWith(' ')))) {
    throw new Unsure('a folded text with deeper lines or an empty first one', start);
  }
  const body = isFolded ? foldLines(lines) : lines.join('\n');
  return keepsEnd ? `${body}\n` : body;
}

// `|`, `|-`, `>`, `>-`, with a comment or not; true when the last line end stays.
function readHeader(cursor: Cursor): boolean {
  cursor.at++;
  const strips = cursor.text.charAt(cursor.at) === '-';
  if (strips) cursor.at++;
  cursor.skipSpaces();
  const code = cursor.code;
  const isComment = code === HASH && cursor.isAfterSpace();
  if (!isComment && code !== LINE_FEED && code !== CARRIAGE_RETURN) {
    throw new Unsure('this header of a block text', cursor.at);
  }
  cursor.at = cursor.lineEnd();
  cursor.newLine();
  return !strips;
}

// The lines of the text without their indentation; empty ones at the end are left out.
function readLines(cursor: Cursor, parent: number): string[] {
  const lines: string[] = [];
  let indent = -1;
  let filled = 0;
  while (cursor.at < cursor.end) {
    cursor.skipSpaces();
    const column = cursor.at - cursor.lineStart;
    const end = cursor.lineEnd();
    if (cursor.code === TAB) throw new Unsure('a tab', cursor.at);
    if (cursor.at === end) {
      // Spaces beyond the indentation would be part of the text.
      if (indent < 0 ? column > 0 : column > indent) throw new Unsure('spaces', cursor.at);
      lines.push('');
    } else {
      if (indent < 0 && column > parent) indent = column;
      if (indent < 0 || column < indent) {
        if (column > parent) throw new Unsure('indentation', cursor.at);
        cursor.at = cursor.lineStart;
        break;
      }
      lines.push(cursor.text.slice(cursor.lineStart + indent, end));
      filled = lines.length;
    }
    cursor.at = end;
    if (end >= cursor.end) throw new Unsure('a block text without a line end', end);
    cursor.newLine();
  }
  lines.length = filled;
  return lines;
}
