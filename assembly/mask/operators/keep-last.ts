/**
 * KeepLast: each letter or digit but the last few becomes `*`. Text with no more letters and digits than may stay is
 * masked as a whole.
 */
import { emitFewOf } from '../output';
import { Masker, unitsOf } from '../state';
import { dropUnits, emitUnits, isFull, unitAt } from '../window';
import { countUnits, isCounted } from './counted';

const STAR: u8 = 0x2a;

/** Masks units `from` to `to` of the window, a text that is whole. */
export function keepLastUnits(m: Masker, from: u32, to: u32, keep: u32): void {
  const counted = countUnits(unitsOf(m) + from, to - from);
  emitMasked(m, from, to, counted > keep ? counted - keep : counted);
}

/**
 * Lets go what is decided of a value that streams. When the window is full of what may stay, the oldest character is
 * masked early.
 */
export function drainKeepLast(m: Masker, keep: u32, isEnd: bool): void {
  const counted = countUnits(unitsOf(m), m.unitCount);
  if (isEnd) {
    const isShort = m.seen + counted <= keep;
    emitMasked(m, 0, m.unitCount, isShort ? counted : counted > keep ? counted - keep : 0);
    return;
  }
  let hidden = counted > keep ? counted - keep : 0;
  if (hidden == 0 && isFull(m) && counted != 0) hidden = 1;
  // The last unit stays: the low half of a surrogate pair may still join it.
  let to: u32 = 0;
  let left = hidden;
  while (to + 1 < m.unitCount && (left != 0 || !isCounted(unitAt(m, to)))) {
    if (isCounted(unitAt(m, to))) left--;
    to++;
  }
  emitMasked(m, 0, to, hidden - left);
  m.seen += hidden - left;
  dropUnits(m, to);
}

/** Emits units, the first `hidden` that count as stars, which no format has to escape. */
function emitMasked(m: Masker, from: u32, to: u32, hidden: u32): void {
  let at = from;
  for (let left = hidden; left != 0 && at < to;) {
    const units = unitsOf(m);
    const end = min(to, at + left);
    const first = at;
    while (at < end && isCounted(load<u8>(units + at))) at++;
    emitFewOf(STAR, at - first);
    left -= at - first;
    if (at == end) continue;
    emitUnits(m, at, at + 1);
    at++;
  }
  emitUnits(m, at, to);
}
