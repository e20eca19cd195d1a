/** The match that is being put together: what detectors found so far, as the union of what overlaps. */
import { DetectorSet, strengthOf } from './detector-set';
import { kindBit } from './kinds';

/** What a detector answers when nothing begins at the position. */
export const NOTHING: u32 = 0;

/** What a detector answers when the text ends before it can tell. */
export const UNDECIDED: u32 = 0xffff_ffff;

/** No position. */
export const NOWHERE: u32 = 0xffff_ffff;

/** Most units behind its first one that a detector looks at. */
export const LOOKAHEAD_MAX: u32 = 256;

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

/** Forgets the match. */
export function clearFound(): void {
  isFound = false;
  matchStart = 0;
  matchEnd = 0;
  matchStrength = 0;
  matchKinds = 0;
  matchGrows = 0;
  lastRecord = 0;
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

/** Ends the match before its last record: the rest is found again from there. False when there is none. */
export function cutFound(): bool {
  if (lastRecord <= matchStart) return false;
  matchEnd = lastRecord;
  return true;
}

/** Lets the match go on from `end`, where it now ends. */
export function growFound(end: u32, grows: u32): void {
  matchEnd = end;
  matchGrows = grows;
}
