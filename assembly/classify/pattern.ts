/**
 * Patterns of the user, as tables of deterministic automata that the controller made.
 *
 *       0  u16    states, 2 to 4096; state 0 is dead: nothing leads out of it
 *       2  u16    classes of units, 1 to 256
 *       4  u16    the state before the first unit, not 0
 *       6  u16    flags, see PatternFlag
 *       8  u8[256]  class of each unit
 *     264  u16[states][classes]  the next state
 *       .  u8[(states + 7) / 8]  bit of each state in which a match may end, lowest first
 *
 * Tables begin at even offsets. A match is the longest one, at most 256 units, or 64 when it may
 * begin inside of a word; it is never empty. Work is at most so many steps for each position at
 * which it may begin.
 */
import { LOOKAHEAD_MAX, NOTHING, UNDECIDED } from './answers';
import { isAlnum, isDigit } from './units';

/** How a pattern is looked for. */
export const enum PatternFlag {
  /** it may begin inside of a word: between two letters or digits */
  AnyStart = 1,
  /** it must not end inside of a word */
  WordEnd = 2,
  /** each match has a digit, so texts without one need not be scanned */
  NeedsDigit = 4,
}

/** Bytes in front of the transitions. */
const HEADER_BYTES: u32 = 264;
const CLASSES: u32 = 8;
/** Most states of a table. */
export const PATTERN_STATES_MAX: u32 = 4096;
/** Most units of a match that may begin anywhere. */
const ANY_START_MAX: u32 = 64;

/** Bit of each state that is reached without a digit. */
const REACHED: usize = memory.data(512, 8);
/** These states, in the order in which they were reached. */
const QUEUE: usize = memory.data(8192, 8);

/**
 * Whether `len` bytes are a table: every state and class that is named exists, and the flags tell
 * the truth.
 */
export function validatePattern(ptr: usize, len: u32): bool {
  if (len < HEADER_BYTES || (ptr & 1) != 0) return false;
  const states = <u32>load<u16>(ptr);
  const classes = <u32>load<u16>(ptr, 2);
  const start = <u32>load<u16>(ptr, 4);
  const flags = <u32>load<u16>(ptr, 6);
  if (states < 2 || states > PATTERN_STATES_MAX || classes == 0 || classes > 256) return false;
  if (start == 0 || start >= states || flags > 7) return false;
  // At most 264 + 4096 * 256 * 2 + 512.
  if (len != HEADER_BYTES + states * classes * 2 + ((states + 7) >> 3)) return false;
  for (let unit: usize = 0; unit < 256; unit++) {
    if (<u32>load<u8>(ptr + CLASSES + unit) >= classes) return false;
  }
  for (let at: u32 = 0; at < states * classes; at++) {
    const next = <u32>load<u16>(ptr + HEADER_BYTES + ((<usize>at) << 1));
    if (next >= states || (at < classes && next != 0)) return false;
  }
  if (accepts(ptr, 0) || accepts(ptr, start)) return false;
  return (flags & PatternFlag.NeedsDigit) == 0 || !acceptsWithoutDigit(ptr, start);
}

/** Flags of a valid table. */
// @ts-ignore: decorator
@inline
export function patternFlags(table: usize): u32 {
  return <u32>load<u16>(table, 6);
}

/** Whether a match may begin with a unit. */
export function patternBegins(table: usize, unit: u32): bool {
  return step(table, <u32>load<u16>(table, 4), <u8>unit) != 0;
}

/** The end of the match that begins at `pos`. INVARIANT: the table is valid. */
export function patternAt(table: usize, text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  const flags = patternFlags(table);
  const isInside = pos > 0 && isInsideWord(text, pos);
  if (isInside && (flags & PatternFlag.AnyStart) == 0) return NOTHING;
  const most = (flags & PatternFlag.AnyStart) != 0 ? ANY_START_MAX : LOOKAHEAD_MAX - 1;
  const limit = len - pos < most ? len : pos + most;
  let end = NOTHING;
  let state = <u32>load<u16>(table, 4);
  let p = pos;
  while (p < limit) {
    state = step(table, state, load<u8>(text + <usize>p));
    if (state == 0) break;
    p++;
    if (!accepts(table, state)) continue;
    if ((flags & PatternFlag.WordEnd) == 0) end = p;
    else if (p == len && !isEnd) return UNDECIDED;
    else if (p == len || !isInsideWord(text, p)) end = p;
  }
  return state != 0 && p == len && !isEnd && p - pos < most ? UNDECIDED : end;
}

/** Whether a letter or digit stands on both sides of a position. */
// @ts-ignore: decorator
@inline
function isInsideWord(text: usize, pos: u32): bool {
  return isAlnum(load<u8>(text + <usize>pos)) && isAlnum(load<u8>(text + <usize>(pos - 1)));
}

// @ts-ignore: decorator
@inline
function step(table: usize, state: u32, unit: u8): u32 {
  const at = state * <u32>load<u16>(table, 2) + <u32>load<u8>(table + CLASSES + <usize>unit);
  return <u32>load<u16>(table + HEADER_BYTES + ((<usize>at) << 1));
}

// @ts-ignore: decorator
@inline
function accepts(table: usize, state: u32): bool {
  const cells = <u32>load<u16>(table) * <u32>load<u16>(table, 2);
  const bitmap = table + HEADER_BYTES + ((<usize>cells) << 1);
  return (((<u32>load<u8>(bitmap + <usize>(state >> 3))) >> (state & 7)) & 1) != 0;
}

/**
 * Whether a state in which a match may end is reached by units that are no digits; at most 256
 * steps for each state.
 */
function acceptsWithoutDigit(ptr: usize, start: u32): bool {
  memory.fill(REACHED, 0, 512);
  mark(start);
  store<u16>(QUEUE, <u16>start);
  let queued: u32 = 1;
  for (let taken: u32 = 0; taken < queued; taken++) {
    const state = <u32>load<u16>(QUEUE + ((<usize>taken) << 1));
    if (accepts(ptr, state)) return true;
    for (let unit: u32 = 0; unit < 256; unit++) {
      const next = isDigit(<u8>unit) ? 0 : step(ptr, state, <u8>unit);
      if (next == 0 || isMarked(next)) continue;
      mark(next);
      store<u16>(QUEUE + ((<usize>queued) << 1), <u16>next);
      queued++;
    }
  }
  return false;
}

// @ts-ignore: decorator
@inline
function mark(state: u32): void {
  const at = REACHED + <usize>(state >> 3);
  store<u8>(at, load<u8>(at) | (<u8>(u32(1) << (state & 7))));
}

// @ts-ignore: decorator
@inline
function isMarked(state: u32): bool {
  return (((<u32>load<u8>(REACHED + <usize>(state >> 3))) >> (state & 7)) & 1) != 0;
}
