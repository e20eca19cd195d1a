/**
 * An identity as one bundle sees it: made once per certificate, kept in the bundle's table by certificate digest.
 *
 *   block: | Identity | URI text | subject text | "<environment>/<service>" |
 */
import { IdentityAttribute, IdentityTest, Selector, ServiceSlot, TestOp } from '../layout';
import { blockAlloc, blockFree } from '../memory/block';
import { equalBytes } from '../memory/bytes';
import { Bundle, listEntry, strLen, strPtr } from './bundle';
import { findService } from './hash-tables';

/** Labels of a subject that are looked at; more make the identity malformed. */
export const IDENTITY_LABELS_MAX: u32 = 16;


@unmanaged
export class Identity {
  /** SHA-256 of the certificate, 32 bytes; on the outbound side `State.selfDigest0` and so on. */
  digest0: u64;
  digest1: u64;
  digest2: u64;
  digest3: u64;
  /** UUID, 16 big-endian bytes. */
  uuid0: u64;
  uuid1: u64;
  /** Never used twice in a bundle: the identity's part of the decision key. */
  serial: u32;
  /** Reason.Permitted, or why this certificate is never accepted. */
  status: u32;
  /** State serial for which `isRevoked` holds. */
  revokedSerial: u64;
  isRevoked: bool;
  text: usize;
  textLen: u32;
  domain: usize;
  domainLen: u32;
  environment: usize;
  environmentLen: u32;
  team: usize;
  teamLen: u32;
  service: usize;
  serviceLen: u32;
  instance: usize;
  instanceLen: u32;
  /** `<environment>/<service>`, the key of signals and bands. */
  subject: usize;
  subjectLen: u32;
  labelCount: u32;
  /** 16 x (name, name length, value, value length), 16 bytes each. */
  labels: usize;
  /** Matching selectors, rising, in a block of their own (0 when none), and the rules that they name. */
  selectors: usize;
  selectorCount: u32;
  candidateCount: u32;
}

/** Frees an identity and its selectors. */
export function freeIdentity(identity: usize): void {
  const selectors = changetype<Identity>(identity).selectors;
  if (selectors != 0) blockFree(selectors);
  blockFree(identity);
}

/**
 * Finds the selectors of the bundle that hold for the identity.
 * Returns false when there is no room for the result.
 */
export function matchSelectors(bundle: Bundle, identity: Identity): bool {
  const services = bundle.services;
  const slot = findService(
    services,
    bundle.serviceSlots,
    bundle.strings,
    identity.service,
    identity.serviceLen,
  );
  const exactStart = slot == 0 ? 0 : load<u32>(slot, ServiceSlot.listStart);
  const exactCount = slot == 0 ? 0 : load<u32>(slot, ServiceSlot.listCount);
  const most = exactCount + bundle.residualCount;
  if (most == 0) return true;
  const out = blockAlloc((<usize>most) << 2);
  if (out == 0) return false;
  let count = keepMatching(bundle, identity, exactStart, exactCount, out, 0);
  count = keepMatching(bundle, identity, bundle.residualStart, bundle.residualCount, out, count);
  if (count == 0) {
    blockFree(out);
    return true;
  }
  sortRising(out, count);
  identity.selectors = out;
  identity.selectorCount = count;
  let candidates: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const selector = bundle.selectors + <usize>load<u32>(out + ((<usize>i) << 2)) * Selector.SIZE;
    candidates += load<u32>(selector, Selector.ruleCount);
  }
  identity.candidateCount = candidates;
  return true;
}

/** Whether `selector` is among the identity's matching ones. */
export function hasSelector(identity: Identity, selector: u32): bool {
  let low: u32 = 0;
  let high = identity.selectorCount;
  while (low < high) {
    const mid = (low + high) >> 1;
    const entry = load<u32>(identity.selectors + ((<usize>mid) << 2));
    if (entry == selector) return true;
    if (entry < selector) low = mid + 1;
    else high = mid;
  }
  return false;
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
    if (!holds(bundle, identity, bundle.tests + <usize>i * IdentityTest.SIZE)) return false;
  }
  return true;
}

let valuePtr: usize = 0;
let valueLen: u32 = 0;

function holds(bundle: Bundle, identity: Identity, test: usize): bool {
  const op = <u32>load<u8>(test, IdentityTest.op);
  const operand = strPtr(bundle, test + IdentityTest.value);
  const operandLen = strLen(test + IdentityTest.value);
  // An absent label equals nothing and starts with nothing: its negations hold.
  const isThere = readAttribute(bundle, identity, test);
  switch (op) {
    case TestOp.Equal:
      return isThere && equalBytes(valuePtr, valueLen, operand, operandLen);
    case TestOp.NotEqual:
      return !isThere || !equalBytes(valuePtr, valueLen, operand, operandLen);
    case TestOp.Prefix:
      return isThere && hasPrefix(operand, operandLen);
    case TestOp.NotPrefix:
      return !isThere || !hasPrefix(operand, operandLen);
    case TestOp.SameAsDestination:
      return isThere && equalBytes(valuePtr, valueLen, bundle.environment, bundle.environmentLen);
    default:
      return !isThere || !equalBytes(valuePtr, valueLen, bundle.environment, bundle.environmentLen);
  }
}

function hasPrefix(prefix: usize, prefixLen: u32): bool {
  return valueLen >= prefixLen && equalBytes(valuePtr, prefixLen, prefix, prefixLen);
}

function readAttribute(bundle: Bundle, identity: Identity, test: usize): bool {
  switch (<u32>load<u8>(test, IdentityTest.attribute)) {
    case IdentityAttribute.Service:
      return setValue(identity.service, identity.serviceLen);
    case IdentityAttribute.Team:
      return setValue(identity.team, identity.teamLen);
    case IdentityAttribute.Environment:
      return setValue(identity.environment, identity.environmentLen);
    case IdentityAttribute.Domain:
      return setValue(identity.domain, identity.domainLen);
    case IdentityAttribute.Instance:
      return setValue(identity.instance, identity.instanceLen);
    default:
      return readLabel(bundle, identity, test);
  }
}

function readLabel(bundle: Bundle, identity: Identity, test: usize): bool {
  const name = strPtr(bundle, test + IdentityTest.label);
  const nameLen = strLen(test + IdentityTest.label);
  for (let i: u32 = 0; i < identity.labelCount; i++) {
    const label = identity.labels + ((<usize>i) << 4);
    if (equalBytes(load<u32>(label), load<u32>(label, 4), name, nameLen)) {
      return setValue(load<u32>(label, 8), load<u32>(label, 12));
    }
  }
  return false;
}

function setValue(ptr: usize, len: u32): bool {
  valuePtr = ptr;
  valueLen = len;
  return true;
}

/** Heap sort: bounded whatever the input. */
function sortRising(entries: usize, count: u32): void {
  for (let i = count >> 1; i > 0; i--) siftDown(entries, i - 1, count);
  for (let end = count; end > 1; end--) {
    const last = entries + ((<usize>(end - 1)) << 2);
    const top = load<u32>(entries);
    store<u32>(entries, load<u32>(last));
    store<u32>(last, top);
    siftDown(entries, 0, end - 1);
  }
}

function siftDown(entries: usize, root: u32, count: u32): void {
  const value = load<u32>(entries + ((<usize>root) << 2));
  for (;;) {
    let child = root * 2 + 1;
    if (child >= count) break;
    const left = load<u32>(entries + ((<usize>child) << 2));
    let larger = left;
    if (child + 1 < count) {
      const right = load<u32>(entries + ((<usize>(child + 1)) << 2));
      if (right > left) {
        larger = right;
        child += 1;
      }
    }
    if (larger <= value) break;
    store<u32>(entries + ((<usize>root) << 2), larger);
    root = child;
  }
  store<u32>(entries + ((<usize>root) << 2), value);
}
