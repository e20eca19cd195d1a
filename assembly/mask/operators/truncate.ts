/** Truncate: the first few characters stay, the others go. */
import { Masker } from '../state';
import { dropUnits, emitUnits } from '../window';

/** Masks units `from` to `to` of the window, a text that is whole. */
export function truncateUnits(m: Masker, from: u32, to: u32, keep: u32): void {
  emitUnits(m, from, from + min(to - from, keep));
}

/** Lets go what is decided of a value that streams: everything but the last unit, which may still grow, or all at its end. */
export function drainTruncate(m: Masker, keep: u32, isEnd: bool): void {
  const to = isEnd ? m.unitCount : m.unitCount - 1;
  const shown = m.seen < keep ? min(to, keep - m.seen) : 0;
  emitUnits(m, 0, shown);
  m.seen += shown;
  dropUnits(m, to);
}
