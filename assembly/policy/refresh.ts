/** Keeps a bundle's decisions exact in time: nothing cached outlives a window edge, a signal's age or a state. */
import { Signal } from '../layout';
import { Bundle } from './bundle';
import { nextWindowEdgeMs } from './condition';
import { DECISION_BYTES } from './decision-cache';
import { State, signalEndMs } from './state';

/** Starts a new generation of decisions when the clock or the state left the span of the current one. */
export function refresh(bundle: Bundle, state: State, nowMs: u64): void {
  const isCurrent =
    bundle.stateSerial == state.serial &&
    nowMs >= bundle.validFromMs &&
    nowMs < bundle.validUntilMs;
  if (isCurrent) return;
  bundle.stateSerial = state.serial;
  bundle.validFromMs = nowMs;
  bundle.validUntilMs = min(nextWindowEdgeMs(bundle, nowMs), nextSignalEndMs(state, nowMs));
  startGeneration(bundle);
}

/** Makes every cached decision of the bundle dead. */
export function startGeneration(bundle: Bundle): void {
  bundle.generation += 1;
  if (bundle.generation != 0) return;
  // After 2^32 generations the oldest entries would look alive again.
  memory.fill(bundle.decisions, 0, (<usize>bundle.decisionMask + 1) * DECISION_BYTES);
  bundle.generation = 1;
}

function nextSignalEndMs(state: State, nowMs: u64): u64 {
  let edge = u64.MAX_VALUE;
  let record = state.signals;
  for (let i: u32 = 0; i < state.signalCount; i++, record += Signal.SIZE) {
    const end = signalEndMs(state, record);
    if (end > nowMs) edge = min(edge, end);
  }
  return edge;
}
