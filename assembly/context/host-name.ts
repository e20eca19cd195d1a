/**
 * Hosts as policies compare them: without case, port and trailing dot (policy-model, "Meaning" 6).
 *
 * Servers do not agree on what a host is in `user@a`, `a..`, `a:+80` or `a:80:80`. Where rules read it, an authority has to
 * be a name of plain labels or an address in brackets, with a port or without: what is left can be read in one way.
 */
import { HostKind, HostPattern } from '../layout';
import { copyShort, equalBytes, lowerAscii } from '../memory/bytes';
import { Bundle, strLen, strPtr } from '../policy/bundle';
import { AUTHORITY_MAX } from '../policy/load-bundle';

/** Longest name: RFC 1035 allows 255. */
const HOST_MAX: u32 = 255;
const PORT_DIGITS_MAX: u32 = 5;
const lowered: usize = memory.data(256);

/** One bit for each pattern of the bundle that the host of the last `readHost` matches. */
export let matchedHosts: u64 = 0;

/**
 * Holds an authority (address 0: there is none) against the hosts of a bundle. False when the bundle reads hosts and the
 * authority can be read in two ways. The last one that can not is remembered.
 */
export function readHost(bundle: Bundle, ptr: usize, len: u32): bool {
  matchedHosts = 0;
  if (bundle.hostCount == 0 || ptr == 0) return true;
  // An empty authority equals that of a bundle that remembers none yet.
  if (len != 0 && equalBytes(bundle.authority, bundle.authorityLen, ptr, len)) {
    matchedHosts = bundle.authorityHosts;
    return true;
  }
  const nameLen = nameOf(ptr, len);
  if (nameLen == 0) return false;
  matchedHosts = matchEach(bundle, ptr, nameLen);
  if (len <= AUTHORITY_MAX) {
    copyShort(bundle.authority, ptr, len);
    bundle.authorityLen = len;
    bundle.authorityHosts = matchedHosts;
  }
  return true;
}

function matchEach(bundle: Bundle, ptr: usize, nameLen: u32): u64 {
  lowerAscii(lowered, ptr, nameLen);
  let bits: u64 = 0;
  let pattern = bundle.hosts;
  for (let i: u32 = 0; i < bundle.hostCount; i++, pattern += HostPattern.SIZE) {
    const wanted = strPtr(bundle, pattern + HostPattern.text);
    const wantedLen = strLen(pattern + HostPattern.text);
    const isSuffix = load<u32>(pattern, HostPattern.kind) == HostKind.Suffix;
    if (isSuffix ? nameLen <= wantedLen : nameLen != wantedLen) continue;
    const tail = lowered + (nameLen - wantedLen);
    if (equalBytes(tail, wantedLen, wanted, wantedLen)) bits |= (<u64>1) << i;
  }
  return bits;
}

/** Length of the name in front of the trailing dot and the port, brackets included; 0 when the authority has none. */
function nameOf(ptr: usize, len: u32): u32 {
  if (len == 0) return 0;
  const isAddress = load<u8>(ptr) == 0x5b;
  const end = isAddress ? addressEnd(ptr, len) : labelsEnd(ptr, len);
  if (end == 0 || !isPort(ptr + end, len - end)) return 0;
  const nameLen = load<u8>(ptr + end - 1) == 0x2e ? end - 1 : end;
  return nameLen <= HOST_MAX ? nameLen : 0;
}

/** Where the labels at the start and a dot behind the last one end; 0 when a label is empty. */
function labelsEnd(ptr: usize, len: u32): u32 {
  let label: u32 = 0;
  let at: u32 = 0;
  for (; at < len; at++) {
    const byte = load<u8>(ptr + at);
    if (byte == 0x2e) {
      if (at == label) return 0;
      label = at + 1;
    } else if (!isLabelByte(byte)) {
      break;
    }
  }
  return at;
}

/** Where an address in brackets ends; 0 when it is none. What the digits mean is not looked at. */
function addressEnd(ptr: usize, len: u32): u32 {
  for (let at: u32 = 1; at < len; at++) {
    const byte = load<u8>(ptr + at);
    if (byte == 0x5d) return at == 1 ? 0 : at + 1;
    if (!isAddressByte(byte)) return 0;
  }
  return 0;
}

/** Nothing, or a colon and digits. */
function isPort(ptr: usize, len: u32): bool {
  if (len == 0) return true;
  if (load<u8>(ptr) != 0x3a || len == 1 || len > PORT_DIGITS_MAX + 1) return false;
  for (let i: u32 = 1; i < len; i++) {
    if (!isDigit(load<u8>(ptr + i))) return false;
  }
  return true;
}

function isLabelByte(byte: u8): bool {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || isDigit(byte) || byte == 0x2d || byte == 0x5f;
}

/** Hexadecimal digits, colons, and the dots of an IPv4 address at the end (RFC 3986, section 3.2.2). */
function isAddressByte(byte: u8): bool {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x66) || isDigit(byte) || byte == 0x3a || byte == 0x2e;
}

function isDigit(byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39;
}
