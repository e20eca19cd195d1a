/** Host calls that host/ offers and our filter does not make: the probe makes them, so that host/ is held to them. */

// @ts-ignore: decorator
@external("env", "proxy_add_header_map_value")
export declare function addHeader(
  map: u32,
  key: usize,
  keyLen: usize,
  value: usize,
  valueLen: usize,
): u32;

// @ts-ignore: decorator
@external("env", "proxy_continue_stream")
export declare function continueStream(type: u32): u32;
