/** HTTP methods in policies: compared byte by byte, so a wrong case would never match. */
import { Problem } from './problem.ts';

/** Checks a method; any name of its own is allowed as long as it is written in capitals. */
export function parseMethod(text: string): string | Problem {
  if (/^[A-Z][A-Z0-9_-]{0,31}$/.test(text)) return text;
  const upper = text.toUpperCase();
  if (text !== upper && /^[A-Z][A-Z0-9_-]{0,31}$/.test(upper)) {
    return new Problem(`method \`${text}\` is not in capitals`, `write \`${upper}\``);
  }
  const help = 'write for example `GET`; leave `methods` out for any method';
  return new Problem(`\`${text}\` is not an HTTP method`, help);
}
