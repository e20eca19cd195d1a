/** Masks parameters of a query by name, and what is found in the others by what it looks like. */
import { ValuePlace } from '../layout';
import { findByte, hexValue } from '../memory/bytes';
import { cutRewritten, putByte, putBytes, rewrittenLen } from './rewritten';
import {
  ValueOutcome,
  Writing,
  hasDetectors,
  maskValue,
  strengthOfValue,
  valueLen,
  valuePtr,
} from './values';

/** Whether the last query came out another one. */
export let isQueryChanged: bool = false;

const AMPERSAND: u8 = 0x26;
const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
/** Longer names match none: a policy's have 255 characters at most, each up to three bytes of nine. */
const NAME_MAX: u32 = 3_072;
const name: usize = memory.data(3072);

/** Adds what stands behind a `?` to the value that is being rewritten, masked. */
export function maskQuery(ptr: usize, len: u32): void {
  isQueryChanged = false;
  let isFirst = true;
  for (let start: u32 = 0; start <= len;) {
    const next = findByte(ptr + start, len - start, AMPERSAND);
    const pieceLen = next < 0 ? len - start : <u32>next;
    const from = rewrittenLen;
    if (!isFirst) putByte(AMPERSAND);
    if (maskPiece(ptr + start, pieceLen)) isFirst = false;
    else cutRewritten(from);
    start += pieceLen + 1;
  }
}

/** False when the parameter goes. */
function maskPiece(ptr: usize, len: u32): bool {
  const equals = findByte(ptr, len, EQUALS);
  const nameLen = equals < 0 ? len : <u32>equals;
  const strength = strengthOfPiece(ptr, len, nameLen);
  // A piece without a value is all that there is: its name may be what has to be hidden.
  const valueStart = equals < 0 ? 0 : nameLen + 1;
  if (strength == 0 && !hasDetectors()) return keep(ptr, len);
  const outcome = maskValue(ptr + valueStart, len - valueStart, strength, Writing.Form);
  if (outcome == ValueOutcome.Same) return keep(ptr, len);
  isQueryChanged = true;
  if (outcome == ValueOutcome.Dropped) return false;
  putBytes(ptr, valueStart);
  putBytes(valuePtr, valueLen);
  return true;
}

/** To some a semicolon separates parameters too: a piece is masked for the strictest name that anybody may read in it. */
function strengthOfPiece(ptr: usize, len: u32, nameLen: u32): u32 {
  let strength = strengthOfName(ptr, nameLen);
  let at = findByte(ptr, len, SEMICOLON);
  for (let start: u32 = 0; at >= 0;) {
    start += <u32>at + 1;
    at = findByte(ptr + start, len - start, SEMICOLON);
    const end = at < 0 ? len - start : <u32>at;
    const equals = findByte(ptr + start, end, EQUALS);
    const partLen = equals < 0 ? end : <u32>equals;
    strength = max(strength, strengthOfName(ptr + start, partLen));
  }
  return strength;
}

function strengthOfName(ptr: usize, len: u32): u32 {
  let at: u32 = 0;
  for (let i: u32 = 0; i < len; i++) {
    if (at == NAME_MAX) return 0;
    let byte = load<u8>(ptr + i);
    if (byte == 0x2b) byte = 0x20;
    if (byte == 0x25 && len - i >= 3) {
      const decoded = (hexValue(load<u8>(ptr + i, 1)) << 4) | hexValue(load<u8>(ptr + i, 2));
      if (decoded >= 0) {
        byte = <u8>decoded;
        i += 2;
      }
    }
    store<u8>(name + at++, byte);
  }
  return strengthOfValue(ValuePlace.Query, name, at);
}

function keep(ptr: usize, len: u32): bool {
  putBytes(ptr, len);
  return true;
}
