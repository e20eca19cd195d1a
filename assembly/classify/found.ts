/** The match that is being put together: what detectors found so far, as the union of what overlaps. */
import { NOTHING, UNDECIDED } from './answers';
import { DetectorSet, strengthOf } from './detector-set';
import { Growth, growStep, growthFrom } from './grow';
import { kindBit } from './kinds';

/** First unit of the match. */
export let matchStart: u32 = 0;

/** Behind the last unit of the match. */
export let matchEnd: u32 = 0;

/** Greatest strength of what was found in the match. */
export let matchStrength: u32 = 0;

/** Bits of the kinds in the match. */
export let matchKinds: u64 = 0;

/** 0, or a growth for `growStep`: the match goes on behind `matchEnd`. */
export let matchGrows: u32 = 0;

/** Whether anything was found. */
export let isFound: bool = false;

/** Start of the last find that reached further than all before it and would be found again from there. */
export let lastRecord: u32 = 0;

/** What goes on behind `growsFrom`, 0 when nothing does. */
let foundGrowth: u32 = 0;
let growsFrom: u32 = 0;

/** Forgets the match. */
export function clearFound(): void {
  isFound = false;
  matchStart = 0;
  matchEnd = 0;
  matchStrength = 0;
  matchKinds = 0;
  matchGrows = 0;
  lastRecord = 0;
  foundGrowth = 0;
}

/** Adds a find. `isAnchored` says that a word before it was needed to see it. */
export function takeFound(
  set: DetectorSet,
  kind: u32,
  start: u32,
  end: u32,
  isAnchored: bool,
): void {
  if (!isFound) {
    isFound = true;
    matchStart = start;
    matchEnd = end;
  } else if (end > matchEnd) {
    matchEnd = end;
    if (!isAnchored && start > matchStart) lastRecord = start;
  }
  matchKinds |= kindBit(kind);
  matchStrength = max(matchStrength, strengthOf(set, kind));
}

/** Adds a find that ends at `end`, if any. False when it is UNDECIDED. */
export function takeAnswer(set: DetectorSet, kind: u32, start: u32, end: u32): bool {
  if (end == UNDECIDED) return false;
  if (end != NOTHING) takeFound(set, kind, start, end, false);
  return true;
}

/** Whether the match goes on behind its last find. */
// @ts-ignore: decorator
@inline
export function isGrowing(): bool {
  return foundGrowth != 0;
}

/** Adds a find that goes on behind `end`; where two do, the one with the greater number counts. */
export function takeGrowing(set: DetectorSet, kind: u32, start: u32, end: u32, growth: u32): void {
  takeFound(set, kind, start, end, false);
  if (growth < foundGrowth) return;
  foundGrowth = growth;
  growsFrom = end;
}

/** Ends the match before its last record: the rest is found again from there. False when there is none. */
export function cutFound(): bool {
  if (foundGrowth != 0 || lastRecord <= matchStart) return false;
  matchEnd = lastRecord;
  return true;
}

/** Sets `matchGrows`, with the state behind what other finds have covered already. */
export function finishFound(text: usize): void {
  if (foundGrowth == 0) return;
  let state: u32 = 1;
  for (let p = growsFrom; p < matchEnd && state != 0; p++) {
    state = growStep(foundGrowth, state, load<u8>(text + <usize>p));
  }
  if (state != 0) matchGrows = growthFrom(foundGrowth, state);
}
