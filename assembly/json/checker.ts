/** Whether bytes are the beginning of a JSON text (RFC 8259), one byte at a time, as far as the grammar goes. */
import { LiteralEvent, literalStep, openLiteral } from './literals';
import { NumberState, isWholeNumber, numberStep } from './numbers';
import { Expect, Scanner, Token, keyDone, nextToken, openContainer, valueDone } from './scanner';
import { CharEvent, stringStep } from './strings';

/** What the checker is inside of; 0 at the start. */
export const enum CheckMode {
  Structure = 0,
  Key = 1,
  String = 2,
  Number = 3,
  Literal = 4,
  Malformed = 5,
}

const one: usize = memory.data(1);

/** The mode after `byte`; `s` was zeroed before the first one. */
export function checkByte(s: Scanner, mode: i32, byte: u8): CheckMode {
  switch (mode) {
    case CheckMode.Key:
    case CheckMode.String:
      return checkString(s, mode, byte);
    case CheckMode.Number: {
      const state = numberStep(s.numberState, byte);
      if (state == NumberState.Malformed) return CheckMode.Malformed;
      if (state != NumberState.Done) {
        s.numberState = state;
        return CheckMode.Number;
      }
      valueDone(s);
      return checkToken(s, byte);
    }
    case CheckMode.Literal:
      return checkLiteral(s, byte);
    case CheckMode.Structure:
      return checkToken(s, byte);
    default:
      return CheckMode.Malformed;
  }
}

/** Whether the text may end here. */
export function isCheckedWhole(s: Scanner, mode: i32): bool {
  if (mode == CheckMode.Number) return s.depth == 0 && isWholeNumber(s.numberState);
  return mode == CheckMode.Structure && s.expect == Expect.Nothing;
}

function checkToken(s: Scanner, byte: u8): CheckMode {
  store<u8>(one, byte);
  switch (nextToken(s, one, one + 1)) {
    case Token.None:
    case Token.Close:
      return CheckMode.Structure;
    case Token.Object:
      return openContainer(s, true) ? CheckMode.Structure : CheckMode.Malformed;
    case Token.Array:
      return openContainer(s, false) ? CheckMode.Structure : CheckMode.Malformed;
    case Token.Key:
      return CheckMode.Key;
    case Token.String:
      return CheckMode.String;
    case Token.Number:
      s.numberState = numberStep(NumberState.Start, byte);
      return CheckMode.Number;
    case Token.Literal:
      openLiteral(s, byte);
      return checkLiteral(s, byte);
    default:
      return CheckMode.Malformed;
  }
}

function checkString(s: Scanner, mode: i32, byte: u8): CheckMode {
  const event = stringStep(s, byte);
  if (event == CharEvent.Malformed) return CheckMode.Malformed;
  if (event != CharEvent.End) return <CheckMode>mode;
  if (mode == CheckMode.Key) keyDone(s);
  else valueDone(s);
  return CheckMode.Structure;
}

function checkLiteral(s: Scanner, byte: u8): CheckMode {
  const event = literalStep(s, byte);
  if (event == LiteralEvent.Malformed) return CheckMode.Malformed;
  if (event == LiteralEvent.More) return CheckMode.Literal;
  valueDone(s);
  return CheckMode.Structure;
}
