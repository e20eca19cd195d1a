/** Addresses of networks: IPv4, IPv6 (RFC 4291, section 2.2) and EUI-48. */
import { NOTHING, UNDECIDED } from './answers';
import { Unit, isAlnum, isDigit, unitAt, unitClass } from './units';

/** Most units of an IPv6 address that is written in full, with an IPv4 address at its end. */
const IPV6_MAX: u32 = 46;

/** Digits among what was read last. */
let hasDigit: bool = false;

/**
 * The end of the IPv4 address whose first digit is at `pos`: four numbers to 255, not part of more
 * numbers with dots.
 */
export function ipv4At(text: usize, pos: u32, len: u32): u32 {
  if (pos > 0) {
    const before = load<u8>(text + <usize>(pos - 1));
    if (isAlnum(before) || before == 0x2e) return NOTHING;
  }
  return readIpv4(text, pos, len);
}

/**
 * The end of the IPv6 address that begins at `pos`, whatever stands before it. It has a digit, or
 * three groups.
 */
export function ipv6At(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  if (!mayBeIpv6(text, pos, len)) return NOTHING;
  if (!isEnd && len - pos < IPV6_MAX + 2) return UNDECIDED;
  let groups: u32 = 0;
  let isShort = false;
  let p = pos;
  hasDigit = false;
  if (unitAt(text, p, len) == 0x3a && unitAt(text, p + 1, len) == 0x3a) {
    isShort = true;
    p += 2;
  }
  const isShortFirst = isShort;
  for (;;) {
    const group = p;
    p = readHex(text, p, len);
    if (p == group) break;
    if (p - group > 4) return NOTHING;
    if (unitAt(text, p, len) == 0x2e && groups <= 6) {
      const tail = readIpv4(text, group, len);
      if (tail != NOTHING) {
        groups += 2;
        p = tail;
        break;
      }
    }
    if (++groups > 8) return NOTHING;
    if (unitAt(text, p, len) != 0x3a) break;
    const next = unitAt(text, p + 1, len);
    if (next == 0x3a) {
      if (isShort) return NOTHING;
      isShort = true;
      p += 2;
    } else if ((unitClass(next) & Unit.Hex) != 0) {
      p++;
    } else {
      break;
    }
  }
  const next = unitAt(text, p, len);
  if (isAlnum(next)) return NOTHING;
  if (next == 0x3a && (unitClass(unitAt(text, p + 1, len)) & Unit.Hex) != 0) return NOTHING;
  if (!isShort) return groups == 8 ? p : NOTHING;
  if (groups == 0 || groups > 7 || (groups == 1 && !isShortFirst && p - pos < 5)) return NOTHING;
  return hasDigit || groups > 2 ? p : NOTHING;
}

/**
 * The end of the EUI-48 at `pos`: six pairs with : or -, or three fours with dots. One of its
 * characters is a digit.
 */
export function macAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  hasDigit = false;
  const first = readHex(text, pos, len) - pos;
  const separator = unitAt(text, pos + first, len);
  const isPairs = first == 2 && (separator == 0x3a || separator == 0x2d);
  if (!isPairs && (first != 4 || separator != 0x2e)) return NOTHING;
  if (!isEnd && len - pos < 20) return UNDECIDED;
  const groups = isPairs ? 6 : 3;
  let p = pos + first;
  for (let group = 1; group < groups; group++) {
    if (unitAt(text, p, len) != separator) return NOTHING;
    const next = readHex(text, p + 1, len);
    if (next - p - 1 != first) return NOTHING;
    p = next;
  }
  const isMore =
    unitAt(text, p, len) == separator && (unitClass(unitAt(text, p + 1, len)) & Unit.Hex) != 0;
  return hasDigit && !isMore && !isAlnum(unitAt(text, p, len)) ? p : NOTHING;
}

/** A colon stands within the first group. */
// @ts-ignore: decorator
@inline
function mayBeIpv6(text: usize, pos: u32, len: u32): bool {
  let p = pos;
  while (p < len && p - pos < 4 && (unitClass(load<u8>(text + <usize>p)) & Unit.Hex) != 0) p++;
  return unitAt(text, p, len) == 0x3a;
}

/** The end of at most five hexadecimal digits. */
function readHex(text: usize, start: u32, len: u32): u32 {
  let p = start;
  while (p < len && p - start < 5) {
    const bits = unitClass(load<u8>(text + <usize>p));
    if ((bits & Unit.Hex) == 0) break;
    if ((bits & Unit.Digit) != 0) hasDigit = true;
    p++;
  }
  return p;
}

function readIpv4(text: usize, pos: u32, len: u32): u32 {
  let p = pos;
  for (let octets = 0; ; octets++) {
    const start = p;
    let value: u32 = 0;
    while (p < len && p - start < 4 && isDigit(load<u8>(text + <usize>p))) {
      value = value * 10 + load<u8>(text + <usize>p) - 0x30;
      p++;
    }
    if (p == start || value > 255) return NOTHING;
    if (p - start > 1 && load<u8>(text + <usize>start) == 0x30) return NOTHING;
    if (octets == 3) break;
    if (unitAt(text, p, len) != 0x2e) return NOTHING;
    p++;
  }
  const next = unitAt(text, p, len);
  if (isAlnum(next) || (next == 0x2e && isDigit(unitAt(text, p + 1, len)))) return NOTHING;
  hasDigit = true;
  return p;
}
