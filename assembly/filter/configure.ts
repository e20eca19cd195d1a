/** Takes configurations: a bundle for a `dta` root, a state for a `dta-state` root. Deterministic, as the canary VM demands. */
import { BufferType, LogLevel, Status } from '../abi/enums';
import { dataLen, dataPtr, log, readBuffer } from '../abi/hostcalls';
import { BUNDLE_MAX_BYTES, RESERVED_BYTES, STATE_MAX_BYTES } from '../layout';
import { keepBytes } from '../memory/arena';
import { blockAlloc, blockFree } from '../memory/block';
import { Bundle } from '../policy/bundle';
import { readBundleId, writeBundleId } from '../policy/bundle-id';
import { freeBundle, loadBundle } from '../policy/load-bundle';
import { Refusal, describeRefusal, refuse } from '../policy/refusal';
import { State, openState } from '../policy/state';
import { validateBundle } from '../policy/validate-bundle';
import { validateState } from '../policy/validate-state';
import { Counter, count, showEpoch } from './metrics';
import { BundleEntry, Root, addEntry, bindRoot, findEntry } from './roots';
import { cacheEntries } from './settings';

/** The state that decides in this VM, or 0. */
export let currentState: usize = 0;
/** Whether live streams have yet to be held against the current state, or domains of a new bundle. */
export let isUnswept: bool = false;

/** Enough for the header and the names behind it; fits into the arena. */
const HEAD_BYTES: u32 = 16_384;
const bundleId: usize = memory.data(2064, 8);

let stateSerial: u64 = 0;

/** The sweep over live streams is done. */
export function markSwept(): void {
  isUnswept = false;
}

/**
 * Configures a `dta` root. False, with one line in the log, when the bundle is malformed. An older version and one that
 * finds no room are accepted, not used, and counted: the root then decides under the newest bundle of its id.
 */
export function configureBundle(root: Root, size: u32): bool {
  const refusal = readFile(size, BUNDLE_MAX_BYTES);
  if (refusal != Refusal.None) return refuseFile('bundle', refusal, Counter.BundleRefused);
  if (dataPtr == 0) return goOnWithoutRoom(root, size);
  const problem = validateBundle(dataPtr, dataLen);
  if (problem != Refusal.None) return refuseFile('bundle', problem, Counter.BundleRefused);
  const idLen = writeBundleId(dataPtr + RESERVED_BYTES, bundleId);
  const loaded = keepAndLoad();
  let entry = findEntry(bundleId, idLen);
  if (entry == 0 && loaded != 0) entry = addEntry(bundleId, idLen);
  if (entry != 0) bindRoot(root, entry);
  if (loaded == 0) return acceptWithoutRoom(Counter.BundleNoRoom);
  if (entry == 0) {
    freeBundle(loaded);
    return acceptWithoutRoom(Counter.BundleNoRoom);
  }
  install(changetype<BundleEntry>(entry), loaded);
  return true;
}

/** Configures a `dta-state` root. Newest epoch wins; it outlives its root. */
export function configureState(size: u32): bool {
  const refusal = readFile(size, STATE_MAX_BYTES);
  if (refusal != Refusal.None) return refuseFile('state', refusal, Counter.StateRefused);
  if (dataPtr == 0) return acceptWithoutRoom(Counter.StateNoRoom);
  const problem = validateState(dataPtr, dataLen);
  if (problem != Refusal.None) return refuseFile('state', problem, Counter.StateRefused);
  const file = keepBytes(dataPtr, dataLen);
  const block = blockAlloc(offsetof<State>());
  if (file == 0 || block == 0) {
    blockFree(file);
    blockFree(block);
    return acceptWithoutRoom(Counter.StateNoRoom);
  }
  const state = changetype<State>(block);
  openState(state, file, stateSerial + 1);
  if (currentState != 0 && state.epoch <= changetype<State>(currentState).epoch) {
    count(Counter.StateOlder, 1);
    freeState(block);
    return true;
  }
  stateSerial += 1;
  if (currentState != 0) freeState(currentState);
  currentState = block;
  isUnswept = true;
  count(Counter.StateLoaded, 1);
  showEpoch(state.epoch);
  return true;
}

/** Makes a bundle of the checked file in the arena. 0 when there is no room. */
function keepAndLoad(): usize {
  const file = keepBytes(dataPtr, dataLen);
  if (file == 0) return 0;
  const loaded = loadBundle(file, cacheEntries);
  if (loaded == 0) blockFree(file);
  return loaded;
}

/** The file did not fit, but its first bytes do, and they say whose bundle goes on. */
function goOnWithoutRoom(root: Root, size: u32): bool {
  const head = min(size, HEAD_BYTES);
  if (readBuffer(BufferType.PluginConfiguration, 0, head) == Status.Ok && dataPtr != 0) {
    const idLen = readBundleId(dataPtr, dataLen, bundleId);
    const entry: usize = idLen == 0 ? 0 : findEntry(bundleId, idLen);
    if (entry != 0) bindRoot(root, entry);
  }
  return acceptWithoutRoom(Counter.BundleNoRoom);
}

function install(entry: BundleEntry, loaded: usize): void {
  const made = changetype<Bundle>(loaded);
  if (entry.bundle != 0 && made.version <= changetype<Bundle>(entry.bundle).version) {
    count(Counter.BundleOlder, 1);
    freeBundle(loaded);
    return;
  }
  if (entry.bundle != 0) {
    // One of its domains may be federated no more.
    if (changetype<Bundle>(entry.bundle).domainCount != 0) isUnswept = true;
    freeBundle(entry.bundle);
  }
  entry.bundle = loaded;
  count(Counter.BundleLoaded, 1);
}

/** Reads the configuration into the arena; `dataPtr` 0 afterwards means that there was no room for it. */
function readFile(size: u32, maxBytes: u32): Refusal {
  if (size > maxBytes) return refuse(Refusal.TooLong, 0, 0);
  if (size == 0) return refuse(Refusal.TooShort, 0, 0);
  const status = readBuffer(BufferType.PluginConfiguration, 0, size);
  if (status == Status.Ok && dataLen != size) return refuse(Refusal.Length, 0, 0);
  return Refusal.None;
}

function refuseFile(what: string, refusal: Refusal, counter: Counter): bool {
  count(counter, 1);
  const line = String.UTF8.encode(what + ' refused: ' + describeRefusal(refusal));
  log(LogLevel.Error, changetype<usize>(line), line.byteLength);
  return false;
}

function acceptWithoutRoom(counter: Counter): bool {
  count(counter, 1);
  return true;
}

function freeState(block: usize): void {
  blockFree(changetype<State>(block).file);
  blockFree(block);
}
