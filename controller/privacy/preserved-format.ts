/** Values whose format was preserved: digits, or digits and letters, became others and what stands between them stayed. */
import type { MaskKeys } from '../mask-keys.ts';
import { decryptFf1 } from './ff1.ts';

/** Gives digits (radix 10) or digits and letters (radix 62) back; undefined when the filter makes no such value. */
export function restoreFormat(
  text: string,
  radix: 10 | 62,
  keys: Pick<MaskKeys, 'fpe'>,
): string | undefined {
  const characters = alphabet.slice(0, radix);
  const places = [...text].map((character) => characters.indexOf(character));
  if (places.some((place, i) => place < 0 && !separators.includes(text[i] ?? ''))) return undefined;
  const plain = decryptFf1(
    keys.fpe,
    radix,
    places.filter((place) => place >= 0),
  );
  if (!plain) return undefined;
  let next = 0;
  return places.map((place, i) => (place < 0 ? text[i] : alphabet[plain[next++] ?? 0])).join('');
}

/**
 * Gives an integer number back. The filter encrypts its digits again until the first one is no zero, and so does this in
 * the other direction.
 */
export function restoreNumber(text: string, keys: Pick<MaskKeys, 'fpe'>): string | undefined {
  const [, sign, digits] = /^(-?)([1-9][0-9]{5,55})$/.exec(text) ?? [];
  let walked = digits;
  for (let walks = 0; walked !== undefined && walks < mostWalks; walks++) {
    walked = restoreFormat(walked, 10, keys);
    if (walked !== undefined && !walked.startsWith('0')) return sign + walked;
  }
  return undefined;
}

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const separators = ' ()+-./:_';
/** As the filter. */
const mostWalks = 64;
