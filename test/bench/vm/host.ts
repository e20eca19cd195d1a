/**
 * A host inside the VM: compiled in the place of `assembly/abi/imports.ts`, so that host calls of the filter cost next to
 * nothing and a loop over requests never leaves the module. It knows what the benchmark needs: a clock that stands still, one
 * configuration, and the properties of one connection.
 */
import { arenaAlloc } from '../memory/arena';
import { text } from '../memory/text';

const OK: u32 = 0;
const NOT_FOUND: u32 = 1;

const ENVIRONMENT = text('DTA_IDENTITY=header');
const PEER_URI = text('connection\0uri_san_peer_certificate');
const PEER_SUBJECT = text('connection\0subject_peer_certificate');
const PEER_DIGEST = text('connection\0sha256_peer_certificate_digest');

let nowNs: u64 = 0;
let configuration: usize = 0;
let configurationLen: u32 = 0;
let uri: usize = 0;
let uriLen: u32 = 0;
let subject: usize = 0;
let subjectLen: u32 = 0;
let digits: usize = 0;
let digitsLen: u32 = 0;

/** Sets the clock, in nanoseconds since 1970. */
export function setTime(ns: u64): void {
  nowNs = ns;
}

/** Offers a file as the next configuration; it lies in the arena. */
export function offerConfiguration(ptr: usize, len: u32): void {
  configuration = ptr;
  configurationLen = len;
}

/** The certificate of the connection: URI, subject, and digest in hexadecimal digits. */
export function setPeer(
  uriPtr: usize,
  uriBytes: u32,
  subjectPtr: usize,
  subjectBytes: u32,
  digitsPtr: usize,
  digitsBytes: u32,
): void {
  uri = uriPtr;
  uriLen = uriBytes;
  subject = subjectPtr;
  subjectLen = subjectBytes;
  digits = digitsPtr;
  digitsLen = digitsBytes;
}

export function proxy_get_property(path: usize, len: usize, ptr: usize, size: usize): u32 {
  if (PEER_URI.equals(path, <u32>len)) return giveCopy(uri, uriLen, ptr, size);
  if (PEER_SUBJECT.equals(path, <u32>len)) return giveCopy(subject, subjectLen, ptr, size);
  if (PEER_DIGEST.equals(path, <u32>len)) return giveCopy(digits, digitsLen, ptr, size);
  return NOT_FOUND;
}

export function proxy_get_buffer_bytes(
  type: u32,
  start: u32,
  length: u32,
  ptr: usize,
  size: usize,
): u32 {
  if (configuration == 0) return NOT_FOUND;
  store<u32>(ptr, <u32>configuration);
  store<u32>(size, configurationLen);
  return OK;
}

export function proxy_get_current_time_nanoseconds(result: usize): u32 {
  store<u64>(result, nowNs);
  return OK;
}

export function environ_sizes_get(count: usize, bytes: usize): u32 {
  store<u32>(count, 1);
  store<u32>(bytes, ENVIRONMENT.len + 1);
  return OK;
}

export function environ_get(pointers: usize, buffer: usize): u32 {
  store<u32>(pointers, <u32>buffer);
  store<u8>(ENVIRONMENT.writeTo(buffer), 0);
  return OK;
}

export function random_get(target: usize, len: usize): u32 {
  memory.fill(target, 0x5a, len);
  return OK;
}

/** The last line of the log: why a file was refused. */
export let logged: usize = 0;
export let loggedLen: usize = 0;

export function proxy_log(level: u32, message: usize, messageLen: usize): u32 {
  logged = message;
  loggedLen = messageLen;
  return OK;
}

export function proxy_define_metric(type: u32, name: usize, nameLen: usize, id: usize): u32 {
  return OK;
}

export function proxy_increment_metric(id: u32, offset: i64): u32 {
  return OK;
}

export function proxy_record_metric(id: u32, value: u64): u32 {
  return OK;
}

/** As a host does it: the filter gets a copy in memory that it allocates itself. */
function giveCopy(from: usize, len: u32, ptr: usize, size: usize): u32 {
  const copy = arenaAlloc(len);
  if (copy == 0) return NOT_FOUND;
  memory.copy(copy, from, len);
  store<u32>(ptr, <u32>copy);
  store<u32>(size, len);
  return OK;
}
