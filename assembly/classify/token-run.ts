/** Where runs of token characters end, remembered so that no run is read twice from within. */
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

/** The end of the run of units of a class that `pos` is in, at most `len`. A slot is always asked for one class. */
export function endOfRun(slot: RunSlot, text: usize, pos: u32, len: u32, bit: u32): u32 {
  const known = KNOWN + ((<usize>slot) << 3);
  if (pos >= load<u32>(known) && pos < load<u32>(known, 4)) return load<u32>(known, 4);
  const end = runEnd(text, pos, len, bit);
  store<u32>(known, pos);
  store<u32>(known, end, 4);
  return end;
}
