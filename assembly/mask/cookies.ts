/** Masks the values of cookies by name (RFC 6265, sections 4.1 and 4.2). */
import { ValuePlace } from '../layout';
import { findByte } from '../memory/bytes';
import { putByte, putBytes } from './rewritten';
import { ValueOutcome, Writing, maskValue, strengthOfValue, valueLen, valuePtr } from './values';

/** Whether the last line came out another one. */
export let areCookiesChanged: bool = false;

const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
const QUOTE: u8 = 0x22;

/** Adds a line of `cookie` to the value that is being rewritten, masked. */
export function maskCookies(ptr: usize, len: u32): void {
  areCookiesChanged = false;
  for (let start: u32 = 0; start < len;) {
    const pairLen = pairLength(ptr + start, len - start);
    const isKept = maskPair(ptr + start, pairLen);
    start += pairLen;
    if (start < len && isKept) putByte(SEMICOLON);
    start += 1;
  }
}

/** Adds a line of `set-cookie`: its first pair is masked, the attributes stay. False when the cookie goes. */
export function maskSetCookie(ptr: usize, len: u32): bool {
  areCookiesChanged = false;
  const pairLen = pairLength(ptr, len);
  if (!maskPair(ptr, pairLen)) return false;
  putBytes(ptr + pairLen, len - pairLen);
  return true;
}

/** To some a quoted value goes on over semicolons (RFC 2965): a masked one is masked as far as anybody may read it. */
function pairLength(ptr: usize, len: u32): u32 {
  const semicolon = findByte(ptr, len, SEMICOLON);
  const plain = semicolon < 0 ? len : <u32>semicolon;
  const equals = findByte(ptr, plain, EQUALS);
  if (equals < 0) return plain;
  const first = <u32>equals + 1;
  if (first >= plain || load<u8>(ptr + first) != QUOTE) return plain;
  if (strengthOfName(ptr, <u32>equals) == 0) return plain;
  const closing = findByte(ptr + first + 1, len - first - 1, QUOTE);
  if (closing < 0) return len;
  const end = first + <u32>closing + 2;
  const rest = findByte(ptr + end, len - end, SEMICOLON);
  return rest < 0 ? len : end + <u32>rest;
}

/** False when the pair goes. */
function maskPair(ptr: usize, len: u32): bool {
  const equals = findByte(ptr, len, EQUALS);
  const valueStart = equals < 0 ? 0 : <u32>equals + 1;
  const strength = strengthOfName(ptr, equals < 0 ? 0 : <u32>equals);
  const outcome =
    strength == 0
      ? ValueOutcome.Same
      : maskValue(ptr + valueStart, len - valueStart, strength, Writing.Percent);
  if (outcome == ValueOutcome.Same) {
    putBytes(ptr, len);
    return true;
  }
  areCookiesChanged = true;
  if (outcome == ValueOutcome.Dropped) return false;
  putBytes(ptr, valueStart);
  putBytes(valuePtr, valueLen);
  return true;
}

function strengthOfName(ptr: usize, len: u32): u32 {
  let start: u32 = 0;
  let end = len;
  while (start < end && isBlank(load<u8>(ptr + start))) start += 1;
  while (end > start && isBlank(load<u8>(ptr + end - 1))) end -= 1;
  return strengthOfValue(ValuePlace.Cookie, ptr + start, end - start);
}

function isBlank(byte: u8): bool {
  return byte == 0x20 || byte == 0x09;
}
