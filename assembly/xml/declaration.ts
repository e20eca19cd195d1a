/** The XML declaration (XML 1.0, section 2.8), from behind `<?xml` to before `?>`. */
import { isNameByte, isXmlSpace } from './characters';
import { Text, text } from '../memory/text';

const VERSION = text('version');
const ENCODING = text('encoding');
const STANDALONE = text('standalone');
const VERSION_BYTES: u32 = 3;

let next: usize = 0;
let valuePtr: usize = 0;
let valueLen: u32 = 0;

/** Whether a declaration is one of XML 1.x and its encoding, if it has one, begins with `encoding` in any case. */
export function isDeclaration(ptr: usize, len: u32, encoding: Text): bool {
  const end = ptr + len;
  next = ptr;
  if (!readPart(VERSION, end) || valueLen != VERSION_BYTES) return false;
  if (load<u8>(valuePtr) != 0x31 || load<u8>(valuePtr, 1) != 0x2e) return false;
  if (readPart(ENCODING, end) && !isEncoding(encoding)) return false;
  readPart(STANDALONE, end);
  skipSpace(end);
  return next == end;
}

function isEncoding(wanted: Text): bool {
  if (valueLen < wanted.len) return false;
  for (let i: u32 = 0; i < wanted.len; i++) {
    const byte = load<u8>(valuePtr + i);
    const isUpper = <u32>byte - 0x41 < 26;
    if ((isUpper ? byte | 0x20 : byte) != load<u8>(wanted.ptr + i)) return false;
  }
  // Behind it the order of bytes may stand.
  return valueLen <= wanted.len + 2;
}

/** Reads space, a name, `=` and a quoted value. False, with nothing taken, when they are not there. */
function readPart(name: Text, end: usize): bool {
  const start = next;
  if (readName(name, end) && readQuoted(end)) return true;
  next = start;
  return false;
}

function readName(name: Text, end: usize): bool {
  if (next == end || !isXmlSpace(load<u8>(next))) return false;
  skipSpace(end);
  const at = next;
  while (next < end && isNameByte(load<u8>(next))) next++;
  if (!name.equals(at, <u32>(next - at))) return false;
  skipSpace(end);
  if (next == end || load<u8>(next) != 0x3d) return false;
  next++;
  skipSpace(end);
  return true;
}

function readQuoted(end: usize): bool {
  if (next == end) return false;
  const quote = load<u8>(next);
  if (quote != 0x22 && quote != 0x27) return false;
  valuePtr = ++next;
  while (next < end && load<u8>(next) != quote) next++;
  if (next == end) return false;
  valueLen = <u32>(next - valuePtr);
  next++;
  return true;
}

function skipSpace(end: usize): void {
  while (next < end && isXmlSpace(load<u8>(next))) next++;
}
