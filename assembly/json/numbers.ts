/** The grammar of JSON numbers (RFC 8259, section 6), one byte at a time. */

/** Where in a number a byte stands. */
export const enum NumberState {
  Start = 0,
  Minus = 1,
  Zero = 2,
  Integer = 3,
  Dot = 4,
  Fraction = 5,
  Exponent = 6,
  ExponentSign = 7,
  ExponentDigits = 8,
  /** the byte does not belong to the number, which is whole without it */
  Done = 9,
  Malformed = 10,
}

/** The state after `byte`. */
export function numberStep(state: i32, byte: u8): NumberState {
  const isDigit = <u32>byte - 0x30 < 10;
  switch (state) {
    case NumberState.Start:
      if (byte == 0x2d /* - */) return NumberState.Minus;
      return firstDigit(byte, isDigit);
    case NumberState.Minus:
      return firstDigit(byte, isDigit);
    case NumberState.Integer:
      if (isDigit) return NumberState.Integer;
      return afterInteger(byte);
    case NumberState.Zero:
      return isDigit ? NumberState.Malformed : afterInteger(byte);
    case NumberState.Dot:
      return isDigit ? NumberState.Fraction : NumberState.Malformed;
    case NumberState.Fraction:
      if (isDigit) return NumberState.Fraction;
      return (byte | 0x20) == 0x65 /* e */ ? NumberState.Exponent : NumberState.Done;
    case NumberState.Exponent:
      if (byte == 0x2b /* + */ || byte == 0x2d /* - */) return NumberState.ExponentSign;
      return isDigit ? NumberState.ExponentDigits : NumberState.Malformed;
    case NumberState.ExponentSign:
      return isDigit ? NumberState.ExponentDigits : NumberState.Malformed;
    default:
      return isDigit ? NumberState.ExponentDigits : NumberState.Done;
  }
}

/** Whether a number may end in this state. */
export function isWholeNumber(state: i32): bool {
  return (
    state == NumberState.Zero ||
    state == NumberState.Integer ||
    state == NumberState.Fraction ||
    state == NumberState.ExponentDigits
  );
}

function firstDigit(byte: u8, isDigit: bool): NumberState {
  if (!isDigit) return NumberState.Malformed;
  return byte == 0x30 ? NumberState.Zero : NumberState.Integer;
}

function afterInteger(byte: u8): NumberState {
  if (byte == 0x2e /* . */) return NumberState.Dot;
  return (byte | 0x20) == 0x65 /* e */ ? NumberState.Exponent : NumberState.Done;
}
