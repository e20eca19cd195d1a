/** What the masker keeps of a GraphQL document: where it is, and which rules hold for the next value. */
import { Utf8 } from '../../charset/utf8';
import { enterName } from '../paths';
import { Masker, flagsAt, formatOf, strengthAt } from '../state';

/** Where in the document the bytes are. */
export const enum QueryPlace {
  /** between tokens */
  Ground = 0,
  Name = 1,
  Number = 2,
  /** behind one quote */
  Quote = 3,
  /** behind two quotes */
  Quotes = 4,
  String = 5,
  Block = 6,
  Comment = 7,
}

/** What an open bracket holds. */
export const enum Bracket {
  Arguments = 1,
  Selection = 2,
  Object = 3,
  /** values */
  List = 4,
  /** a type, or anything else that is no value */
  Type = 5,
}

/** Deepest nesting of brackets. */
const DEPTH_MAX: u32 = 512;

/** State of a document; it begins as the decoder of block strings and comments. */
// @ts-ignore: decorator
@unmanaged
export class Query extends Utf8 {
  /** QueryPlace */
  place: i32;
  /** open brackets */
  depth: u32;
  /** strength of the rules on the last name */
  named: u32;
  /** strength of those on the last variable that was defined */
  variable: u32;
  /** strength of those on the next value */
  strength: u32;
  /** quotes of a block string that are held, or 4 behind its backslash */
  quotes: u32;
  /** the next token is a value */
  isValue: bool;
  /** the last byte was `$` */
  isDollar: bool;
  /** the last name was a variable's */
  wasVariable: bool;
}

// @ts-ignore: decorator
@inline
export function queryOf(m: Masker): Query {
  return changetype<Query>(formatOf(m));
}

/** Strength of the rules on the name in the key region. */
export function nameStrength(m: Masker): u32 {
  m.nextStrength = 0;
  enterName(m);
  return m.nextStrength;
}

/** The next token has no rules and is no value. */
export function expectNothing(s: Query): void {
  s.isValue = false;
  s.strength = 0;
}

/** A value ended: in a list another one follows. */
export function endValue(m: Masker, s: Query): void {
  s.isValue = s.depth != 0 && load<u8>(flagsAt(m, s.depth)) == Bracket.List;
  s.strength = s.isValue ? load<u16>(strengthAt(m, s.depth)) : 0;
}

/** What a colon leads to: a value in arguments and objects, but for variables, and else a type or a field. */
export function expectAfterColon(m: Masker, s: Query): void {
  const bracket = s.depth == 0 ? 0 : <i32>load<u8>(flagsAt(m, s.depth));
  const isInside = bracket == Bracket.Arguments || bracket == Bracket.Object;
  s.isValue = isInside && !s.wasVariable;
  s.strength = s.isValue ? max(s.named, <u32>load<u16>(strengthAt(m, s.depth))) : 0;
}

/** What the equals sign behind the type of a variable leads to. */
export function expectDefault(m: Masker, s: Query): void {
  s.isValue = s.depth != 0 && load<u8>(flagsAt(m, s.depth)) == Bracket.Arguments;
  s.strength = s.isValue ? s.variable : 0;
}

/** Opens a bracket. False when it lies too deep. */
export function openBracket(m: Masker, s: Query, byte: u8): bool {
  if (s.depth == DEPTH_MAX) return false;
  const bracket = bracketOf(s, byte);
  s.depth++;
  store<u8>(flagsAt(m, s.depth), <u8>bracket);
  store<u16>(strengthAt(m, s.depth), <u16>s.strength);
  if (bracket != Bracket.List) expectNothing(s);
  return true;
}

/** Closes a bracket. False when another one is open. */
export function closeBracket(m: Masker, s: Query, byte: u8): bool {
  if (s.depth == 0) return false;
  const bracket = <i32>load<u8>(flagsAt(m, s.depth));
  const isRound = bracket == Bracket.Arguments;
  const isCurly = bracket == Bracket.Selection || bracket == Bracket.Object;
  if (byte == 0x29 /* ) */ ? !isRound : byte == 0x7d /* } */ ? !isCurly : isRound || isCurly) {
    return false;
  }
  s.depth--;
  endValue(m, s);
  return true;
}

function bracketOf(s: Query, byte: u8): i32 {
  if (byte == 0x28 /* ( */) return Bracket.Arguments;
  if (byte == 0x7b /* { */) return s.isValue ? Bracket.Object : Bracket.Selection;
  return s.isValue ? Bracket.List : Bracket.Type;
}
