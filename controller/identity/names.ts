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
  throw new DtaError('usage', `${what} \`${show(name)}\` is not a name: ${faultOf(name)}`, {
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

/** Words of an operator that are stored and shown: gives them back, or fails with `usage`. */
export function checkText(what: string, text: string): string {
  // Control characters would break the one-line outputs that show it.
  if (text.length <= 500 && !/\p{Cc}/u.test(text)) return text;
  throw new DtaError('usage', `${what} is longer than 500 characters or has control characters`);
}

/** Input as an error message may show it: printable, at most 80 characters. */
export function show(text: string): string {
  const printable = text.replaceAll(/[^\x20-\x5f\x61-\x7e]/g, '?');
  return printable.length <= 80 ? printable : `${printable.slice(0, 77)}...`;
}

function faultOf(name: string): string {
  if (name === '') return 'it is empty';
  if (name.length > 63) return `it has ${name.length} characters, more than 63`;
  const stranger = /[^A-Za-z0-9._-]/u.exec(name)?.[0];
  if (stranger === undefined) return 'it is a step in a path';
  const code = stranger.codePointAt(0) ?? 0;
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return code > 0x20 && code < 0x7f && code !== 0x60
    ? `it has a \`${stranger}\``
    : `it has ${number}`;
}

const nameForm = /^[A-Za-z0-9._-]{1,63}$/;
const maxLabels = 16;
