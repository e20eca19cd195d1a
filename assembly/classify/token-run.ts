/** Where runs of token characters end, remembered so that no run is read twice from within. */
import { LOOKAHEAD_MAX } from './answers';
import { runEnd } from './units';

/** u32[2] per slot: from where to where the run that was read last is known. */
const KNOWN: usize = memory.data(32, 8);

/** The slots of those who ask. */
export const enum RunSlot {
  Key = 0,
  Part = 1,
  Token = 2,
}

/** Forgets what is known of a text. */
export function clearTokenRuns(): void {
  memory.fill(KNOWN, 0, 24);
}

/**
 * The end of the run of units of a class that `pos` is in, at most `len`; not more than
 * LOOKAHEAD_MAX units behind `pos` have to be in the run that is answered. A slot is always asked
 * for one class.
 */
export function endOfRun(slot: RunSlot, text: usize, pos: u32, len: u32, bit: u32): u32 {
  const known = KNOWN + ((<usize>slot) << 3);
  let end = load<u32>(known, 4);
  if (pos < load<u32>(known) || pos >= end) {
    store<u32>(known, pos);
    end = pos;
  }
  const most = len - pos > LOOKAHEAD_MAX ? pos + LOOKAHEAD_MAX : len;
  if (end < most) end = runEnd(text, end, most, bit);
  store<u32>(known, end, 4);
  return end;
}
