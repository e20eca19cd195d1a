/**
 * KeepLast: each letter or digit but the last few becomes `*`, one character at a time and for text
 * of any length.
 *
 * Every character that is not ASCII counts as a letter, and so does `*`, so that masking what is
 * masked changes nothing. Text with no more letters and digits than may stay is masked as a whole.
 * The characters that may stay are held back, with what stands between them; each has an entry in
 * the ring of entries:
 *
 *   bits 0-7   bytes of the character as it is written
 *   bits 8-23  where it begins in the held bytes, modulo 65,536
 */
import { clearHeld, dropHeld, emitHeld, holdWord } from '../held';
import { emitByte, emitWord } from '../output';
import { HELD_MAX, Masker, ringOf } from '../state';

const RING: u32 = 64;
const STAR: u8 = 0x2a;

/** Starts a text of which `keep` characters (16 at most) may stay. */
export function openKeep(m: Masker, keep: u32): void {
  clearHeld(m);
  m.keep = keep;
}

/**
 * Takes a character and how it is written: the low `len` bytes of `word`. `joined` is a low
 * surrogate that belongs to the character before. Should more than HELD_MAX bytes have to be held,
 * the oldest character is masked early.
 */
export function keepChar(m: Masker, codePoint: u32, joined: bool, word: u64, len: u32): void {
  if (joined) {
    if (m.keep != 0) extendNewest(m, word, len);
    return;
  }
  const counts = isCounted(codePoint);
  if (counts) {
    m.seen++;
    if (m.keep == 0) {
      emitByte(STAR);
      return;
    }
    if (m.ringEnd - m.ringStart == m.keep) maskOldest(m);
  }
  makeRoom(m, len);
  if (counts) store<u32>(entryAt(m, m.ringEnd++), ((m.heldEnd & 0xffff) << 8) | len);
  if (m.ringStart == m.ringEnd) emitWord(word, len);
  else holdWord(m, word, len);
}

/** Emits what is still held. */
export function closeKeep(m: Masker): void {
  if (m.seen <= m.keep) while (m.ringStart != m.ringEnd) maskOldest(m);
  emitHeld(m, m.heldEnd - m.heldStart);
  clearHeld(m);
}

function isCounted(codePoint: u32): bool {
  if (codePoint >= 0x80) return true;
  return codePoint - 0x30 < 10 || (codePoint | 0x20) - 0x61 < 26 || codePoint == STAR;
}

function maskOldest(m: Masker): void {
  const entry = load<u32>(entryAt(m, m.ringStart++));
  const len = entry & 0xff;
  const next =
    m.ringStart == m.ringEnd ? m.heldEnd & 0xffff : load<u32>(entryAt(m, m.ringStart)) >> 8;
  emitByte(STAR);
  dropHeld(m, len);
  emitHeld(m, (next - (entry >> 8) - len) & 0xffff);
}

function makeRoom(m: Masker, len: u32): void {
  while (m.ringStart != m.ringEnd && m.heldEnd - m.heldStart + len > HELD_MAX) maskOldest(m);
}

function extendNewest(m: Masker, word: u64, len: u32): void {
  // INVARIANT: the newest entry is the high half, the last bytes that were held.
  const entry = entryAt(m, m.ringEnd - 1);
  store<u32>(entry, load<u32>(entry) + len);
  makeRoom(m, len);
  holdWord(m, word, len);
}

// @ts-ignore: decorator
@inline
function entryAt(m: Masker, index: u32): usize {
  return ringOf(m) + ((<usize>(index & (RING - 1))) << 2);
}
