/** The hash of bundle tables: FNV-1a over bytes, then the 32-bit finaliser of MurmurHash3 (docs/formats.md). */

/** Hash of the bytes as an unsigned 32-bit number; the filter computes the same in assembly/memory/. */
export function hash32(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
