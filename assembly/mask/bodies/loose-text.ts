/**
 * Bytes that may be text: what is UTF-8 is text for detectors, any other byte a character that is part of nothing. For
 * values that go through the text window with their length kept.
 */
import { Utf8, Utf8Event, utf8Step } from '../../charset/utf8';
import { Masker } from '../state';
import { closeText, textChar, textPlain } from '../text';
import { appendInput } from '../window';

/** Stands for a byte that is no text. */
const NO_TEXT: u32 = 0;

/** Takes the bytes `start` to `end`. False when there is no room. */
export function takeLoose(m: Masker, s: Utf8, start: usize, end: usize): bool {
  let p = start;
  while (p < end) {
    if (s.needed == 0) {
      let next = p;
      while (next < end && load<u8>(next) < 0x80) next++;
      if (!textPlain(m, p, <u32>(next - p))) return false;
      p = next;
      if (p == end) break;
    }
    const byte = load<u8>(p);
    // What was no character is one before this byte, which may begin another one.
    if (s.needed != 0 && (byte < s.lowest || byte > s.greatest) && !endPart(m, s)) return false;
    if (!appendInput(m, p, 1) || !takeLooseByte(m, s, byte)) return false;
    p++;
  }
  return true;
}

/** Takes a byte whose bytes were appended. */
export function takeLooseByte(m: Masker, s: Utf8, byte: u8): bool {
  const event = utf8Step(s, byte);
  if (event == Utf8Event.More) return true;
  return textChar(m, event == Utf8Event.Char ? s.codePoint : NO_TEXT, false);
}

/** Ends the text. */
export function closeLoose(m: Masker, s: Utf8): bool {
  return (s.needed == 0 || endPart(m, s)) && closeText(m);
}

function endPart(m: Masker, s: Utf8): bool {
  s.needed = 0;
  return textChar(m, NO_TEXT, false);
}
