/** Which selectors of a bundle hold for an identity: those that name its service, and those that name none. */
import { Selector, ServiceEntry } from '../layout';
import { blockAlloc, blockFree } from '../memory/block';
import { Bundle, listEntry } from './bundle';
import { findService } from './hash-tables';
import { Identity } from './identity';
import { passesTest } from './identity-test';
import { sortRising } from './sorted-entries';

/**
 * Finds the selectors of the bundle that hold for the identity.
 * Returns false when there is no room for the result.
 */
export function matchSelectors(bundle: Bundle, identity: Identity): bool {
  const entry = findService(
    bundle.serviceSlots,
    bundle.serviceSlotCount,
    bundle.services,
    bundle.strings,
    identity.service,
    identity.serviceLen,
  );
  const exactStart = entry == 0 ? 0 : load<u32>(entry, ServiceEntry.listStart);
  const exactCount = entry == 0 ? 0 : load<u32>(entry, ServiceEntry.listCount);
  const most = exactCount + bundle.residualCount;
  if (most == 0) return true;
  // Room for all that may hold; of thousands of selectors few do, and identities are kept by the thousand.
  const scratch = blockAlloc((<usize>most) << 2);
  if (scratch == 0) return false;
  let count = keepMatching(bundle, identity, exactStart, exactCount, scratch, 0);
  count = keepMatching(
    bundle,
    identity,
    bundle.residualStart,
    bundle.residualCount,
    scratch,
    count,
  );
  const isKept = keepSelectors(bundle, identity, scratch, count);
  blockFree(scratch);
  return isKept;
}

/** Gives the identity a block with just these selectors. False when there is no room. */
function keepSelectors(bundle: Bundle, identity: Identity, found: usize, count: u32): bool {
  if (count == 0) return true;
  const bytes = (<usize>count) << 2;
  const kept = blockAlloc(bytes);
  if (kept == 0) return false;
  memory.copy(kept, found, bytes);
  sortRising(kept, count);
  identity.selectors = kept;
  identity.selectorCount = count;
  let candidates: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const selector = bundle.selectors + <usize>load<u32>(kept + ((<usize>i) << 2)) * Selector.SIZE;
    candidates += load<u32>(selector, Selector.ruleCount);
  }
  identity.candidateCount = candidates;
  return true;
}

function keepMatching(
  bundle: Bundle,
  identity: Identity,
  start: u32,
  count: u32,
  out: usize,
  found: u32,
): u32 {
  for (let i = start; i < start + count; i++) {
    const selector = listEntry(bundle, i);
    if (!matches(bundle, identity, selector)) continue;
    store<u32>(out + ((<usize>found) << 2), selector);
    found += 1;
  }
  return found;
}

function matches(bundle: Bundle, identity: Identity, selector: u32): bool {
  const record = bundle.selectors + <usize>selector * Selector.SIZE;
  const start = load<u32>(record, Selector.testStart);
  const end = start + load<u32>(record, Selector.testCount);
  for (let i = start; i < end; i++) {
    if (!passesTest(bundle, identity, listEntry(bundle, i))) return false;
  }
  return true;
}
