/** Host calls as functions that answer a Status; bytes that come back stand at dataPtr/dataLen until the next such call and live in the arena. */
import { LogLevel, Status } from './enums';
import * as host from './imports';

/** Bytes of the last call that read some; 0 when there were none. */
export let dataPtr: usize = 0;
/** Length of those bytes. */
export let dataLen: u32 = 0;
/** Id of the metric that defineMetric() made last. */
export let metricId: u32 = 0;
/** Token of the request that httpCall() sent last. */
export let callToken: u32 = 0;

/** Where the host writes results of up to 8 bytes, two of them. */
const RESULT: usize = memory.data(16, 8);
/** More than any buffer holds: the host then replaces all of it. */
const WHOLE: u32 = 0x7fffffff;

/** Writes a line to the host's log; bytes as they are. */
export function log(level: LogLevel, ptr: usize, len: u32): void {
  host.proxy_log(level, ptr, len);
}

/** Reads up to `length` bytes of a buffer from `start`. NotFound when the buffer is not there at this moment. */
export function readBuffer(type: u32, start: u32, length: u32): Status {
  clearResult();
  return takeData(host.proxy_get_buffer_bytes(type, start, length, RESULT, RESULT + 8));
}

/** Replaces all of a body chunk, which is what the next filter sees. */
export function replaceBuffer(type: u32, ptr: usize, len: u32): Status {
  return host.proxy_set_buffer_bytes(type, 0, WHOLE, ptr, len);
}

/** Reads all pairs of a header map in their encoded form; see header-pairs.ts. An empty map is Ok with no bytes. */
export function readPairs(map: u32): Status {
  clearResult();
  return takeData(host.proxy_get_header_map_pairs(map, RESULT, RESULT + 8));
}

/** Removes every header of a name; Ok when there was none. */
export function removeHeader(map: u32, key: usize, keyLen: u32): Status {
  return host.proxy_remove_header_map_value(map, key, keyLen);
}

/** Adds a line to the headers of a name; those that are there stay. */
export function addHeader(map: u32, key: usize, keyLen: u32, value: usize, valueLen: u32): Status {
  return host.proxy_add_header_map_value(map, key, keyLen, value, valueLen);
}

/** Sets a header that has one line. */
export function replaceHeader(
  map: u32,
  key: usize,
  keyLen: u32,
  value: usize,
  valueLen: u32,
): Status {
  return host.proxy_replace_header_map_value(map, key, keyLen, value, valueLen);
}

/** Sets a property of the stream: Envoy keeps it as the filter state `wasm.<name>`. */
export function writeProperty(name: usize, nameLen: u32, value: usize, valueLen: u32): Status {
  return host.proxy_set_property(name, nameLen, value, valueLen);
}

/** Reads a property; the parts of its path are joined by NUL. NotFound when it has no value. */
export function readProperty(path: usize, pathLen: u32): Status {
  clearResult();
  return takeData(host.proxy_get_property(path, pathLen, RESULT, RESULT + 8));
}

/** Makes the host calls that follow in this callback act on another context; BadArgument when it is gone. */
export function setEffectiveContext(id: u32): Status {
  return host.proxy_set_effective_context(id);
}

/** The host's wall clock in nanoseconds since 1970; 0 when it has none. */
export function currentTimeNs(): u64 {
  clearResult();
  return host.proxy_get_current_time_nanoseconds(RESULT) == Status.Ok ? load<u64>(RESULT) : 0;
}

/** Asks for a tick of the current root context every `periodMs` milliseconds; 0 stops it. */
export function setTickPeriod(periodMs: u32): Status {
  return host.proxy_set_tick_period_milliseconds(periodMs);
}

/**
 * Sends an HTTP request to a cluster; only from a root context. The answer comes with the token in callToken. `pairs` are
 * encoded (header-pairs-writer.ts) and need `:method`, `:path` and `:authority`; BadArgument for an unknown cluster.
 */
export function httpCall(
  cluster: usize,
  clusterLen: u32,
  pairs: usize,
  pairsLen: u32,
  body: usize,
  bodyLen: u32,
  timeoutMs: u32,
): Status {
  clearResult();
  const status = host.proxy_http_call(
    cluster,
    clusterLen,
    pairs,
    pairsLen,
    body,
    bodyLen,
    0,
    0,
    timeoutMs,
    RESULT,
  );
  callToken = load<u32>(RESULT);
  return status;
}

/** Defines a metric, or finds the one of this name; its id is in metricId. */
export function defineMetric(type: u32, name: usize, nameLen: u32): Status {
  clearResult();
  const status = host.proxy_define_metric(type, name, nameLen, RESULT);
  metricId = load<u32>(RESULT);
  return status;
}

/** Adds to a counter or a gauge; a counter only rises. */
export function incrementMetric(id: u32, offset: i64): Status {
  return host.proxy_increment_metric(id, offset);
}

/** Sets a gauge or records a value in a histogram. */
export function recordMetric(id: u32, value: u64): Status {
  return host.proxy_record_metric(id, value);
}

/** A host leaves results alone when there is nothing to give, so what stood there before must not be read again. */
function clearResult(): void {
  store<u64>(RESULT, 0);
  store<u64>(RESULT, 0, 8);
}

function takeData(status: u32): Status {
  const found = status == Status.Ok;
  dataPtr = found ? <usize>load<u32>(RESULT) : 0;
  dataLen = found && dataPtr != 0 ? load<u32>(RESULT, 8) : 0;
  return status;
}
