/**
 * Request classes: two requests whose values pass the same tests are one class, so that headers and parameters of any
 * content fit into the decision key. A class is an InternedList:
 *
 *   | RequestNames that have a value, one bit each (2 words) | tests that held, rising: index * 2, + 1 when that is enough |
 */
import {
  NONE,
  REQUEST_NAMES_MAX,
  RequestKind,
  RequestName,
  RequestTest,
  TextOp,
  Truth,
} from '../layout';
import { endsWith, hash32, startsWith } from '../memory/bytes';
import { Bundle, listEntry, strLen, strPtr } from './bundle';
import { findOwned } from './hash-tables';
import { InternedList, internList, listEntries, wereListsReset } from './interned-lists';
import { lowerBound, sortRising } from './sorted-entries';

/** Pairs of a value and a test that it passes, in one request. */
const MATCHES_MAX: u32 = 1024;
const PRESENT_WORDS: u32 = 2;

/** Two words of presence, then the tests that held, one entry for each value. */
const entries: usize = memory.data(4104, 8);
const matches: usize = entries + 8;
const valueCounts: usize = memory.data(256);
let matchCount: u32 = 0;
let present: u64 = 0;

/** Whether the last `internRequestClass` had to forget every class, and with it every cached decision. */
export let requestClassesWereReset: bool = false;

/** Starts a request: no name has a value. */
export function startRequestClass(): void {
  matchCount = 0;
  present = 0;
}

/** Holds one value of a RequestName against its tests. False when the request has more matches than can be kept. */
export function addRequestValue(bundle: Bundle, name: u32, value: usize, valueLen: u32): bool {
  const bit = (<u64>1) << name;
  const count = valueCounts + ((<usize>name) << 2);
  store<u32>(count, (present & bit) == 0 ? 1 : load<u32>(count) + 1);
  present |= bit;
  const equal = findOwned(
    bundle.requestSlots,
    bundle.requestSlotCount,
    bundle.requestTests,
    bundle.strings,
    hash32(value, valueLen),
    name,
    value,
    valueLen,
  );
  if (equal != 0 && !addMatch(<u32>((equal - bundle.requestTests) / RequestTest.SIZE)))
    return false;
  const record = bundle.requestNames + <usize>name * RequestName.SIZE;
  const start = load<u32>(record, RequestName.testStart);
  const end = start + load<u32>(record, RequestName.testCount);
  for (let entry = start; entry < end; entry++) {
    const index = listEntry(bundle, entry);
    if (passes(bundle, index, value, valueLen) && !addMatch(index)) return false;
  }
  return true;
}

/** The class of what was added since `startRequestClass`; 0 when there is no room. */
export function internRequestClass(bundle: Bundle): usize {
  store<u64>(entries, present);
  sortRising(matches, matchCount);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < matchCount;) {
    const test = load<u32>(matches + ((<usize>i) << 2));
    let values: u32 = 0;
    for (; i < matchCount && load<u32>(matches + ((<usize>i) << 2)) == test; i++) values += 1;
    store<u32>(
      matches + ((<usize>kept) << 2),
      (test << 1) | (isEnough(bundle, test, values) ? 1 : 0),
    );
    kept += 1;
  }
  const made = internList(bundle.requestClasses, entries, PRESENT_WORDS + kept);
  requestClassesWereReset = wereListsReset;
  return made;
}

/** Whether a RequestName has a value. */
export function hasRequestName(requestClass: usize, name: u32): bool {
  return ((load<u64>(listEntries(requestClass)) >> name) & 1) != 0;
}

/** Whether a RequestTest holds: for every value, or any of an AnyHeader; for none; or unknown. */
export function requestTruth(bundle: Bundle, requestClass: usize, test: u32): Truth {
  if (!hasRequestName(requestClass, nameOf(bundle, test))) return Truth.Unknown;
  const tests = listEntries(requestClass) + ((<usize>PRESENT_WORDS) << 2);
  const count = changetype<InternedList>(requestClass).count - PRESENT_WORDS;
  const at = lowerBound(tests, count, test << 1);
  const entry = at == count ? NONE : load<u32>(tests + ((<usize>at) << 2));
  if (entry >> 1 != test) return Truth.False;
  return (entry & 1) != 0 ? Truth.True : Truth.Unknown;
}

/** For tests other than TextOp.Equal. */
function passes(bundle: Bundle, index: u32, value: usize, valueLen: u32): bool {
  const test = bundle.requestTests + <usize>index * RequestTest.SIZE;
  const text = strPtr(bundle, test + RequestTest.text);
  const textLen = strLen(test + RequestTest.text);
  return load<u32>(test, RequestTest.op) == TextOp.Prefix
    ? startsWith(value, valueLen, text, textLen)
    : endsWith(value, valueLen, text, textLen);
}

/** Whether a test that `values` values passed is true: every value has to, or any of an AnyHeader. */
function isEnough(bundle: Bundle, test: u32, values: u32): bool {
  const name = nameOf(bundle, test);
  const record = bundle.requestNames + <usize>name * RequestName.SIZE;
  if (load<u32>(record, RequestName.kind) == RequestKind.AnyHeader) return true;
  return values == load<u32>(valueCounts + ((<usize>name) << 2));
}

function addMatch(test: u32): bool {
  if (matchCount == MATCHES_MAX) return false;
  store<u32>(matches + ((<usize>matchCount) << 2), test);
  matchCount += 1;
  return true;
}

function nameOf(bundle: Bundle, test: u32): u32 {
  return load<u32>(bundle.requestTests + <usize>test * RequestTest.SIZE, RequestTest.name);
}

// INVARIANT: one count for each name, one entry for each match; a test's index leaves a bit for whether it is true.
assert(REQUEST_NAMES_MAX * 4 == 256 && REQUEST_NAMES_MAX == 64);
assert((MATCHES_MAX + PRESENT_WORDS) * 4 == 4104);
