/** Texts over several lines: their lines stay as they are, at the indentation of their new place. */
import type { Scalar } from 'yaml';

import { readSlow } from '../yaml/slow-reader.ts';

/**
 * The header (`|`, `>-` ...) and the lines without indentation of a text that is written over several lines in `text`.
 * Undefined when it has to be written on one line.
 */
export function blockLines(
  scalar: Scalar,
  text: string,
): { header: string; lines: readonly string[] } | undefined {
  const { value, range } = scalar;
  if (typeof value !== 'string' || !range) return undefined;
  const source = text.slice(range[0], range[1]).split(/\r?\n/);
  const isBlock = scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED';
  if (!isBlock && source.length === 1) return undefined;
  const written = isBlock ? ofBlock(source) : ofLines(source, scalar.type !== 'PLAIN');
  return written !== undefined && readBack(written.header, written.lines) === value
    ? written
    : undefined;
}

function ofBlock(source: readonly string[]) {
  const [head = '', ...rest] = source;
  const header = /^[|>][+-]?/.exec(head)?.[0] ?? '|';
  const filled = rest.filter((line) => line.trim() !== '');
  const indent = Math.min(...filled.map((line) => line.search(/\S/)));
  const lines = rest.map((line) => (line.trim() === '' ? '' : line.slice(indent)));
  while (lines.at(-1) === '') lines.pop();
  return lines.length === 0 ? undefined : { header, lines };
}

// Lines of a text with or without quotes become lines of a folded one.
function ofLines(source: readonly string[], isQuoted: boolean) {
  const inner = source.join('\n');
  const lines = (isQuoted ? inner.slice(1, -1) : inner).split('\n').map((line) => line.trim());
  return { header: '>-', lines };
}

function readBack(header: string, lines: readonly string[]): unknown {
  const text = `a: ${header}\n${lines.map((line) => (line === '' ? '\n' : `  ${line}\n`)).join('')}`;
  const [document] = readSlow(text, 0, text.length).documents;
  return (document?.raw as { a?: unknown } | undefined)?.a;
}
