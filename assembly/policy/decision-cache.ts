/**
 * The decision cache of one bundle: direct-mapped, so an eviction is one overwrite; keys are compared in full.
 *
 * A decision is exact for its key within one generation. A generation ends with a new state, with the next edge of a time
 * window, with a signal that grows old, and when path classes are numbered anew.
 */
import { Bundle } from './bundle';


@unmanaged
export class Decision {
  generation: u32;
  identity: u32;
  pathClass: u32;
  requestClass: u32;
  hosts: u64;

  clearance: u64;
  method: u32;
  /** Rule that decided, or NONE. */
  rule: u32;
  verdict: u8;
  reason: u8;
  band: u8;
  audit: u8;
  /** Whether bodies of this side hold something that this caller may not read. */
  masksRequest: bool;
  masksResponse: bool;
  /** Whether the shadow rules would have decided otherwise. */
  shadowDiffers: bool;
  reserved: u8;
}

/** Bytes of one entry. */
export const DECISION_BYTES: usize = offsetof<Decision>();

/** Counted since the last flush of the metrics. */
export let cacheHits: u32 = 0;
export let cacheMisses: u32 = 0;
export let cacheEvictions: u32 = 0;

/** Starts counting anew. */
export function resetCacheCounts(): void {
  cacheHits = 0;
  cacheMisses = 0;
  cacheEvictions = 0;
}

/**
 * The entry for a key. When `isHit` is false afterwards the key was written and the rest has to be decided.
 * INVARIANT: an entry is handed out only when every part of its key and its generation are equal.
 */
export function lookUpDecision(
  bundle: Bundle,
  identity: u32,
  pathClass: u32,
  requestClass: u32,
  method: u32,
  hosts: u64,
): Decision {
  const mixed =
    (<u64>identity * 0x9e3779b97f4a7c15) ^
    (((<u64>pathClass) << 8) * 0xc2b2ae3d27d4eb4f) ^
    (((<u64>requestClass) << 16) * 0x9fb21c651e98df25) ^
    (<u64>method * 0x165667b19e3779f9) ^
    (hosts * 0x27d4eb2f165667c5);
  const index = (<u32>(mixed >> 40)) & bundle.decisionMask;
  const entry = changetype<Decision>(bundle.decisions + <usize>index * DECISION_BYTES);
  const isLive = entry.generation == bundle.generation;
  isHit =
    isLive &&
    entry.identity == identity &&
    entry.pathClass == pathClass &&
    entry.requestClass == requestClass &&
    entry.method == method &&
    entry.hosts == hosts;
  if (isHit) {
    cacheHits += 1;
    return entry;
  }
  cacheMisses += 1;
  if (isLive) cacheEvictions += 1;
  entry.generation = bundle.generation;
  entry.identity = identity;
  entry.pathClass = pathClass;
  entry.requestClass = requestClass;
  entry.method = method;
  entry.hosts = hosts;
  return entry;
}

/** Whether the last look-up found a decision. */
export let isHit: bool = false;
