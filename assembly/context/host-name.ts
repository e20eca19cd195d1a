/** Hosts as policies compare them: without case, port and trailing dot (policy-model, "Meaning" 6). */
import { HostKind, HostPattern } from '../layout';
import { copyShort, equalBytes, lowerAscii } from '../memory/bytes';
import { Bundle, strLen, strPtr } from '../policy/bundle';
import { AUTHORITY_MAX } from '../policy/load-bundle';

/** Longest name that is compared: RFC 1035 allows 255. A longer host matches no pattern. */
const HOST_MAX: u32 = 255;
const lowered: usize = memory.data(256);

/** One bit for each pattern of the bundle that the host matches. The last authority is remembered. */
export function matchHosts(bundle: Bundle, ptr: usize, len: u32): u64 {
  if (bundle.hostCount == 0) return 0;
  if (equalBytes(bundle.authority, bundle.authorityLen, ptr, len)) return bundle.authorityHosts;
  const bits = matchEach(bundle, ptr, len);
  if (len <= AUTHORITY_MAX) {
    copyShort(bundle.authority, ptr, len);
    bundle.authorityLen = len;
    bundle.authorityHosts = bits;
  }
  return bits;
}

function matchEach(bundle: Bundle, ptr: usize, len: u32): u64 {
  const nameLen = withoutPort(ptr, len);
  if (nameLen == 0 || nameLen > HOST_MAX) return 0;
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

/** Length of the name in front of the port and the trailing dot; brackets of IPv6 literals stay. */
function withoutPort(ptr: usize, len: u32): u32 {
  let end = len;
  for (let i = len; i > 0; i--) {
    const byte = load<u8>(ptr + i - 1);
    if (byte == 0x3a) {
      end = i - 1;
      break;
    }
    if (byte < 0x30 || byte > 0x39) break;
  }
  return end > 0 && load<u8>(ptr + end - 1) == 0x2e ? end - 1 : end;
}
