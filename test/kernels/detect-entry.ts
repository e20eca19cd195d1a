/** Test-only module around the value detectors: (ptr, len) functions, no host. */
import { normalUnit } from '../../assembly/classify/normal';
import {
  DETECTOR_SET_BYTES,
  DetectorSet,
  clearDetectors,
  enableDetector,
  findMatch,
  growStep,
  matchEnd,
  matchGrows,
  matchKinds,
  matchStart,
  matchStrength,
  mayMatch,
  numberKinds,
  numberStrength,
  placePattern,
  scanSafe,
  strengthOf,
} from '../../assembly/classify/scan';
import { blockAlloc, blockFree } from '../../assembly/memory/block';

/** A block of the module's memory, 0 when there is no room. */
export function take(size: usize): usize {
  return blockAlloc(size);
}

/** Gives a block back. */
export function give(ptr: usize): void {
  blockFree(ptr);
}

export function openSet(): usize {
  const block = blockAlloc(DETECTOR_SET_BYTES);
  memory.fill(block, 0xa5, DETECTOR_SET_BYTES);
  clearDetectors(changetype<DetectorSet>(block));
  return block;
}

export function enable(set: usize, kind: u32, strength: u32): void {
  enableDetector(changetype<DetectorSet>(set), kind, strength);
}

export function strength(set: usize, kind: u32): u32 {
  return strengthOf(changetype<DetectorSet>(set), kind);
}

export function find(set: usize, text: usize, from: u32, len: u32, isEnd: bool): bool {
  return findMatch(changetype<DetectorSet>(set), text, from, len, isEnd);
}

export function foundStart(): u32 {
  return matchStart;
}

export function foundEnd(): u32 {
  return matchEnd;
}

export function foundStrength(): u32 {
  return matchStrength;
}

export function foundKinds(): u64 {
  return matchKinds;
}

export function foundGrows(): u32 {
  return matchGrows;
}

export function safe(): u32 {
  return scanSafe;
}

export function grow(grows: u32, state: u32, unit: u8): u32 {
  return growStep(grows, state, unit);
}

export function unit(codePoint: u32): u32 {
  return normalUnit(codePoint);
}

export function may(set: usize, ptr: usize, len: u32): bool {
  return mayMatch(changetype<DetectorSet>(set), ptr, len);
}

export function ofNumber(set: usize, ptr: usize, len: u32): u32 {
  return numberStrength(changetype<DetectorSet>(set), ptr, len);
}

export function ofNumberKinds(): u64 {
  return numberKinds;
}

/** Gives a set the table of a pattern at `ptr`, which stays where it is. */
export function place(set: usize, index: u32, ptr: usize, len: u32): bool {
  const detectors = changetype<DetectorSet>(set);
  // Offsets count from an address before all tables.
  detectors.patterns = 8;
  return placePattern(detectors, index, <u32>(ptr - 8), len);
}
