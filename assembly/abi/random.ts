/** Random numbers of the host. */
import { random_get } from './imports';

const DRAWN: usize = memory.data(8, 8);

/** Fills `len` bytes; false when the host has none to give. */
export function randomBytes(target: usize, len: u32): bool {
  return random_get(target, len) == 0;
}

/** A random number of 64 bits; 0 when the host has none to give. */
export function randomU64(): u64 {
  store<u64>(DRAWN, 0);
  return randomBytes(DRAWN, 8) ? load<u64>(DRAWN) : 0;
}
