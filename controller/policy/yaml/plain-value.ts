/** What a YAML text without quotes stands for in the core schema of YAML 1.2. */
import { Unsure } from './unsure.ts';

/** The value of a plain scalar. Throws `Unsure` for numbers that are not plainly decimal. */
export function plainValue(text: string, at: number): string | number | boolean | null {
  const first = text.charCodeAt(0);
  if (first > DIGIT_9) return text.length <= WORD_LENGTH_MAX ? wordValue(text) : text;
  if (decimal.test(text)) return Number(text);
  if (oddNumber.test(text)) throw new Unsure('this form of a number', at);
  return text;
}

function wordValue(text: string): string | boolean | null {
  const value = words.get(text);
  return value === undefined ? text : value;
}

const DIGIT_9 = 0x39;
const WORD_LENGTH_MAX = 5;
// Up to 15 digits every decimal is the same number however it is read.
const decimal = /^(?:0|-?[1-9]\d{0,14}|-?(?:0|[1-9]\d{0,6})\.\d{1,8})$/;
const oddNumber =
  /^(?:[-+]?\d+|0o[0-7]+|0x[\da-fA-F]+|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$/;
const words = new Map<string, boolean | null>([
  ['~', null],
  ['null', null],
  ['Null', null],
  ['NULL', null],
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
]);
