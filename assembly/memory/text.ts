/**
 * Fixed ASCII texts as bytes: `const PATH = text(':path')` at the top of a file, `PATH.ptr` and `PATH.len` where it is
 * used. The texts are written once, when the module starts, into static memory: nothing is allocated and nothing freed.
 */
import { equalBytes } from './bytes';

const POOL_BYTES: usize = 16384;
const POOL: usize = memory.data(16384, 8);
let poolUsed: usize = 0;

/** A span of bytes that stays for ever. */
@unmanaged
export class Text {
  /** First byte. */
  ptr: usize;
  /** Bytes. */
  len: u32;

  /** Whether a span holds exactly these bytes. */
  // @ts-ignore: decorator
  @inline
  equals(ptr: usize, len: u32): bool {
    return equalBytes(ptr, len, this.ptr, this.len);
  }

  /** Copies the bytes to `target`; the address behind them. */
  writeTo(target: usize): usize {
    memory.copy(target, this.ptr, this.len);
    return target + <usize>this.len;
  }
}

/**
 * Makes a text of an ASCII literal, NUL included. Only for module globals: the pool is never emptied, and the start of the
 * module traps when it overflows or a character is not ASCII, so that no build with such a text runs at all.
 */
export function text(literal: string): Text {
  const len = <usize>literal.length;
  const record = POOL + poolUsed;
  const bytes = record + offsetof<Text>();
  poolUsed += (offsetof<Text>() + len + 7) & ~7;
  if (poolUsed > POOL_BYTES) unreachable();
  for (let at: usize = 0; at < len; at++) {
    const unit = load<u16>(changetype<usize>(literal) + (at << 1));
    if (unit > 0x7f) unreachable();
    store<u8>(bytes + at, <u8>unit);
  }
  const made = changetype<Text>(record);
  made.ptr = bytes;
  made.len = <u32>len;
  return made;
}
