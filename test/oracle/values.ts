/** Values of a request: its header lines and its query parameters, as bytes. */
import type { OracleRequest } from './request.ts';
import { bytesOf } from './texts.ts';

/** What stands between the commas of all lines of a header: repeated lines are one list. */
export function headerValues({ headers }: OracleRequest, name: string): string[] {
  const lines = headers.filter(([given]) => given === name.toLowerCase());
  if (lines.length === 0) return [];
  const list = lines.map(([, line]) => line).join(',');
  return list.split(',').map((element) => withoutBlanks(element));
}

/** The lines of a header as they come. */
export function headerLines({ headers }: OracleRequest, name: string): string[] {
  const lines = headers.filter(([given]) => given === name.toLowerCase());
  return lines.map(([, line]) => withoutBlanks(line));
}

function withoutBlanks(text: string): string {
  return bytesOf(text.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
}

/** Every occurrence of a query parameter is a value. */
export function parameterValues({ query }: OracleRequest, name: string): string[] {
  const values: string[] = [];
  for (const piece of sureQuery(query).split('&')) {
    const [key = '', ...rest] = piece.split('=');
    if (piece !== '' && decode(key) === bytesOf(name)) values.push(decode(rest.join('=')));
  }
  return values;
}

/** True when servers read a query in different ways: an escape that is none, a semicolon. */
export function hasTwoReadings(query: string): boolean {
  return /%(?![0-9a-f]{2})|;/i.test(sureQuery(query));
}

function sureQuery(query: string): string {
  return query.replace(/#.*$/s, '');
}

function decode(text: string): string {
  return bytesOf(text)
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, digits) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
}
