/** Number literals of CEL: `12`, `0x1f`, `3u`, `0.5`, `.5`, `1e-3`. */
import { Problem, quoted } from '../problem.ts';

/** A number as written, without sign; `problem` when it lies outside of what CEL's types hold. */
export interface ReadNumber {
  readonly written: string;
  readonly value: number;
  /** False for an integer that no double equals. */
  readonly isExact: boolean;
  readonly problem: Problem | undefined;
}

/** Reads the number at a digit, or at a dot before one. */
export function readNumber(source: string, at: number): ReadNumber {
  number.lastIndex = at;
  const [written = '', fraction, exponent] = number.exec(source) ?? [];
  const isDouble = fraction !== undefined || exponent !== undefined;
  if (isDouble) return { written, value: Number(written), isExact: true, problem: undefined };
  const isUnsigned = /u$/i.test(written);
  const digits = isUnsigned ? written.slice(0, -1) : written;
  const value = Number(digits);
  if (value <= Number.MAX_SAFE_INTEGER) {
    return { written, value, isExact: true, problem: undefined };
  }
  // Leaves long rows of digits to the double, which is too great then anyway.
  const whole = digits.length > DIGITS_MAX ? UINT64_MAX + 1n : BigInt(digits);
  const isTooGreat = whole > (isUnsigned ? UINT64_MAX : INT64_MAX);
  const help = `whole numbers end at ${isUnsigned ? UINT64_MAX : INT64_MAX}`;
  return {
    written,
    value,
    isExact: !isTooGreat && BigInt(value) === whole,
    problem: isTooGreat ? new Problem(`${quoted(written)} is out of range`, help, at) : undefined,
  };
}

// The groups are there for doubles: a fraction, or an exponent without one.
const number =
  /0[xX][0-9a-fA-F]+[uU]?|[0-9]*(\.[0-9]+(?:[eE][+-]?[0-9]+)?)|[0-9]+([eE][+-]?[0-9]+)|[0-9]+[uU]?/y;
const DIGITS_MAX = 40;
const INT64_MAX = 9_223_372_036_854_775_807n;
const UINT64_MAX = 18_446_744_073_709_551_615n;
