/**
 * Masks GraphQL documents in strings of JSON. Names of fields count for arguments and for fields of input objects: their
 * values, in lists and objects too, and defaults of variables. Detectors look into strings, numbers and comments.
 */
import {
  isIgnored,
  isNameByte,
  isNameStart,
  isNumberByte,
  isNumberStart,
  isPlainPunctuator,
} from '../../graphql/tokens';
import { FieldMode, closeField, openPlainField } from '../bodies/field-value';
import { clearName } from '../bodies/names';
import { feedSlices, reserveEnd } from '../bodies/slices';
import { useQueryMasker } from '../embedded';
import { Escape } from '../escape';
import { lacksRoom } from '../output';
import { KEY_MAX, Masker, clearFormat, keyOf } from '../state';
import { appendInput } from '../window';
import {
  Query,
  QueryPlace,
  closeBracket,
  endValue,
  expectAfterColon,
  expectDefault,
  expectNothing,
  nameStrength,
  openBracket,
  queryOf,
} from './state';
import {
  beginString,
  endNumber,
  endWord,
  holdToken,
  takeBlockByte,
  takeNumberByte,
  takeStringByte,
  takeTextByte,
} from './values';

const QUOTE: u8 = 0x22;
const HASH: u8 = 0x23;
const DOLLAR: u8 = 0x24;
const COLON: u8 = 0x3a;
const EQUALS: u8 = 0x3d;
const LF: u8 = 0x0a;
const CR: u8 = 0x0d;

function openQuery(m: Masker): bool {
  clearFormat(m);
  m.mode = FieldMode.None;
  m.passing = true;
  return true;
}

function feedQuery(m: Masker, src: usize, len: usize): bool {
  return feedSlices(m, src, len, takeSlice);
}

function closeQuery(m: Masker): bool {
  const s = queryOf(m);
  if (!reserveEnd()) return false;
  if (s.place != QueryPlace.Ground && !endToken(m, s)) return false;
  return s.depth == 0 && !lacksRoom;
}

/** Ends what needs no byte of its own to end. */
function endToken(m: Masker, s: Query): bool {
  switch (s.place) {
    case QueryPlace.Name:
      return endName(m, s, 0);
    case QueryPlace.Number:
      return endNumber(m, s, 0);
    case QueryPlace.Comment:
      return s.needed == 0 && closeField(m, 0);
    default:
      return s.place == QueryPlace.Quotes;
  }
}

function takeSlice(m: Masker, start: usize, end: usize): bool {
  const s = queryOf(m);
  for (let p = start; p < end; p++) if (!takeByte(m, s, p)) return false;
  return true;
}

function takeByte(m: Masker, s: Query, p: usize): bool {
  const byte = load<u8>(p);
  switch (s.place) {
    case QueryPlace.Name:
      if (isNameByte(byte)) return takeNameByte(m, p);
      return endName(m, s, p) && takeGround(m, s, p, byte);
    case QueryPlace.Number:
      if (isNumberByte(byte)) return takeNumberByte(m, p);
      s.place = QueryPlace.Ground;
      return !isNameStart(byte) && endNumber(m, s, p) && takeGround(m, s, p, byte);
    case QueryPlace.Quote:
      if (byte != QUOTE) return beginString(m, s, p, false) && takeStringByte(m, s, p);
      s.place = QueryPlace.Quotes;
      return true;
    case QueryPlace.Quotes:
      if (byte == QUOTE) return beginString(m, s, p + 1, true);
      // A string without a character.
      s.place = QueryPlace.Ground;
      endValue(m, s);
      return takeGround(m, s, p, byte);
    case QueryPlace.String:
      return takeStringByte(m, s, p);
    case QueryPlace.Block:
      return takeBlockByte(m, s, p);
    case QueryPlace.Comment:
      if (byte != LF && byte != CR) return takeTextByte(m, s, p);
      s.place = QueryPlace.Ground;
      return s.needed == 0 && closeField(m, p);
    default:
      return takeGround(m, s, p, byte);
  }
}

function takeGround(m: Masker, s: Query, p: usize, byte: u8): bool {
  s.place = QueryPlace.Ground;
  if (isIgnored(byte)) return true;
  const wasDollar = s.isDollar;
  s.isDollar = byte == DOLLAR;
  if (isNameStart(byte)) return beginName(m, s, p, wasDollar);
  if (wasDollar) return false;
  if (isNumberStart(byte)) {
    s.place = QueryPlace.Number;
    holdToken(m, p);
    return takeNumberByte(m, p);
  }
  switch (byte) {
    case DOLLAR:
      return true;
    case QUOTE:
      s.place = QueryPlace.Quote;
      return true;
    case HASH:
      s.place = QueryPlace.Comment;
      m.escape = Escape.Line;
      return openPlainField(m, p + 1, 0);
    case COLON:
      expectAfterColon(m, s);
      return true;
    case EQUALS:
      expectDefault(m, s);
      return true;
    case 0x28 /* ( */:
    case 0x5b /* [ */:
    case 0x7b /* { */:
      return openBracket(m, s, byte);
    case 0x29 /* ) */:
    case 0x5d /* ] */:
    case 0x7d /* } */:
      return closeBracket(m, s, byte);
    default:
      return isPlainPunctuator(byte);
  }
}

function beginName(m: Masker, s: Query, p: usize, isVariable: bool): bool {
  s.place = QueryPlace.Name;
  s.wasVariable = isVariable;
  // What a variable stands for is no part of the document.
  if (isVariable) s.strength = 0;
  holdToken(m, p);
  clearName(m);
  return takeNameByte(m, p);
}

function takeNameByte(m: Masker, p: usize): bool {
  if (m.keyLen == KEY_MAX || !appendInput(m, p, 1)) return false;
  store<u8>(keyOf(m) + m.keyLen++, load<u8>(p));
  return true;
}

function endName(m: Masker, s: Query, p: usize): bool {
  s.place = QueryPlace.Ground;
  if (!endWord(m, s, p)) return false;
  if (s.isValue) {
    endValue(m, s);
    return true;
  }
  expectNothing(s);
  s.named = nameStrength(m);
  if (s.wasVariable) s.variable = s.named;
  return true;
}

useQueryMasker(openQuery, feedQuery, closeQuery);
