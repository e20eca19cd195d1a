/** Names of fields as the filter compares them, and the filter that tells most other names apart at once. */
import { NAME_FILTER_BYTES, NameMode } from '../layout.ts';

/**
 * A name without case, as the filter folds it: ASCII letters become lower case, and so do the two others whose simple case
 * folding is an ASCII letter, U+017F (to `s`) and U+212A (to `k`).
 */
export function foldName(name: string): string {
  return name
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replaceAll('\u017f', 's')
    .replaceAll('\u212a', 'k');
}

/** A name without case and without what separates words: `_`, `-`, `.` and spaces. May be empty. */
export function joinWords(name: string): string {
  return foldName(name).replaceAll(/[_. -]/g, '');
}

/** A name as records keep it for a way to compare. */
export function nameForMode(name: string, mode: NameMode): string {
  if (mode === NameMode.Exact) return name;
  return mode === NameMode.AnyCase ? foldName(name) : joinWords(name);
}

/**
 * The filter of names: a bit for each pair of first and last byte that a name of the blob has when its words are joined. A
 * name of a document without its bit is none of them. Names that begin or end outside ASCII, or have nothing but
 * separators, set all bits.
 */
export function nameFilterOf(names: Iterable<string>): Uint8Array {
  const bits = new Uint8Array(NAME_FILTER_BYTES);
  for (const name of names) {
    const bytes = Buffer.from(joinWords(name));
    const first = bytes[0] ?? NON_ASCII;
    const last = bytes.at(-1) ?? NON_ASCII;
    if (first >= NON_ASCII || last >= NON_ASCII) return bits.fill(0xff);
    const index = ((first & 31) << 5) | (last & 31);
    bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return bits;
}

const NON_ASCII = 0x80;
