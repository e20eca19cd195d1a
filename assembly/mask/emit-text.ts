/** Text that the masker writes itself, in the way of the format. */
import { ESCAPED_MAX, Escape, writeEscaped } from './escape';
import { emitByte } from './output';
import { Masker } from './state';

const STAR: u8 = 0x2a;
const escaped: usize = memory.data(8);

/** Emits UTF-8 text. INVARIANT: `reserveOutput` has made room for it, escaped twice. */
export function emitText(m: Masker, ptr: usize, len: u32): void {
  for (let i: u32 = 0; i < len; i++) emitCharacter(m, load<u8>(ptr + i));
}

/** Emits a byte of UTF-8 text. */
export function emitCharacter(m: Masker, byte: u8): void {
  if (m.escape == Escape.None) {
    emitByte(byte);
    return;
  }
  const len = writeEscaped(escaped, m.escape, byte);
  for (let i: u32 = 0; i < len; i++) emitByte(load<u8>(escaped + i));
}

/** Emits `*`, which no format has to escape. */
// @ts-ignore: decorator
@inline
export function emitStar(): void {
  emitByte(STAR);
}

// INVARIANT: an escaped byte fits.
assert(ESCAPED_MAX <= 8);
