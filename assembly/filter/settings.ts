/** What the configuration tells this VM by environment variables; read once. */
import { dataLen, dataPtr, readProperty } from '../abi/hostcalls';
import { environmentValue, valueLen, valuePtr } from '../abi/environment';
import { Text, text } from '../memory/text';

const IDENTITY = text('DTA_IDENTITY');
const HEADER = text('header');
const AUDIT_CLUSTER = text('DTA_AUDIT_CLUSTER');
const CACHE_ENTRIES = text('DTA_CACHE_ENTRIES');
const WORKERS = text('DTA_WORKERS');
const HOLD_HEADERS = text('DTA_HOLD_HEADERS');
const TRUE = text('true');
/** What the bootstrap tells about the node: see envoy/sidecar.yaml. */
const DECOMPRESS = text('xds\0node\0metadata\0dta_decompress');
const ACCESS_LOG = text('xds\0node\0metadata\0dta_access_log');

const CACHE_ENTRIES_DEFAULT: u32 = 4096;
const CACHE_ENTRIES_MAX: u32 = 1 << 20;

let wasRead: bool = false;

/** Whether identity comes from the header that our own connection manager writes; else from properties. */
export let readsIdentityHeader: bool = false;
/** Whether headers of masked bodies may be held back: needs `allow_on_headers_stop_iteration` in the configuration. */
export let holdsHeaders: bool = false;
/** Cluster that takes audit batches; length 0: none. */
export let auditClusterPtr: usize = 0;
export let auditClusterLen: u32 = 0;
/** Entries of a decision cache, a power of two. */
export let cacheEntries: u32 = CACHE_ENTRIES_DEFAULT;
/** Workers of this Envoy, at least 1: each gives its share of a caller's rate. */
export let workers: u32 = 1;

/** Whether Envoy's decompressors stand around this filter. */
export let hasDecompressors: bool = false;
/** Whether Envoy writes an access log. */
export let hasAccessLog: bool = false;

/** Reads the variables at the first call. What is not set or not understood keeps its safe default. */
export function readSettings(): void {
  if (wasRead) return;
  wasRead = true;
  readsIdentityHeader = environmentValue(IDENTITY) && HEADER.equals(valuePtr, valueLen);
  holdsHeaders = environmentValue(HOLD_HEADERS) && TRUE.equals(valuePtr, valueLen);
  if (environmentValue(AUDIT_CLUSTER)) {
    auditClusterPtr = valuePtr;
    auditClusterLen = valueLen;
  }
  hasDecompressors = isNodeFlagSet(DECOMPRESS);
  hasAccessLog = isNodeFlagSet(ACCESS_LOG);
  if (environmentValue(WORKERS)) workers = max(parseNumber(valuePtr, valueLen), 1);
  if (environmentValue(CACHE_ENTRIES)) cacheEntries = powerOfTwo(parseNumber(valuePtr, valueLen));
}

function isNodeFlagSet(path: Text): bool {
  readProperty(path.ptr, path.len);
  return TRUE.equals(dataPtr, dataLen);
}

function parseNumber(ptr: usize, len: u32): u32 {
  let value: u32 = 0;
  for (let i: u32 = 0; i < len && i < 7; i++) {
    const byte = load<u8>(ptr + i);
    if (byte < 0x30 || byte > 0x39) return 0;
    value = value * 10 + (byte - 0x30);
  }
  return value;
}

/** The next power of two, between 16 and CACHE_ENTRIES_MAX; 0 asks for the default. */
function powerOfTwo(wanted: u32): u32 {
  if (wanted == 0) return CACHE_ENTRIES_DEFAULT;
  let entries: u32 = 16;
  while (entries < wanted && entries < CACHE_ENTRIES_MAX) entries <<= 1;
  return entries;
}
