/** The comments of a YAML text, to hold that formatting loses none. */
import { Lexer } from 'yaml';

/** Every comment without `#` and the white space around it, in the order of the text. */
export function commentsOf(text: string): string[] {
  const comments: string[] = [];
  let isScalar = false;
  for (const token of new Lexer().lex(text)) {
    if (token.startsWith('#') && !isScalar) comments.push(token.slice(1).trim());
    isScalar = token === SCALAR_FOLLOWS;
  }
  return comments;
}

/** The comment of `before` that `after` lacks most to the front, or undefined when it has all of them. */
export function lostComment(before: string, after: string): string | undefined {
  const left = new Map<string, number>();
  for (const comment of commentsOf(after)) left.set(comment, (left.get(comment) ?? 0) + 1);
  for (const comment of commentsOf(before)) {
    const count = left.get(comment) ?? 0;
    if (count === 0) return comment;
    left.set(comment, count - 1);
  }
  return undefined;
}

const SCALAR_FOLLOWS = '\u001f';
