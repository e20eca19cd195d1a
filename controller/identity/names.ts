/**
 * The alphabet of names and labels: safe in a SPIFFE ID segment and, unescaped, in RFC 2253 text of
 * a subject.
 */
import { DtaError } from '../errors.ts';
import type { Labels } from './model.ts';

/**
 * Gives the name back, or fails with `usage`. `.` and `..` are refused: a SPIFFE ID cannot carry
 * them.
 */
export function checkName(what: string, name: string): string {
  if (isName(name)) return name;
  throw new DtaError('usage', `${what} \`${show(name)}\` is not a name`, {
    help: 'use 1 to 63 of A-Z a-z 0-9 . _ - and neither . nor .. alone',
  });
}

/** Gives the labels back with their names in byte order, or fails with `usage`. */
export function checkLabels(labels: Labels): Labels {
  const names = Object.keys(labels).sort();
  if (names.length > maxLabels) {
    throw new DtaError('usage', `${names.length} labels are more than ${maxLabels}`);
  }
  // Built from entries, so that a label called `__proto__` is a label and nothing else.
  return Object.fromEntries(
    names.map((name) => [
      checkName('label name', name),
      checkName(`value of label \`${name}\``, labels[name] ?? ''),
    ]),
  );
}

/** Whether it can be a segment of our SPIFFE IDs. */
export function isName(text: string): boolean {
  return nameForm.test(text) && text !== '.' && text !== '..';
}

/** Gives a reason or an actor back, or fails with `usage`: control characters would break the one-line outputs that show it. */
export function checkCauseText(what: string, text: string): string {
  if (text.length <= 500 && !/\p{Cc}/u.test(text)) return text;
  throw new DtaError('usage', `${what} is longer than 500 characters or has control characters`);
}

/** Input as an error message may show it: printable, at most 80 characters. */
export function show(text: string): string {
  const printable = text.replaceAll(/[^\x20-\x5f\x61-\x7e]/g, '?');
  return printable.length <= 80 ? printable : `${printable.slice(0, 77)}...`;
}

const nameForm = /^[A-Za-z0-9._-]{1,63}$/;
const maxLabels = 16;
