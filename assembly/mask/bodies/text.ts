/**
 * Masks plain text: the whole body is one value, the document, so that detectors see what goes on over line ends. Names of
 * fields mean nothing here.
 */
import { skipAscii } from '../../charset/ascii';
import { Utf8, Utf8Event, utf8Step } from '../../charset/utf8';
import { Escape } from '../escape';
import { lacksRoom } from '../output';
import { enterDocument } from '../paths';
import { Masker, formatOf } from '../state';
import { FieldMode, closeField, fieldByte, fieldChar, fieldPlain, openField } from './field-value';
import { feedSlices, reserveEnd } from './slices';

/** Puts a state before a text. */
export function openText(m: Masker): bool {
  m.escape = Escape.None;
  m.mode = FieldMode.None;
  return enterDocument(m);
}

/** Takes bytes of the text. False when they are not UTF-8 although something could be found in them. */
export function feedText(m: Masker, src: usize, len: usize): bool {
  return feedSlices(m, src, len, takeSlice);
}

/** Ends the text. */
export function closeText(m: Masker): bool {
  if (!reserveEnd() || changetype<Utf8>(formatOf(m)).needed != 0) return false;
  return closeField(m, 0) && !lacksRoom;
}

function takeSlice(m: Masker, start: usize, end: usize): bool {
  if (m.mode == FieldMode.None && !openField(m, start, false)) return false;
  if (m.mode == FieldMode.Pass) return true;
  const s = changetype<Utf8>(formatOf(m));
  let p = start;
  while (p < end) {
    if (s.needed == 0) {
      const next = skipAscii(p, end);
      if (!fieldPlain(m, p, <u32>(next - p))) return false;
      p = next;
      if (p == end) break;
    }
    if (!takeTextByte(m, s, p)) return false;
    p++;
  }
  return true;
}

/** Takes a byte of UTF-8 of the value that is being read. */
export function takeTextByte(m: Masker, s: Utf8, p: usize): bool {
  const event = utf8Step(s, load<u8>(p));
  if (event == Utf8Event.Malformed || !fieldByte(m, p)) return false;
  return event != Utf8Event.Char || fieldChar(m, s.codePoint, p + 1);
}
