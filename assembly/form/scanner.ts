/**
 * application/x-www-form-urlencoded (WHATWG URL, section 5.1), one byte at a time. Stricter than there: bad escapes, text
 * that is not UTF-8, and a bare `;`, which some receivers take for `&`, are malformed.
 */
import { hexValue } from '../memory/bytes';
import { Utf8, Utf8Event, utf8Step } from '../charset/utf8';

/** What a byte brought. */
export const enum FormEvent {
  /** the character is not whole yet */
  More = 0,
  /** a character is whole: `codePoint` */
  Char = 1,
  /** the name ended */
  Equals = 2,
  /** the pair ended */
  Ampersand = 3,
  Malformed = 4,
}

/** State of a form; it begins as a Utf8, which takes the decoded bytes. Zeroed memory is the state before a name. */
// @ts-ignore: decorator
@unmanaged
export class FormScanner extends Utf8 {
  /** hexadecimal digits that the escape still needs */
  digits: u8;
  /** value of the first one */
  high: u8;
  /** the pair has its `=` */
  inValue: bool;
}

/** Takes one byte. */
export function formStep(s: FormScanner, byte: u8): FormEvent {
  if (s.digits != 0) return hexStep(s, byte);
  switch (byte) {
    case 0x25 /* % */:
      s.digits = 2;
      return FormEvent.More;
    case 0x26 /* & */:
      if (s.needed != 0) return FormEvent.Malformed;
      s.inValue = false;
      return FormEvent.Ampersand;
    case 0x3b /* ; */:
      return FormEvent.Malformed;
    case 0x2b /* + */:
      return decodedStep(s, 0x20);
    case 0x3d /* = */:
      if (s.inValue) return decodedStep(s, byte);
      if (s.needed != 0) return FormEvent.Malformed;
      s.inValue = true;
      return FormEvent.Equals;
    default:
      return decodedStep(s, byte);
  }
}

/** Whether the form may end here. */
export function isFormWhole(s: FormScanner): bool {
  return s.digits == 0 && s.needed == 0;
}

/** First byte in `start..end` that does not stand for itself, or `end`. Call it between characters only. */
export function skipFormPlain(start: usize, end: usize): usize {
  let p = start;
  while (p < end && isPlain(load<u8>(p))) p++;
  return p;
}

function isPlain(byte: u8): bool {
  if (<u32>(byte | 0x20) - 0x61 < 26) return true;
  return (byte >= 0x2c && byte < 0x3b) /* , - . / 0-9 : */ || byte == 0x5f || byte == 0x2a;
}

function hexStep(s: FormScanner, byte: u8): FormEvent {
  const value = <u32>hexValue(byte);
  if (value > 15) return FormEvent.Malformed;
  s.digits--;
  if (s.digits != 0) {
    s.high = <u8>value;
    return FormEvent.More;
  }
  return decodedStep(s, (s.high << 4) | (<u8>value));
}

function decodedStep(s: FormScanner, byte: u8): FormEvent {
  switch (utf8Step(s, byte)) {
    case Utf8Event.Char:
      return FormEvent.Char;
    case Utf8Event.More:
      return FormEvent.More;
    default:
      return FormEvent.Malformed;
  }
}
