/**
 * The section table that bundles and states share, checked once.
 *
 *   file:    | 512 reserved | payload ...                                  |
 *   payload: | header | Section x n | section 1 | pad | section 2 | pad ... |
 */
import { BundleHeader, BundleSection, RESERVED_BYTES, Section } from '../layout';
import { Refusal, refuse } from './refusal';

/** Address of section `kind` (from 1) of a checked payload. */
export function sectionPtr(payload: usize, headerSize: u32, kind: u32): usize {
  return payload + load<u32>(entryPtr(payload, headerSize, kind), Section.off);
}

/** Records of section `kind` (from 1) of a checked payload. */
export function sectionCount(payload: usize, headerSize: u32, kind: u32): u32 {
  return load<u32>(entryPtr(payload, headerSize, kind), Section.count);
}

/** Address of a section of a checked bundle. */
export function bundleSection(payload: usize, kind: BundleSection): usize {
  return sectionPtr(payload, BundleHeader.SIZE, kind);
}

/** Records of a section of a checked bundle. */
export function bundleCount(payload: usize, kind: BundleSection): u32 {
  return sectionCount(payload, BundleHeader.SIZE, kind);
}

/** Checks that the 512 bytes in front are zero: signatures are not known to this version. */
export function isReservedZero(file: usize): bool {
  let bits: u64 = 0;
  for (let i: usize = 0; i < <usize>RESERVED_BYTES; i += 8) bits |= load<u64>(file + i);
  return bits == 0;
}

/**
 * Checks order, bounds, sizes and padding of `count` sections. `recordSize(kind)` gives the bytes of one record.
 * INVARIANT afterwards: every section lies inside payload..payload+len, 8-aligned, and holds whole records.
 */
export function checkSections(
  payload: usize,
  len: u32,
  headerSize: u32,
  count: u32,
  recordSize: (kind: u32) => u32,
): Refusal {
  const tableEnd = headerSize + count * <u32>Section.SIZE;
  if (tableEnd > len) return refuse(Refusal.TooShort, 0, 0);
  let end = tableEnd;
  for (let kind: u32 = 1; kind <= count; kind++) {
    const entry = entryPtr(payload, headerSize, kind);
    if (load<u32>(entry, Section.kind) != kind) return refuse(Refusal.SectionOrder, kind, 0);
    const off = load<u32>(entry, Section.off);
    const sectionLen = load<u32>(entry, Section.len);
    if ((off & 7) != 0 || off < end || off > len || sectionLen > len - off) {
      return refuse(Refusal.SectionBounds, kind, 0);
    }
    if (!isZeroPadding(payload, end, off)) return refuse(Refusal.Padding, kind, 0);
    const records = <u64>load<u32>(entry, Section.count) * <u64>recordSize(kind);
    if (records != <u64>sectionLen) return refuse(Refusal.SectionSize, kind, 0);
    end = off + sectionLen;
  }
  if (!isZeroPadding(payload, end, len)) return refuse(Refusal.Padding, count, 0);
  return Refusal.None;
}

function entryPtr(payload: usize, headerSize: u32, kind: u32): usize {
  return payload + headerSize + (kind - 1) * <u32>Section.SIZE;
}

function isZeroPadding(payload: usize, from: u32, to: u32): bool {
  if (to - from > 7) return false;
  for (let i = from; i < to; i++) if (load<u8>(payload + i) != 0) return false;
  return true;
}
