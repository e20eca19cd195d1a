/**
 * Masks tables (text/csv). The document is an array of rows, a row an object whose members the first line names: `$[*].name`,
 * and names by themselves. Without such a line rows are arrays: `$[*][2]`. A row with more or fewer cells than names is
 * malformed, because a value of it may stand under the name of another one.
 */
import {
  CsvEvent,
  CsvPlace,
  CsvScanner,
  csvStep,
  isCsvWhole,
  skipCsvPlain,
} from '../../csv/scanner';
import { MaskFlag, MaskHeader, MaskOperator, MaskRule } from '../../layout';
import { takeInner } from '../embedded';
import { Escape, isWordByte } from '../escape';
import { closeSpan, emitRawByte, lacksRoom, openSpan } from '../output';
import { enterDocument, enterElement, openLevel } from '../paths';
import { operatorOf, ruleOf } from '../rules';
import { MASKER_BYTES, Masker, elementsAt, formatOf, keyOf, scannerOf } from '../state';
import {
  FieldMode,
  closeField,
  fieldByte,
  fieldChar,
  fieldPlain,
  fieldWritten,
  openField,
  openPlainField,
} from './field-value';
import { appendName, clearName, enterField } from './names';
import { feedSlices, reserveEnd } from './slices';

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
/** Names fit where the elements of arrays deeper than a table are counted, as strengths of 2 bytes. */
const COLUMNS_MAX: u32 = 1_000;
const DEPTH_FREE: u32 = 4;
const NAME_HEAD: u32 = 2;
const quotes = memory.data<u8>([QUOTE, QUOTE]);

// @ts-ignore: decorator
@unmanaged
class CsvState extends CsvScanner {
  /** the first line is being read, and has names */
  inHeader: bool;
  hasNames: bool;
  /** a cell is open */
  inCell: bool;
  isQuoted: bool;
  /** rules of single rows: names are kept, and each row is entered for itself */
  keepsNames: bool;
  /** the next cell of the row */
  column: u32;
  columns: u32;
  /** where the names end, and that of the next cell begins */
  namesEnd: u32;
  nameAt: u32;
}

// @ts-ignore: decorator
@inline
function stateOf(m: Masker): CsvState {
  return changetype<CsvState>(formatOf(m));
}

/** Puts a state before a table; `hasNames`: its first line names the columns. */
export function openTable(m: Masker, hasNames: bool): bool {
  const s = stateOf(m);
  m.mode = FieldMode.None;
  s.hasNames = hasNames;
  s.inHeader = hasNames;
  s.keepsNames = (load<u32>(m.blob, MaskHeader.flags) & MaskFlag.HasElements) != 0;
  if (!hasNames) {
    s.separator = COMMA;
    s.isFixed = true;
  } else if (s.keepsNames && takeInner(m) == 0) return false;
  if (!enterDocument(m)) return false;
  scannerOf(m).depth = 1;
  openLevel(m);
  return enterRow(m);
}

/** Takes bytes of the table. False when it is malformed or there is no room. */
export function feedTable(m: Masker, src: usize, len: usize): bool {
  return feedSlices(m, src, len, takeSlice);
}

/** Ends the table; the last row needs no line feed. */
export function closeTable(m: Masker): bool {
  const s = stateOf(m);
  if (!reserveEnd() || !isCsvWhole(s)) return false;
  const isOver = s.place == CsvPlace.CellStart && s.column == 0;
  return (isOver || endRow(m, s, 0)) && !lacksRoom;
}

function takeSlice(m: Masker, start: usize, end: usize): bool {
  const s = stateOf(m);
  let p = start;
  while (p < end) {
    if (s.inCell && !s.inHeader && s.needed == 0 && s.place != CsvPlace.AfterQuote) {
      const next = skipCsvPlain(p, end);
      if (next != p && !takePlain(m, s, p, next)) return false;
      p = next;
      if (p == end) break;
    }
    if (!takeByte(m, s, p)) return false;
    p++;
  }
  return true;
}

function takePlain(m: Masker, s: CsvState, p: usize, end: usize): bool {
  if (s.place == CsvPlace.CellStart) s.place = CsvPlace.Bare;
  return fieldPlain(m, p, <u32>(end - p));
}

function takeByte(m: Masker, s: CsvState, p: usize): bool {
  const wasAfterQuote = s.place == CsvPlace.AfterQuote;
  const event = csvStep(s, load<u8>(p));
  switch (event) {
    case CsvEvent.Malformed:
      return false;
    case CsvEvent.LineFeed:
      return true;
    case CsvEvent.Open:
      return beginCell(m, s, p + 1, true);
    case CsvEvent.RowEnd:
      // A line without anything is no row.
      if (s.column == 0 && !s.inCell) return true;
      return endRow(m, s, p);
    case CsvEvent.Separator:
      return endCell(m, s, p);
    case CsvEvent.Quote:
      if (!fieldWritten(m, quotes, 2)) return false;
      return takeCharacter(m, s, p);
  }
  if (!s.inCell && !beginCell(m, s, p, false)) return false;
  const isHeldQuote = s.place == CsvPlace.AfterQuote && !wasAfterQuote;
  if (!isHeldQuote && !fieldByte(m, p)) return false;
  return event == CsvEvent.More || takeCharacter(m, s, p);
}

function takeCharacter(m: Masker, s: CsvState, p: usize): bool {
  if (s.inHeader && !appendName(m, s.codePoint)) return false;
  return fieldChar(m, s.codePoint, p + 1);
}

/** Starts a cell whose text begins at `p`. */
function beginCell(m: Masker, s: CsvState, p: usize, isQuoted: bool): bool {
  s.inCell = true;
  s.isQuoted = isQuoted;
  m.escape = isQuoted ? Escape.Csv : Escape.Word;
  if (s.inHeader) {
    clearName(m);
    // Names stay, but a table without any may begin with what has to go.
    return s.columns < COLUMNS_MAX && openPlainField(m, p, 0);
  }
  if (!enterCell(m, s)) return false;
  if (isQuoted || !needsQuotes(m, m.nextStrength)) return openField(m, p, false);
  m.escape = Escape.Csv;
  closeSpan(p);
  emitRawByte(QUOTE);
  if (!openField(m, p, false)) return false;
  emitRawByte(QUOTE);
  return true;
}

function endCell(m: Masker, s: CsvState, p: usize): bool {
  if (!s.inCell && !beginCell(m, s, p, false)) return false;
  const stays = m.mode == FieldMode.Pass;
  if (!closeField(m, p)) return false;
  if (!stays && s.isQuoted) {
    closeSpan(p);
    emitRawByte(QUOTE);
    if (p != 0) openSpan(p);
  }
  s.inCell = false;
  s.column++;
  return !s.inHeader || keepName(m, s);
}

function endRow(m: Masker, s: CsvState, p: usize): bool {
  if (!endCell(m, s, p)) return false;
  if (s.inHeader) {
    s.inHeader = false;
    s.isFixed = true;
    store<u32>(elementsAt(m, 1), 0);
  } else if (s.hasNames && s.column != s.columns) return false;
  s.column = 0;
  s.nameAt = 0;
  return s.hasNames && !s.keepsNames ? true : enterRow(m);
}

/** Makes a row the open container. */
function enterRow(m: Masker): bool {
  scannerOf(m).depth = 1;
  if (!enterElement(m)) return false;
  scannerOf(m).depth = 2;
  openLevel(m);
  return true;
}

/** Makes the next cell of the row the next value. */
function enterCell(m: Masker, s: CsvState): bool {
  if (!s.hasNames) return enterElement(m);
  if (s.column >= s.columns) return false;
  if (!s.keepsNames) {
    m.nextStrength = load<u16>(columnAt(m, s.column));
    return true;
  }
  const at = m.inner + s.nameAt;
  m.keyLen = load<u16>(at);
  memory.copy(keyOf(m), at + NAME_HEAD, m.keyLen);
  s.nameAt += NAME_HEAD + m.keyLen;
  return enterField(m);
}

/** Keeps the name that was read, or its rule. */
function keepName(m: Masker, s: CsvState): bool {
  if (s.keepsNames) {
    if (<u32>MASKER_BYTES - s.namesEnd < NAME_HEAD + m.keyLen) return false;
    const at = m.inner + s.namesEnd;
    store<u16>(at, <u16>m.keyLen);
    memory.copy(at + NAME_HEAD, keyOf(m), m.keyLen);
    s.namesEnd += NAME_HEAD + m.keyLen;
  }
  if (!enterField(m)) return false;
  store<u16>(columnAt(m, s.columns), <u16>m.nextStrength);
  s.columns++;
  return true;
}

/** Whether what stands for a value would not be one cell without quotes. */
function needsQuotes(m: Masker, strength: u32): bool {
  if (strength == 0 || operatorOf(m.blob, strength) != MaskOperator.Replace) return false;
  const rule = ruleOf(m.blob, strength);
  const at = m.blob + load<u32>(m.blob, MaskHeader.stringOff) + load<u32>(rule, MaskRule.text);
  const len = load<u32>(rule, MaskRule.textLen);
  for (let i: u32 = 0; i < len; i++) if (!isWordByte(load<u8>(at + i))) return true;
  return false;
}

/** Strength (u16) of the rule on a column. */
function columnAt(m: Masker, column: u32): usize {
  return elementsAt(m, DEPTH_FREE) + ((<usize>column) << 1);
}
