/** Numbers of the Proxy-Wasm ABI 0.2.1, and the two ways in which running a filter goes wrong. */

/** What a host call answers. */
export const Status = {
  Ok: 0,
  NotFound: 1,
  BadArgument: 2,
  InvalidMemoryAccess: 6,
  InternalFailure: 10,
} as const;

/** Header maps. */
export const MapType = {
  RequestHeaders: 0,
  RequestTrailers: 1,
  ResponseHeaders: 2,
  ResponseTrailers: 3,
  HttpCallResponseHeaders: 6,
  HttpCallResponseTrailers: 7,
} as const;

/** Buffers. */
export const BufferType = {
  RequestBody: 0,
  ResponseBody: 1,
  HttpCallResponseBody: 4,
  VmConfiguration: 6,
  PluginConfiguration: 7,
} as const;

/** Answers of the header, body and trailer callbacks. */
export const Action = {
  Continue: 0,
  StopIteration: 1,
  StopAndWatermark: 2,
  StopNoBuffer: 3,
  StopAllAndBuffer: 3,
  StopAllAndWatermark: 4,
} as const;

/** Kinds of metrics. */
export const MetricType = { Counter: 0, Gauge: 1, Histogram: 2 } as const;

/** The filter did what crashes a real Envoy, for example a second terminal call on a stream. */
export class HostViolation extends Error {
  override name = 'HostViolation';
}

/** The module trapped; a real Envoy then answers 503 for ever. The cause is what the engine said. */
export class VmTrap extends Error {
  override name = 'VmTrap';
}
