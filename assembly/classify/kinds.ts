/** Sets of value detectors: bit `1 << DetectorKind`, the numbers that stand in bundles. */

/** The bit of a kind in a set of kinds. */
// @ts-ignore: decorator
@inline
export function kindBit(kind: u32): u64 {
  return u64(1) << u64(kind);
}
