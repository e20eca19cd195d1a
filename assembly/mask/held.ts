/**
 * Bytes that are held back in the ring of a state block. INVARIANT: never more than HELD_MAX at a
 * time.
 */
import { emitByte } from './output';
import { HELD_MAX, Masker, heldOf } from './state';

/** Holds the low `len` bytes of a word. */
export function holdWord(m: Masker, word: u64, len: u32): void {
  const ring = heldOf(m);
  for (let i: u32 = 0; i < len; i++) {
    store<u8>(ring + (m.heldEnd++ & (HELD_MAX - 1)), <u8>word);
    word >>= 8;
  }
}

/** Emits the oldest `len` held bytes. */
export function emitHeld(m: Masker, len: u32): void {
  const ring = heldOf(m);
  for (let i: u32 = 0; i < len; i++) {
    emitByte(load<u8>(ring + (m.heldStart++ & (HELD_MAX - 1))));
  }
}

/** Forgets the oldest `len` held bytes. */
// @ts-ignore: decorator
@inline
export function dropHeld(m: Masker, len: u32): void {
  m.heldStart += len;
}

/** Empties the ring of bytes and the ring of entries. */
export function clearHeld(m: Masker): void {
  m.heldStart = 0;
  m.heldEnd = 0;
  m.ringStart = 0;
  m.ringEnd = 0;
  m.seen = 0;
  m.groupLen = 0;
}
