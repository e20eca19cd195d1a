/**
 * FormatPreserving: FF1 (NIST SP 800-38G rev. 1) with AES-128 and no tweak. Digits become other digits, with radix 62
 * letters and digits others of these; separators stay. Fewer than 6 characters to encrypt (4 with radix 62) or more
 * than 56, and texts with anything else in them, are redacted.
 */
import { ff1Encrypt } from '../../crypto/ff1';
import { MaskKey, MaskRule } from '../../layout';
import { emitCharacter } from '../emit-text';
import { keysOf, ruleOf } from '../rules';
import { Masker, unitsOf } from '../state';
import { emitUnits } from '../window';
import { emitConstant } from './constant';

const LEN_MAX: u32 = 56;
const NO_VALUE: u32 = 255;
/** Most times that a number is encrypted until it begins with no zero: 1 in 10^64 needs more. */
const WALKS_MAX: u32 = 64;

const values: usize = memory.data(56);
const noTweak: usize = memory.data(1);

/** Masks units `from` to `to` of the window. */
export function preserveUnits(m: Masker, from: u32, to: u32, strength: u32): void {
  const radix = load<u32>(ruleOf(m.blob, strength), MaskRule.param);
  const ptr = unitsOf(m) + from;
  if (!encrypt(m, ptr, to - from, radix)) {
    emitConstant(m, 0);
    return;
  }
  let next: usize = values;
  for (let at = from; at < to; at++) {
    if (valueOf(load<u8>(unitsOf(m) + at), radix) == NO_VALUE) emitUnits(m, at, at + 1);
    else emitCharacter(m, characterOf(load<u8>(next++)));
  }
}

/**
 * Masks the digits of an integer number in place, which must not begin with a zero afterwards: it is encrypted again
 * until it does not. False when it cannot be.
 */
export function preserveNumber(m: Masker, digits: usize, len: u32): bool {
  if (len > LEN_MAX || load<u8>(digits) == 0x30) return false;
  for (let walks: u32 = 0; walks < WALKS_MAX; walks++) {
    if (!encrypt(m, digits, len, 10)) return false;
    for (let i: u32 = 0; i < len; i++) store<u8>(digits + i, characterOf(load<u8>(values + i)));
    if (load<u8>(digits) != 0x30) return true;
  }
  return false;
}

function encrypt(m: Masker, ptr: usize, len: u32, radix: u32): bool {
  let count: u32 = 0;
  for (let i: u32 = 0; i < len; i++) {
    const unit = load<u8>(ptr + i);
    const value = valueOf(unit, radix);
    if (value == NO_VALUE) {
      if (!isSeparator(unit)) return false;
      continue;
    }
    if (count == LEN_MAX) return false;
    store<u8>(values + count++, <u8>value);
  }
  return ff1Encrypt(keysOf(m.blob) + MaskKey.fpe, noTweak, 0, radix, values, count);
}

/** Digits, then lower-case, then upper-case letters. */
function valueOf(unit: u8, radix: u32): u32 {
  const digit = <u32>unit - 0x30;
  if (digit < 10) return digit;
  if (radix == 10) return NO_VALUE;
  const lower = <u32>unit - 0x61;
  if (lower < 26) return 10 + lower;
  const upper = <u32>unit - 0x41;
  return upper < 26 ? 36 + upper : NO_VALUE;
}

function characterOf(value: u8): u8 {
  if (value < 10) return 0x30 + value;
  return value < 36 ? 0x57 + value : 0x1d + value;
}

/** Space ( ) + - . / : _ */
function isSeparator(unit: u8): bool {
  return (
    unit == 0x20 ||
    unit == 0x28 ||
    unit == 0x29 ||
    unit == 0x2b ||
    (unit >= 0x2d && unit <= 0x2f) ||
    unit == 0x3a ||
    unit == 0x5f
  );
}
