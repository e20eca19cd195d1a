/** Values of a request: its header lines and its query parameters, as bytes. */
import type { OracleRequest } from './request.ts';
import { bytesOf } from './texts.ts';

/** Every line of a header is a value. */
export function headerValues({ headers }: OracleRequest, name: string): string[] {
  const wanted = name.toLowerCase();
  const lines = headers.filter(([given]) => given === wanted);
  return lines.map(([, value]) => bytesOf(value.replaceAll(/^[ \t]+|[ \t]+$/g, '')));
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

/** True when a query has an escape that is none. */
export function hasBrokenEscape(query: string): boolean {
  return /%(?![0-9a-f]{2})/i.test(sureQuery(query));
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
