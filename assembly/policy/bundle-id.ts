/** The id of a bundle: mesh, environment, service and direction. Versions count per id. */
import { BundleHeader, BundleSection, BUNDLE_MAGIC, RESERVED_BYTES } from '../layout';
import { isSpan } from './checks';
import { bundleSection } from './sections';

/** Bound of the three names together, which validation holds too. */
export const NAMES_MAX: u32 = 2048;

/**
 * Writes the id as bytes (names apart by NUL, which no name holds, then the direction) to `target`, which has room for
 * 2 KiB (the bound of the three names) and 4 bytes. Returns its length.
 */
export function writeBundleId(payload: usize, target: usize): u32 {
  const strings = bundleSection(payload, BundleSection.Strings);
  let at = writeName(target, strings, payload + BundleHeader.mesh);
  at = writeName(at, strings, payload + BundleHeader.environment);
  at = writeName(at, strings, payload + BundleHeader.service);
  store<u8>(at, load<u8>(payload, BundleHeader.direction));
  return <u32>(at + 1 - target);
}

/**
 * The same from the first `len` bytes of a file that nobody has checked. 0 when they do not hold it: the compiler puts
 * the names in front, other writers may not.
 */
export function readBundleId(file: usize, len: u32, target: usize): u32 {
  const head = RESERVED_BYTES + <u32>BundleHeader.SIZE + 16;
  if (len < head) return 0;
  const payload = file + RESERVED_BYTES;
  if (load<u32>(payload, BundleHeader.magic) != BUNDLE_MAGIC) return 0;
  const strings = load<u32>(payload, BundleHeader.SIZE + 4);
  if (strings > len - RESERVED_BYTES) return 0;
  const left = len - RESERVED_BYTES - strings;
  let total: u64 = 0;
  for (let name: usize = 0; name < 3; name++) {
    const field = payload + BundleHeader.mesh + (name << 3);
    if (!isSpan(load<u32>(field), load<u32>(field, 4), left)) return 0;
    total += load<u32>(field, 4);
  }
  return total > NAMES_MAX ? 0 : writeBundleId(payload, target);
}

function writeName(target: usize, strings: usize, field: usize): usize {
  const len = load<u32>(field, 4);
  memory.copy(target, strings + load<u32>(field), len);
  store<u8>(target + len, 0);
  return target + len + 1;
}
