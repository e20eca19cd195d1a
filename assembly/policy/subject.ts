/** What of a request decides, beside the identity. */

/** Set by the filter before each evaluation. */
@unmanaged
export class Subject {
  /** InternedList of the path's patterns. */
  pathClass: usize;
  /** InternedList of the request's values; 0 when the bundle reads none. */
  requestClass: usize;
  /** Bits of the bundle's host patterns that match. */
  hosts: u64;
  nowMs: u64;
  /** MethodBit. */
  method: u32;
}
