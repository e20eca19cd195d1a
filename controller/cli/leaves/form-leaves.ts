/** Fields of `application/x-www-form-urlencoded`. */
import type { Leaf } from './leaf.ts';

/** Every field, in order; escapes that are none stay as they are. */
export function* formLeaves(text: string): Generator<Leaf> {
  for (const pair of text.trim().split('&')) {
    if (pair === '') continue;
    const [name = '', ...value] = pair.split('=');
    const raw = value.join('=');
    yield { record: 0, steps: [decode(name)], text: decode(raw), raw, isNumber: false };
  }
}

function decode(text: string): string {
  const bytes = Buffer.from(text.replaceAll('+', ' '));
  const latin = bytes
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin, 'latin1').toString();
}
