/**
 * Tables of values (RFC 4180), one byte at a time. Cells are in quotes or not; in quotes a quote is doubled. Rows end with a
 * line feed, with or without a carriage return before it. A quote inside a cell without quotes, something behind the closing
 * quote and a lone carriage return are malformed.
 */
import { Utf8, Utf8Event, utf8Step } from '../charset/utf8';

/** What a byte brought. */
export const enum CsvEvent {
  /** the character is not whole yet, or the byte is a quote of which it is not known yet what it is */
  More = 0,
  /** a character of a cell is whole: `codePoint` */
  Char = 1,
  /** two quotes that stand for one */
  Quote = 2,
  /** the opening quote of a cell */
  Open = 3,
  /** the cell ended */
  Separator = 4,
  /** the cell and the row ended */
  RowEnd = 5,
  /** a line feed behind the carriage return that ended the row */
  LineFeed = 6,
  Malformed = 7,
}

/** Where in a cell the table is. */
export const enum CsvPlace {
  CellStart = 0,
  Bare = 1,
  Quoted = 2,
  /** behind a quote in a quoted cell */
  AfterQuote = 3,
  /** behind the carriage return of a row's end */
  AfterReturn = 4,
}

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const SEMICOLON: u8 = 0x3b;
const TAB: u8 = 0x09;

/** State of a table. Zeroed memory is the state before the first byte. */
// @ts-ignore: decorator
@unmanaged
export class CsvScanner extends Utf8 {
  /** CsvPlace */
  place: i32;
  /** the separator, 0 as long as none was met */
  separator: u8;
  /** the separator is fixed: others are text */
  isFixed: bool;
}

/** Takes one byte. */
export function csvStep(s: CsvScanner, byte: u8): CsvEvent {
  switch (s.place) {
    case CsvPlace.Quoted:
      if (byte != QUOTE || s.needed != 0) return characterStep(s, byte);
      s.place = CsvPlace.AfterQuote;
      return CsvEvent.More;
    case CsvPlace.AfterQuote:
      if (byte == QUOTE) {
        s.place = CsvPlace.Quoted;
        s.codePoint = QUOTE;
        return CsvEvent.Quote;
      }
      return endStep(s, byte);
    case CsvPlace.AfterReturn:
      if (byte != 0x0a) return CsvEvent.Malformed;
      s.place = CsvPlace.CellStart;
      return CsvEvent.LineFeed;
    case CsvPlace.CellStart:
      if (byte == QUOTE) {
        s.place = CsvPlace.Quoted;
        return CsvEvent.Open;
      }
      break;
  }
  if (s.needed == 0) {
    const event = endStep(s, byte);
    if (event != CsvEvent.Malformed) return event;
    if (byte == QUOTE || isSecondSeparator(s, byte)) return CsvEvent.Malformed;
  }
  s.place = CsvPlace.Bare;
  return characterStep(s, byte);
}

/** Whether the table may end here. */
export function isCsvWhole(s: CsvScanner): bool {
  return s.needed == 0 && s.place != CsvPlace.Quoted && s.place != CsvPlace.AfterReturn;
}

/** First byte in `start..end` that may be more than an ASCII character of a cell, or `end`. */
export function skipCsvPlain(start: usize, end: usize): usize {
  let p = start;
  while (end - p >= 16) {
    const v = v128.load(p);
    const quote = v128.or(i8x16.eq(v, i8x16.splat(QUOTE)), i8x16.eq(v, i8x16.splat(COMMA)));
    const other = v128.or(i8x16.eq(v, i8x16.splat(SEMICOLON)), i8x16.lt_s(v, i8x16.splat(0x20)));
    const bits = i8x16.bitmask(v128.or(quote, other));
    if (bits != 0) return p + ctz(bits);
    p += 16;
  }
  while (p < end && isPlain(load<u8>(p))) p++;
  return p;
}

function isPlain(byte: u8): bool {
  return byte >= 0x20 && byte < 0x80 && byte != QUOTE && byte != COMMA && byte != SEMICOLON;
}

/** Takes a byte as the end of a cell; Malformed when it is none. */
function endStep(s: CsvScanner, byte: u8): CsvEvent {
  if (byte == 0x0a || byte == 0x0d) {
    s.place = byte == 0x0d ? CsvPlace.AfterReturn : CsvPlace.CellStart;
    return CsvEvent.RowEnd;
  }
  const isFirst = s.separator == 0 && !s.isFixed && isSeparator(byte);
  if (isFirst) s.separator = byte;
  if (s.separator == 0 || byte != s.separator) return CsvEvent.Malformed;
  s.place = CsvPlace.CellStart;
  return CsvEvent.Separator;
}

/** A first line with two kinds of separators can be read in two ways. */
function isSecondSeparator(s: CsvScanner, byte: u8): bool {
  return !s.isFixed && isSeparator(byte);
}

function isSeparator(byte: u8): bool {
  return byte == COMMA || byte == SEMICOLON || byte == TAB;
}

function characterStep(s: CsvScanner, byte: u8): CsvEvent {
  switch (utf8Step(s, byte)) {
    case Utf8Event.Char:
      return CsvEvent.Char;
    case Utf8Event.More:
      return CsvEvent.More;
    default:
      return CsvEvent.Malformed;
  }
}
