/**
 * What a state says of a caller: its band, and where its signals stand. Looked up once for each identity under a state,
 * because the searches through a big state are most of what an evaluation would cost.
 */
import { Signal } from '../layout';
import { Identity } from './identity';
import { State, bandOf, countSignals, firstSignal, signalEndMs } from './state';

/** Brings the values of an identity up to date with a state. */
export function readCallerValues(state: State, identity: Identity): void {
  if (identity.valuesSerial == state.serial) return;
  identity.band = bandOf(state, identity.subject, identity.subjectLen);
  // Signals of instances are kept by UUID, and a foreign authority may give out one of ours.
  if (!identity.isForeign) readInstanceValues(state, identity);
  const ofService = firstSignal(state, identity.subject, identity.subjectLen);
  identity.serviceSignalStart = ofService;
  identity.serviceSignalCount = countSignals(
    state,
    ofService,
    identity.subject,
    identity.subjectLen,
  );
  identity.valuesSerial = state.serial;
}

function readInstanceValues(state: State, identity: Identity): void {
  const first = firstSignal(state, identity.instance, identity.instanceLen);
  identity.instanceSignalStart = first;
  identity.instanceSignalCount = countSignals(
    state,
    first,
    identity.instance,
    identity.instanceLen,
  );
}

/**
 * Record of a signal of the caller, or 0; it may be too old. A value of the instance itself is closer than one of its
 * service, as long as it is young enough. INVARIANT: `readCallerValues` was called for this state.
 */
export function callerSignal(state: State, identity: Identity, attribute: u32, nowMs: u64): usize {
  const own = signalIn(
    state,
    identity.instanceSignalStart,
    identity.instanceSignalCount,
    attribute,
  );
  if (own != 0 && nowMs < signalEndMs(state, own)) return own;
  return signalIn(state, identity.serviceSignalStart, identity.serviceSignalCount, attribute);
}

function signalIn(state: State, start: u32, count: u32, attribute: u32): usize {
  let record = state.signals + <usize>start * Signal.SIZE;
  for (let i: u32 = 0; i < count; i++, record += Signal.SIZE) {
    if (<u32>load<u16>(record, Signal.attribute) == attribute) return record;
  }
  return 0;
}
