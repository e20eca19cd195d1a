/**
 * Labels out of a certificate's subject, in the RFC 2253 text that the host gives.
 *
 * Our authority writes `OU=label.<name>=<value>` for each label with an alphabet that needs no escapes. A subject with a
 * backslash, a quote or a multi-valued name is not ours.
 */
import { IDENTITY_LABELS_MAX, Identity } from '../policy/identity';
import { text } from '../memory/text';
import { isSegmentByte } from './spiffe-id';

/** Longest subject that is read. */
export const SUBJECT_TEXT_MAX: u32 = 4096;

const PREFIX = text('OU=label.');

/**
 * Fills `identity.labels` (16 bytes an entry, room for IDENTITY_LABELS_MAX) with spans into the given bytes. False when the
 * subject is not one that our authority writes, or a name stands there twice.
 */
export function parseLabels(identity: Identity, ptr: usize, len: u32): bool {
  if (len > SUBJECT_TEXT_MAX) return false;
  identity.labelCount = 0;
  let start: u32 = 0;
  for (let i: u32 = 0; i <= len; i++) {
    const byte = i == len ? <u8>0x2c : load<u8>(ptr + i);
    if (byte == 0x5c || byte == 0x22 || byte == 0x2b) return false;
    if (byte != 0x2c) continue;
    const part = ptr + start;
    const partLen = i - start;
    if (partLen > PREFIX.len && PREFIX.equals(part, PREFIX.len)) {
      if (!addLabel(identity, part + PREFIX.len, partLen - PREFIX.len)) return false;
    }
    start = i + 1;
  }
  return true;
}

/** `<name>=<value>` */
function addLabel(identity: Identity, ptr: usize, len: u32): bool {
  if (identity.labelCount == IDENTITY_LABELS_MAX) return false;
  let split: u32 = 0;
  while (split < len && isSegmentByte(load<u8>(ptr + split))) split += 1;
  if (split == 0 || split == len || load<u8>(ptr + split) != 0x3d) return false;
  const value = ptr + split + 1;
  const valueLen = len - split - 1;
  if (valueLen == 0) return false;
  for (let i: u32 = 0; i < valueLen; i++) if (!isSegmentByte(load<u8>(value + i))) return false;
  for (let i: u32 = 0; i < identity.labelCount; i++) {
    const known = identity.labels + ((<usize>i) << 4);
    if (load<u32>(known, 4) == split && memory.compare(load<u32>(known), ptr, split) == 0)
      return false;
  }
  const entry = identity.labels + ((<usize>identity.labelCount) << 4);
  store<u32>(entry, <u32>ptr);
  store<u32>(entry, split, 4);
  store<u32>(entry, <u32>value, 8);
  store<u32>(entry, valueLen, 12);
  identity.labelCount += 1;
  return true;
}
