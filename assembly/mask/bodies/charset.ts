/** Encodings of characters: a byte order mark stays in front of the text, UTF-16 and UTF-32 are read and written as UTF-8. */
import {
  WIDE_MALFORMED,
  WIDE_MORE,
  Wide,
  isWideWhole,
  wideStep,
  writeWide,
} from '../../charset/wide';
import { appendUtf8, readUtf8, readUtf8Len } from '../../memory/utf8';
import { cutOutput, emitRaw, lacksRoom, maskedLen, maskedPtr, reserveOutput } from '../output';
import { FORMAT_BYTES, Masker, formatOf } from '../state';
import { BodyFormat } from './body-format';
import { Charset } from './body-charset';
import { closeFormat, feedFormat } from './formats';

/** Where in the format's part the state lies: at its end. */
const STATE: usize = 448;
const MARK: u32 = 0xfeff;
const MARK_BYTES: u32 = 3;
/** The mark in the other order of bytes. */
const WRONG_MARK: u32 = 0xfffe;
/** The first two bytes of the mark of UTF-8 as a unit of UTF-16. */
const UTF8_MARK_LITTLE: u32 = 0xbbef;
const UTF8_MARK_BIG: u32 = 0xefbb;
const PART_MAX: u32 = 8_192;
const UTF8_MAX: u32 = 4;

const mark = memory.data<u8>([0xef, 0xbb, 0xbf]);
const part: usize = memory.data(8192, 8);

// @ts-ignore: decorator
@unmanaged
class CharsetState extends Wide {
  /** what the body begins with is known */
  hasBegun: bool;
  /** bytes of a UTF-8 mark that were read */
  markLen: u8;
}

// @ts-ignore: decorator
@inline
function stateOf(m: Masker): CharsetState {
  return changetype<CharsetState>(formatOf(m) + STATE);
}

/** Puts a state before a body. False when its format has no charset but UTF-8. */
export function openCharset(m: Masker, charset: Charset): bool {
  const s = stateOf(m);
  m.charset = charset;
  s.hasBegun = !mayHaveMark(m.format);
  if (charset == Charset.Utf8) return true;
  s.unitBytes = charset < Charset.Utf32 ? 2 : 4;
  s.isLittle = charset == Charset.Utf16Le || charset == Charset.Utf32Le;
  s.isOpen = charset == Charset.Utf16 || charset == Charset.Utf32;
  return !s.hasBegun;
}

/** Takes bytes of the body. False when they are malformed or there is no room. */
export function feedCharset(m: Masker, src: usize, len: usize): bool {
  const s = stateOf(m);
  if (m.charset != Charset.Utf8) return feedWide(m, s, src, len);
  let p = src;
  const end = src + len;
  while (!s.hasBegun && p < end) {
    if (load<u8>(p) != load<u8>(mark + s.markLen))
      return feedStart(m, s) && feedFormat(m, p, end - p);
    p++;
    if (++s.markLen < MARK_BYTES) continue;
    s.hasBegun = true;
    if (!reserveOutput(MARK_BYTES)) return false;
    emitRaw(mark, MARK_BYTES);
  }
  return p == end || feedFormat(m, p, end - p);
}

/** Ends the body. */
export function closeCharset(m: Masker): bool {
  const s = stateOf(m);
  if (m.charset == Charset.Utf8) return (s.hasBegun || feedStart(m, s)) && closeFormat(m);
  const from = maskedLen;
  return isWideWhole(s) && closeFormat(m) && writeOutput(s, from);
}

/** What looked like a mark is none. */
function feedStart(m: Masker, s: CharsetState): bool {
  s.hasBegun = true;
  return s.markLen == 0 || feedFormat(m, mark, s.markLen);
}

/** A mark belongs to texts only; in records of JSON it is malformed (RFC 7464). */
function mayHaveMark(format: u32): bool {
  return (
    format == BodyFormat.Json ||
    format == BodyFormat.JsonLines ||
    format == BodyFormat.Xml ||
    format == BodyFormat.Text ||
    format == BodyFormat.Csv ||
    format == BodyFormat.EventStream
  );
}

function feedWide(m: Masker, s: CharsetState, src: usize, len: usize): bool {
  const from = maskedLen;
  let partLen: u32 = 0;
  for (let i: usize = 0; i < len; i++) {
    const codePoint = wideStep(s, load<u8>(src + i));
    if (codePoint == WIDE_MORE) continue;
    if (codePoint == WIDE_MALFORMED) return false;
    if (!s.hasBegun) {
      s.hasBegun = true;
      if (!isStart(m, s, codePoint)) return false;
      if (codePoint == MARK) {
        if (!reserveOutput(MARK_BYTES)) return false;
        emitRaw(mark, MARK_BYTES);
        continue;
      }
    }
    partLen += appendUtf8(part + partLen, codePoint);
    if (partLen + UTF8_MAX <= PART_MAX) continue;
    if (!feedFormat(m, part, partLen)) return false;
    partLen = 0;
  }
  if (partLen != 0 && !feedFormat(m, part, partLen)) return false;
  return writeOutput(s, from) && !lacksRoom;
}

/**
 * Whether a body may begin with a character. UTF-16 without a mark has one order of bytes to some (RFC 2781) and the other to
 * browsers; a text may be read in both. Those let the mark of UTF-8 win over any charset, too.
 */
function isStart(m: Masker, s: CharsetState, codePoint: u32): bool {
  if (m.charset == Charset.Utf16) return codePoint == MARK;
  if (s.unitBytes == 2 && codePoint == (s.isLittle ? UTF8_MARK_LITTLE : UTF8_MARK_BIG))
    return false;
  return codePoint != WRONG_MARK;
}

/** Turns the output behind `from`, which is UTF-8, into the charset of the body. False when there is no room. */
function writeOutput(s: CharsetState, from: usize): bool {
  const len = maskedLen - from;
  if (len == 0) return true;
  // A byte becomes 4 at most. The text moves to the end of the room, where what is written does not reach it.
  const moved = len * 3;
  if (!reserveOutput(moved)) return false;
  let source = maskedPtr + from + moved;
  memory.copy(source, maskedPtr + from, len);
  const end = source + len;
  let target = maskedPtr + from;
  while (source < end) {
    const bytes = <usize>readUtf8Len(source);
    // INVARIANT: formats emit whole characters.
    if (bytes > end - source) return false;
    target += writeWide(s, target, readUtf8(source));
    source += bytes;
  }
  cutOutput(target - maskedPtr);
  return true;
}

// INVARIANT: the state fits.
assert(STATE + offsetof<CharsetState>() <= FORMAT_BYTES);
