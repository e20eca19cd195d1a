/**
 * Arithmetic on short strings of numerals, the most significant first, one numeral value a byte: what FF1 needs and no
 * more. Big numbers are seven little-endian u32 in static memory. The radix is 2 to 62 and a string has at most 28
 * numerals, so that a number has at most 167 bits, and one to be reduced at most 224.
 */

/** The number that is being worked on; for one call at a time. */
const limbs: usize = memory.data(28, 16);
const LIMB_BYTES: usize = 28;

/** Writes the value of a string as `size` big-endian bytes, at most 28; what does not fit is lost. */
export function writeNumber(digits: usize, len: u32, radix: u32, target: usize, size: u32): void {
  readNumber(digits, len, radix);
  for (let at: usize = 0; at < <usize>size; at++) {
    store<u8>(target + <usize>size - 1 - at, load<u8>(limbs + at));
  }
}

/** Bytes of the greatest value that `len` numerals have. */
export function numberBytes(len: u32, radix: u32): u32 {
  memory.fill(limbs, 0, LIMB_BYTES);
  for (let at: u32 = 0; at < len; at++) multiplyAdd(radix, radix - 1);
  let size = <u32>LIMB_BYTES;
  while (size != 0 && load<u8>(limbs + <usize>size - 1) == 0) size--;
  return size;
}

/** Adds a big-endian number of `size` bytes (a multiple of 4, at most 28) to a string in place, modulo radix^len. */
export function addNumber(digits: usize, len: u32, radix: u32, number: usize, size: u32): void {
  memory.fill(limbs, 0, LIMB_BYTES);
  for (let at: usize = 0; at < <usize>size; at += 4) {
    store<u32>(limbs + at, bswap(load<u32>(number + <usize>size - 4 - at)));
  }
  const chunk = chunkOf(radix);
  const divisor = powerOf(radix, chunk);
  let carry: u32 = 0;
  for (let left = len; left != 0;) {
    // As many numerals at a time as a limb holds: a long division is the dear part.
    let value = divide(divisor);
    for (let count = min(chunk, left); count != 0; count--) {
      left--;
      const sum = <u32>load<u8>(digits + <usize>left) + (value % radix) + carry;
      value /= radix;
      carry = <u32>(sum >= radix);
      store<u8>(digits + <usize>left, <u8>(carry != 0 ? sum - radix : sum));
    }
  }
}

function readNumber(digits: usize, len: u32, radix: u32): void {
  memory.fill(limbs, 0, LIMB_BYTES);
  const chunk = chunkOf(radix);
  for (let at: u32 = 0; at < len;) {
    const count = min(chunk, len - at);
    let value: u32 = 0;
    for (const end = at + count; at < end; at++) {
      value = value * radix + <u32>load<u8>(digits + <usize>at);
    }
    multiplyAdd(powerOf(radix, count), value);
  }
}

/** Numerals that a limb holds. */
function chunkOf(radix: u32): u32 {
  let count: u32 = 0;
  for (let power: u64 = radix; power <= 0xffffffff; power *= radix) count++;
  return count;
}

function powerOf(radix: u32, exponent: u32): u32 {
  let power: u32 = 1;
  for (; exponent != 0; exponent--) power *= radix;
  return power;
}

/** limbs = limbs * factor + summand. */
function multiplyAdd(factor: u32, summand: u32): void {
  let carry = <u64>summand;
  for (let at: usize = 0; at < LIMB_BYTES; at += 4) {
    carry += <u64>load<u32>(limbs + at) * <u64>factor;
    store<u32>(limbs + at, <u32>carry);
    carry >>= 32;
  }
}

/** limbs = limbs / divisor; the remainder. */
function divide(divisor: u32): u32 {
  let rest: u64 = 0;
  for (let at = LIMB_BYTES; at != 0;) {
    at -= 4;
    rest = (rest << 32) | (<u64>load<u32>(limbs + at));
    store<u32>(limbs + at, <u32>(rest / divisor));
    rest %= divisor;
  }
  return <u32>rest;
}
