/**
 * Finds values in text by what they are: the loop over positions, and the union of what overlaps.
 * Text is in normal form (`normal.ts`). The names that callers need of the set and of the match are
 * given out here.
 *
 * What is found depends on the text alone, however it is cut into windows: a detector that would
 * need a unit behind the window answers UNDECIDED, and the scan stops there.
 */
import { firstAnchor, nextWaiting } from './anchors';
import { beginAt, clearCandidates } from './candidates';
import { DetectorSet } from './detector-set';
import {
  clearFound,
  cutFound,
  finishFound,
  isFound,
  isGrowing,
  matchEnd,
  matchStart,
} from './found';
import { nextStart, openMasks } from './unit-masks';

export {
  DETECTOR_SET_BYTES,
  DetectorSet,
  clearDetectors,
  enableDetector,
  placePattern,
  strengthOf,
} from './detector-set';
export { matchEnd, matchGrows, matchKinds, matchStart, matchStrength } from './found';
export { growStep } from './grow';
export { mayMatch } from './may-match';
export { numberKinds, numberStrength } from './number-value';

/** Units of a match behind which it is reported in parts. */
const MATCH_CUT: u32 = 512;
/**
 * Nothing is decided with fewer units before the end of a window: what stands within 64 units says
 * what may begin.
 */
const MARGIN: u32 = 65;

/** Everything before it is decided: no match begins there. Set when no match was found. */
export let scanSafe: u32 = 0;

/**
 * Finds the next match that begins at or behind `from` in the first `len` units of a text; the unit
 * before `from` may be looked at. Without `isEnd` the text may go on, and what cannot be decided
 * yet is left. True when there is a match: it is in `matchStart`, `matchEnd`, `matchStrength`,
 * `matchKinds` and `matchGrows`; else `scanSafe` is set. A window of 1,024 units of which at most
 * one is before `from` always has a match or something that is decided.
 */
export function findMatch(set: DetectorSet, text: usize, from: u32, len: u32, isEnd: bool): bool {
  clearFound();
  clearCandidates();
  openMasks(set, text, from, len);
  const hold = isEnd ? len : len - from > MARGIN ? len - MARGIN : from;
  let pos = from;
  for (;;) {
    const end = isFound ? min(matchEnd, hold) : hold;
    pos = nextStart(set, pos, nextWaiting >= pos ? min(nextWaiting, end) : end);
    if (isFound && pos >= matchEnd) break;
    if (pos >= hold) return leaveAt(pos);
    if (isFound && pos - matchStart >= MATCH_CUT && (isGrowing() || cutFound())) break;
    if (!beginAt(set, text, from, pos, len, isEnd)) return leaveAt(pos);
    pos++;
  }
  finishFound(text);
  return true;
}

/** What begins at `pos` and behind is not decided, nor what overlaps it or waits for a word before it. */
function leaveAt(pos: u32): bool {
  scanSafe = min(isFound ? min(pos, matchStart) : pos, firstAnchor);
  return false;
}
