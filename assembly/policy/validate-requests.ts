/** Checks what conditions read of requests: names, and the tests of their values. */
import {
  BundleSection,
  REQUEST_NAMES_MAX,
  REQUEST_TESTS_MAX,
  RequestKind,
  RequestName,
  RequestTest,
  TextOp,
} from '../layout';
import { checkRising, isString, listAt } from './checks';
import { SLOT_INDEX_MASK } from './hash-tables';
import { Refusal, refuse } from './refusal';
import { bundleCount, bundleSection } from './sections';
import { checkReach, checkSlots } from './validate-slots';

/** The section table was checked before. */
export function validateRequests(payload: usize): Refusal {
  let refusal = checkTests(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkNames(payload);
  if (refusal != Refusal.None) return refusal;
  return checkEqualTests(payload);
}

function checkTests(payload: usize): Refusal {
  const section = BundleSection.RequestTests;
  const count = bundleCount(payload, section);
  const names = bundleCount(payload, BundleSection.RequestNames);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  let test = bundleSection(payload, section);
  for (let i: u32 = 0; i < count; i++, test += RequestTest.SIZE) {
    if (load<u32>(test, RequestTest.name) >= names) return refuse(Refusal.Index, section, i);
    const op = load<u32>(test, RequestTest.op);
    if (op < <u32>TextOp.Equal || op > <u32>TextOp.Suffix)
      return refuse(Refusal.EnumValue, section, i);
    if (!isString(test + RequestTest.text, stringsLen)) {
      return refuse(Refusal.StringSpan, section, i);
    }
  }
  return Refusal.None;
}

/** INVARIANT afterwards: each test that is not Equal stands once in the list of its name, and nothing else does. */
function checkNames(payload: usize): Refusal {
  const section = BundleSection.RequestNames;
  const count = bundleCount(payload, section);
  const tests = bundleCount(payload, BundleSection.RequestTests);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  if (count > REQUEST_NAMES_MAX) return refuse(Refusal.Index, section, count);
  let listed: u32 = 0;
  let name = bundleSection(payload, section);
  for (let i: u32 = 0; i < count; i++, name += RequestName.SIZE) {
    if (load<u32>(name, RequestName.kind) > <u32>RequestKind.Method) {
      return refuse(Refusal.EnumValue, section, i);
    }
    if (load<u32>(name, RequestName.reserved) != 0) {
      return refuse(Refusal.ReservedNotZero, section, i);
    }
    if (!isString(name + RequestName.name, stringsLen)) {
      return refuse(Refusal.StringSpan, section, i);
    }
    const start = load<u32>(name, RequestName.testStart);
    const own = load<u32>(name, RequestName.testCount);
    const refusal = checkRising(payload, start, own, tests, section, i);
    if (refusal != Refusal.None) return refusal;
    if (own > REQUEST_TESTS_MAX) return refuse(Refusal.Index, section, i);
    if (!areTestsOf(payload, start, own, i)) return refuse(Refusal.ListEntry, section, i);
    listed += own;
  }
  // A test that no name lists would never be made.
  return listed == countOthers(payload)
    ? Refusal.None
    : refuse(Refusal.HashTable, BundleSection.RequestTests, listed);
}

function areTestsOf(payload: usize, start: u32, count: u32, name: u32): bool {
  const tests = bundleSection(payload, BundleSection.RequestTests);
  let entry = listAt(payload, start);
  for (let i: u32 = 0; i < count; i++, entry += 4) {
    const test = tests + <usize>load<u32>(entry) * RequestTest.SIZE;
    if (load<u32>(test, RequestTest.name) != name) return false;
    if (load<u32>(test, RequestTest.op) == TextOp.Equal) return false;
  }
  return true;
}

/** Tests that no slot finds. */
function countOthers(payload: usize): u32 {
  const count = bundleCount(payload, BundleSection.RequestTests);
  let others: u32 = 0;
  for (let i: u32 = 0; i < count; i++) if (!isEqual(payload, i)) others += 1;
  return others;
}

function checkEqualTests(payload: usize): Refusal {
  const section = BundleSection.RequestTests;
  const count = bundleCount(payload, section);
  const refusal = checkSlots(payload, BundleSection.RequestSlots, count);
  if (refusal != Refusal.None) return refusal;
  const slotCount = bundleCount(payload, BundleSection.RequestSlots);
  let slot = bundleSection(payload, BundleSection.RequestSlots);
  for (let i: u32 = 0; i < slotCount; i++, slot += 4) {
    // A test that is found by a slot and listed would count twice.
    const word = load<u32>(slot);
    if (word != 0 && !isEqual(payload, (word & SLOT_INDEX_MASK) - 1)) {
      return refuse(Refusal.HashTable, BundleSection.RequestSlots, i);
    }
  }
  for (let i: u32 = 0; i < count; i++) {
    if (!isEqual(payload, i)) continue;
    const reach = checkReach(payload, BundleSection.RequestSlots, section, i);
    if (reach != Refusal.None) return reach;
  }
  return Refusal.None;
}

function isEqual(payload: usize, test: u32): bool {
  const tests = bundleSection(payload, BundleSection.RequestTests);
  return load<u32>(tests + <usize>test * RequestTest.SIZE, RequestTest.op) == TextOp.Equal;
}
