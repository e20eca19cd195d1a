/**
 * Look-ups in the hash tables of a bundle: words of slots, and records of 16 bytes with the text of their key behind 8
 * bytes; where one text may stand for several things, the first 4 bytes say for which.
 *
 *   slots:   | word ... |        0, or the top 8 bits of the hash above record index + 1
 *   records: | owner (u32) | ... | text | ...
 *
 * Each ends at an empty slot or after PROBES_MAX.
 */
import { PROBES_MAX, PathAffix, PathEdge, RequestTest, ServiceEntry } from '../layout';
import { equalBytes, hash32 } from '../memory/bytes';

const OWNER_SPREAD: u32 = 0x9e3779b1;
/** The bits of a word that hold the record. */
export const SLOT_INDEX_MASK: u32 = 0xff_ffff;
const TEXT: usize = 8;
const RECORD_SHIFT: usize = 4;

/** Hash of a key that belongs to an owner: a node of the trie, or a RequestName. */
// @ts-ignore: decorator
@inline
export function ownedHash(textHash: u32, owner: u32): u32 {
  return textHash ^ (owner * OWNER_SPREAD);
}

/** ServiceEntry with these bytes, or 0. */
export function findService(
  slots: usize,
  slotCount: u32,
  records: usize,
  strings: usize,
  keyPtr: usize,
  keyLen: u32,
): usize {
  const hash = hash32(keyPtr, keyLen);
  return find(slots, slotCount, records, strings, hash, false, 0, keyPtr, keyLen);
}

/** PathEdge, PathAffix or RequestTest of an owner with these bytes, whose `hash32` is `textHash`, or 0. */
export function findOwned(
  slots: usize,
  slotCount: u32,
  records: usize,
  strings: usize,
  textHash: u32,
  owner: u32,
  keyPtr: usize,
  keyLen: u32,
): usize {
  const hash = ownedHash(textHash, owner);
  return find(slots, slotCount, records, strings, hash, true, owner, keyPtr, keyLen);
}

/** INVARIANT: every word that is not 0 names a record whose text lies in the strings. */
// @ts-ignore: decorator
@inline
function find(
  slots: usize,
  slotCount: u32,
  records: usize,
  strings: usize,
  hash: u32,
  isOwned: bool,
  owner: u32,
  keyPtr: usize,
  keyLen: u32,
): usize {
  if (slotCount == 0) return 0;
  const mask = slotCount - 1;
  let at = hash & mask;
  for (let probes: u32 = 0; probes < PROBES_MAX; probes++) {
    const word = load<u32>(slots + ((<usize>at) << 2));
    if (word == 0) return 0;
    at = (at + 1) & mask;
    if (((word ^ hash) & ~SLOT_INDEX_MASK) != 0) continue;
    const record = records + ((<usize>((word & SLOT_INDEX_MASK) - 1)) << RECORD_SHIFT);
    if (isOwned && load<u32>(record) != owner) continue;
    const text = strings + load<u32>(record, TEXT);
    if (equalBytes(text, load<u32>(record, TEXT + 4), keyPtr, keyLen)) return record;
  }
  return 0;
}

// INVARIANT: the records are laid out as drawn above.
assert(ServiceEntry.SIZE == 16 && PathEdge.SIZE == 16);
assert(PathAffix.SIZE == 16 && RequestTest.SIZE == 16);
assert(ServiceEntry.key == 8 && PathEdge.segment == 8);
assert(PathAffix.text == 8 && RequestTest.text == 8);
assert(PathEdge.node == 0 && PathAffix.node == 0 && RequestTest.name == 0);
