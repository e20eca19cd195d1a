/** Input of the formats beside JSON in slices, so that room for the output is checked once for each. */
import { closeSpan, lacksRoom, openSpan, reserveOutput } from '../output';
import { Masker } from '../state';
import { settleField } from './field-value';

const SLICE: usize = 16_384;
/** Output for a byte of input that is passed. What operators write is reserved where they do. */
const GROWTH: usize = 2;
/** Names, headers and line ends that were held before the slice. */
const RESERVE: usize = 32_768;

/** Takes the bytes `start` to `end`. False when they are malformed. */
type TakeSlice = (m: Masker, start: usize, end: usize) => bool;

/** Feeds a format; what is decided at the end goes out. False when it is malformed or there is no room. */
export function feedSlices(m: Masker, src: usize, len: usize, take: TakeSlice): bool {
  let p = src;
  for (let left = len; left > 0;) {
    const slice = min(left, SLICE);
    if (!reserveOutput(slice * GROWTH + RESERVE)) return false;
    if (m.passing) openSpan(p);
    if (!take(m, p, p + slice)) return false;
    m.passing = closeSpan(p + slice);
    p += slice;
    left -= slice;
  }
  return settleField(m) && !lacksRoom;
}

/** Makes room for what a format emits at its end. */
export function reserveEnd(): bool {
  return reserveOutput(RESERVE);
}
