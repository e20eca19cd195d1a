/**
 * Decoded field names of the formats beside JSON. Servers make objects of `user[card]`, `cards[]` and `user.card`: such a
 * name has the rules of each of its parts, too.
 */
import { appendUtf8 } from '../../memory/utf8';
import { enterMember, enterName } from '../paths';
import { KEY_MAX, Masker, keyOf } from '../state';

const UTF8_MAX: u32 = 4;
const name: usize = memory.data(3328, 8);

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

/** Makes the field whose name was read the next value of the document. False when the paths are too tangled. */
export function enterField(m: Masker): bool {
  const len = m.keyLen;
  const hasParts = len <= KEY_MAX && hasSeparator(keyOf(m), len);
  if (hasParts) memory.copy(name, keyOf(m), len);
  if (!enterMember(m)) return false;
  if (!hasParts) return true;
  let from: u32 = 0;
  for (let at: u32 = 0; at <= len; at++) {
    if (at < len && !isSeparator(load<u8>(name + at))) continue;
    m.keyLen = at - from;
    memory.copy(keyOf(m), name + from, m.keyLen);
    if (m.keyLen != 0) enterName(m);
    from = at + 1;
  }
  return true;
}

function hasSeparator(ptr: usize, len: u32): bool {
  for (let i: u32 = 0; i < len; i++) if (isSeparator(load<u8>(ptr + i))) return true;
  return false;
}

/** Brackets and dots. */
function isSeparator(byte: u8): bool {
  return byte == 0x5b || byte == 0x5d || byte == 0x2e;
}
