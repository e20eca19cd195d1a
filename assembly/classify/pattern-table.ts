/**
 * The table of a user-defined pattern: a deterministic automaton over units, so that looking at a unit is one step.
 *
 *       0  u16      states, counted from 1; 0 is dead: nothing matches any more
 *       2  u16      classes of units
 *       4  u16      state in which a match begins
 *       6  u16      bit 0: a match may begin inside a word
 *       8  u8[256]  class of each unit
 *     264  u16[]    next state, `classes` for each state from 1 on
 *       -  u8[]     bit of each state in which a match may end, bit 0 of the first byte is state 0
 *       -           zero up to a multiple of 8
 */
import { PATTERN_MAX_BYTES } from '../layout';

/** Offset of the class of each unit. */
export const PATTERN_CLASSES: usize = 8;

/** Offset of the transitions. */
export const PATTERN_STEPS: usize = 264;

const STATES_MAX: u32 = 256;
const CLASSES_MAX: u32 = 64;
const UNITS: u32 = 256;

/** Whether `len` bytes are a table that can be followed without checks. Never traps. */
export function validatePattern(ptr: usize, len: u32): bool {
  if (len < <u32>PATTERN_STEPS || len > PATTERN_MAX_BYTES) return false;
  const states = <u32>load<u16>(ptr);
  const classes = <u32>load<u16>(ptr, 2);
  const start = <u32>load<u16>(ptr, 4);
  if (states == 0 || states > STATES_MAX || classes == 0 || classes > CLASSES_MAX) return false;
  if (start == 0 || start > states || load<u16>(ptr, 6) > 1) return false;
  const steps = states * classes;
  const ends = <u32>PATTERN_STEPS + (steps << 1);
  const used = ends + ((states + 8) >> 3);
  if (len != ((used + 7) & ~7)) return false;
  for (let unit: u32 = 0; unit < UNITS; unit++) {
    if (<u32>load<u8>(ptr + unit, PATTERN_CLASSES) >= classes) return false;
  }
  for (let step: u32 = 0; step < steps; step++) {
    if (<u32>load<u16>(ptr + ((<usize>step) << 1), PATTERN_STEPS) > states) return false;
  }
  return (load<u8>(ptr + ends) & 1) == 0 && isZeroFrom(ptr, ends, states + 1, len);
}

/** Whether no bit is set behind the states and before the end. */
function isZeroFrom(ptr: usize, ends: u32, bits: u32, len: u32): bool {
  let at = ends + (bits >> 3);
  if (at < len && (<u32>load<u8>(ptr + at++)) >> (bits & 7) != 0) return false;
  while (at < len) {
    if (load<u8>(ptr + at++) != 0) return false;
  }
  return true;
}
