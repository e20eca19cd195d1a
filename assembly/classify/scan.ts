/**
 * Finds values in text by what they are: the loop over positions, and the union of what overlaps. Text is in normal form
 * (`normal.ts`). The names that callers need of the set and of the match are given out here.
 *
 * What is found depends on the text alone, however it is cut into windows: a detector that would need a unit behind the
 * window answers UNDECIDED, and the scan stops there.
 */
import { firstAnchor } from './anchors';
import { beginAt, clearCandidates, nextEvent } from './candidates';
import { DetectorSet, PATTERN_KINDS, beginsPattern } from './detector-set';
import { LOCAL_MAX, emailHold } from './email';
import {
  clearFound,
  cutFound,
  finishFound,
  isFound,
  isGrowing,
  matchEnd,
  matchStart,
} from './found';
import { Unit, unitClass } from './units';

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

/** Everything before it is decided: no match begins there. Set when no match was found. */
export let scanSafe: u32 = 0;

/**
 * Finds the next match that begins at or behind `from` in the first `len` units of a text; the unit before `from` may be
 * looked at. Without `isEnd` the text may go on, and what cannot be decided yet is left. True when there is a match: it is
 * in `matchStart`, `matchEnd`, `matchStrength`, `matchKinds` and `matchGrows`; else `scanSafe` is set. A window of 1,024
 * units of which at most one is before `from` always has a match or something that is decided.
 */
export function findMatch(set: DetectorSet, text: usize, from: u32, len: u32, isEnd: bool): bool {
  clearFound();
  clearCandidates();
  const holdsMail = !isEnd && (set.triggers & Unit.Lead) != 0;
  let hold = holdsMail ? (len - from > LOCAL_MAX ? len - LOCAL_MAX : from) : len;
  let isHoldExact = !holdsMail;
  let pos = from;
  for (;;) {
    pos = nextCandidate(set, text, from, pos, isFound ? min(matchEnd, hold) : hold);
    if (isFound && pos >= matchEnd) break;
    if (pos >= hold) {
      if (isHoldExact) return leaveAt(pos);
      isHoldExact = true;
      hold = emailHold(text, from, len);
      continue;
    }
    if (isFound && pos - matchStart >= MATCH_CUT && (isGrowing() || cutFound())) break;
    if (!beginAt(set, text, from, pos, len, isEnd)) return leaveAt(pos);
    pos++;
  }
  if (!isFound) return leaveAt(pos);
  finishFound(text);
  return true;
}

/** What begins at `pos` and behind is not decided, nor what overlaps it or waits for a word before it. */
function leaveAt(pos: u32): bool {
  scanSafe = min(isFound ? min(pos, matchStart) : pos, firstAnchor);
  return false;
}

/** The first position from `pos` on where something may begin, at most `end`. */
function nextCandidate(set: DetectorSet, text: usize, from: u32, pos: u32, end: u32): u32 {
  const starts = set.triggers & ~(<u32>Unit.Sign);
  const signs = set.triggers & Unit.Sign;
  const event = nextEvent;
  const hasPatterns = (set.enabled & PATTERN_KINDS) != 0;
  let before = pos > 0 ? unitClass(load<u8>(text + <usize>(pos - 1))) : 0;
  for (let p = pos; p < end; p++) {
    const unit = load<u8>(text + <usize>p);
    const bits = unitClass(unit);
    if (((bits & ~before & starts) | (bits & signs)) != 0 || p == event || p == from) return p;
    if (hasPatterns && beginsPattern(set, unit)) return p;
    before = bits;
  }
  return end;
}
