/**
 * KeepFirst: each letter or digit but the first few becomes `*`. Text with no more letters and digits than may stay is
 * masked as a whole.
 */
import { emitStar } from '../emit-text';
import { Masker, unitsOf } from '../state';
import { dropUnits, emitUnits, isFull, unitAt } from '../window';
import { countUnits, isCounted } from './counted';

/** Masks units `from` to `to` of the window, a text that is whole. */
export function keepFirstUnits(m: Masker, from: u32, to: u32, keep: u32): void {
  const counted = countUnits(unitsOf(m) + from, to - from);
  emitMasked(m, from, to, counted > keep ? keep : 0);
}

/**
 * Lets go what is decided of a value that streams. When the window is full of what may stay, the oldest character is
 * masked.
 */
export function drainKeepFirst(m: Masker, keep: u32, isEnd: bool): void {
  const counted = countUnits(unitsOf(m), m.unitCount);
  const to = isEnd ? m.unitCount : m.unitCount - 1;
  const isLong = m.seen + counted > keep;
  if (!isEnd && !isLong) {
    // Nothing is known yet but that what does not count may go, up to the first that does.
    let at: u32 = 0;
    while (at < to && !isCounted(unitAt(m, at))) at++;
    emitUnits(m, 0, at);
    if (at == 0 && isFull(m)) {
      emitStar();
      m.seen++;
      at = 1;
    }
    dropUnits(m, at);
    return;
  }
  const left = isLong && m.seen < keep ? keep - m.seen : 0;
  m.seen += countUnits(unitsOf(m), to);
  emitMasked(m, 0, to, left);
  dropUnits(m, to);
}

/** Emits units, those that count as stars but for the first `shown`. */
function emitMasked(m: Masker, from: u32, to: u32, shown: u32): void {
  let left = shown;
  for (let at = from; at < to; at++) {
    if (!isCounted(unitAt(m, at))) emitUnits(m, at, at + 1);
    else if (left == 0) emitStar();
    else {
      emitUnits(m, at, at + 1);
      left--;
    }
  }
}
