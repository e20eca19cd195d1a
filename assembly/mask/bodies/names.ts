/** Decoded field names of the formats beside JSON. */
import { appendUtf8 } from '../../memory/utf8';
import { KEY_MAX, Masker, keyOf } from '../state';

const UTF8_MAX: u32 = 4;

/** Starts a name. */
export function clearName(m: Masker): void {
  m.keyLen = 0;
}

/** Adds a character. False when the name is longer than any that is compared. */
export function appendName(m: Masker, codePoint: u32): bool {
  if (m.keyLen + UTF8_MAX > KEY_MAX) return false;
  m.keyLen += appendUtf8(keyOf(m) + m.keyLen, codePoint);
  return true;
}
