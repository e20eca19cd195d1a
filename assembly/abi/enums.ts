/** Numbers of the Proxy-Wasm ABI 0.2.1, as proxy-wasm-cpp-host and Envoy 1.40 have them. */

/** What a host call answers. */
export const enum Status {
  Ok = 0,
  NotFound = 1,
  BadArgument = 2,
  SerializationFailure = 3,
  ParseFailure = 4,
  BadExpression = 5,
  InvalidMemoryAccess = 6,
  Empty = 7,
  CasMismatch = 8,
  ResultMismatch = 9,
  InternalFailure = 10,
  BrokenConnection = 11,
  Unimplemented = 12,
  /** Not the host's: the stream is unknown or had its one terminal call already. */
  AlreadyTerminated = 100,
}

/** Log levels. */
export const enum LogLevel {
  Trace = 0,
  Debug = 1,
  Info = 2,
  Warn = 3,
  Error = 4,
  Critical = 5,
}

/** Answers of the header callbacks. */
export const enum HeadersAction {
  Continue = 0,
  StopIteration = 1,
  StopAllAndBuffer = 3,
  StopAllAndWatermark = 4,
}

/** Answers of the body callbacks. */
export const enum BodyAction {
  Continue = 0,
  StopAndBuffer = 1,
  StopAndWatermark = 2,
  StopNoBuffer = 3,
}

/** Answers of the trailer callbacks. */
export const enum TrailersAction {
  Continue = 0,
  StopIteration = 1,
}

/** Buffers. */
export const enum BufferType {
  RequestBody = 0,
  ResponseBody = 1,
  HttpCallResponseBody = 4,
  VmConfiguration = 6,
  PluginConfiguration = 7,
}

/** Header maps. */
export const enum MapType {
  RequestHeaders = 0,
  RequestTrailers = 1,
  ResponseHeaders = 2,
  ResponseTrailers = 3,
  HttpCallResponseHeaders = 6,
  HttpCallResponseTrailers = 7,
}

/** Directions of a stream. */
export const enum StreamType {
  Request = 0,
  Response = 1,
}

/** Kinds of metrics. */
export const enum MetricType {
  Counter = 0,
  Gauge = 1,
  Histogram = 2,
}

/** gRPC statuses that local responses carry. */
export const enum GrpcStatus {
  None = -1,
  PermissionDenied = 7,
  ResourceExhausted = 8,
  Unavailable = 14,
}
