/**
 * Masks forms (application/x-www-form-urlencoded). A field is the member of that name of the document; each of several with
 * one name is masked. What has no `=` is text. A name is held until its `=`, because a pair that is dropped takes it along.
 */
import { normalUnit } from '../../classify/normal';
import { FormEvent, FormScanner, formStep, isFormWhole, skipFormPlain } from '../../form/scanner';
import { Escape } from '../escape';
import { closeSpan, emitByte, lacksRoom, openSpan } from '../output';
import { enterDocument, openLevel } from '../paths';
import { Masker, formatOf, scannerOf } from '../state';
import { noteMasked } from '../text';
import { appendInput, clearWindow, emitWindow, isFull, pushUnit } from '../window';
import {
  FieldMode,
  closeField,
  emitHeldText,
  fieldByte,
  fieldChar,
  fieldPlain,
  isDrop,
  openField,
} from './field-value';
import { appendName, clearName, enterField } from './names';
import { feedSlices, reserveEnd } from './slices';

const AMPERSAND: u8 = 0x26;
const EQUALS: u8 = 0x3d;
const MARK: u32 = 0xfeff;

// @ts-ignore: decorator
@unmanaged
class FormState extends FormScanner {
  /** a pair went out */
  hasPair: bool;
  /** the pair goes */
  isDropped: bool;
}

// @ts-ignore: decorator
@inline
function stateOf(m: Masker): FormState {
  return changetype<FormState>(formatOf(m));
}

/** Puts a state before a form. False when its paths are too tangled to be followed. */
export function openForm(m: Masker): bool {
  m.escape = Escape.Form;
  // A name is held.
  m.passing = false;
  clearWindow(m);
  clearName(m);
  if (!enterDocument(m)) return false;
  scannerOf(m).depth = 1;
  openLevel(m);
  return true;
}

/** Takes bytes of the form. False when it is malformed or there is no room. */
export function feedForm(m: Masker, src: usize, len: usize): bool {
  return feedSlices(m, src, len, takeSlice);
}

/** Ends the form. */
export function closeForm(m: Masker): bool {
  if (!reserveEnd() || !isFormWhole(stateOf(m))) return false;
  return endPair(m, stateOf(m), 0) && !lacksRoom;
}

function takeSlice(m: Masker, start: usize, end: usize): bool {
  const s = stateOf(m);
  let p = start;
  while (p < end) {
    if (m.mode != FieldMode.None && isFormWhole(s)) {
      const next = skipFormPlain(p, end);
      if (!fieldPlain(m, p, <u32>(next - p))) return false;
      p = next;
      if (p == end) break;
    }
    if (!takeByte(m, s, p)) return false;
    p++;
  }
  return true;
}

function takeByte(m: Masker, s: FormState, p: usize): bool {
  const wasInValue = s.inValue;
  const event = formStep(s, load<u8>(p));
  switch (event) {
    case FormEvent.Malformed:
      return false;
    case FormEvent.Equals:
      return beginValue(m, s, p);
    case FormEvent.Ampersand:
      return endPair(m, s, p);
  }
  if (!wasInValue) return takeNameByte(m, s, p, event == FormEvent.Char);
  if (!fieldByte(m, p)) return false;
  return event != FormEvent.Char || fieldChar(m, s.codePoint, p + 1);
}

/** A name that finds no room in the window or the name region is no field of anybody. */
function takeNameByte(m: Masker, s: FormState, p: usize, isChar: bool): bool {
  if (!appendInput(m, p, 1)) return false;
  if (!isChar) return true;
  // Some receivers take a byte order mark for none.
  if (s.codePoint == MARK) return false;
  if (isFull(m) || !appendName(m, s.codePoint)) return false;
  pushUnit(m, normalUnit(s.codePoint));
  return true;
}

function beginValue(m: Masker, s: FormState, p: usize): bool {
  if (!enterField(m)) return false;
  s.isDropped = isDrop(m, m.nextStrength);
  if (s.isDropped) {
    noteMasked(m, m.nextStrength);
    m.mode = FieldMode.Skip;
    return true;
  }
  separate(s);
  emitWindow(m);
  emitByte(EQUALS);
  openSpan(p + 1);
  return openField(m, p + 1, true);
}

/** The pair ends before `p`, 0 at the end of the form. */
function endPair(m: Masker, s: FormState, p: usize): bool {
  if (m.mode == FieldMode.None) {
    if (!endBareName(m, s)) return false;
  } else if (!closeField(m, p)) return false;
  closeSpan(p);
  clearWindow(m);
  clearName(m);
  return true;
}

function endBareName(m: Masker, s: FormState): bool {
  if (m.keyLen != 0) {
    if (!enterField(m)) return false;
    if (isDrop(m, m.nextStrength)) {
      noteMasked(m, m.nextStrength);
      return true;
    }
  }
  separate(s);
  return emitHeldText(m);
}

/** The `&` before a pair goes out with it, unless no pair did before. */
function separate(s: FormState): void {
  if (s.hasPair) emitByte(AMPERSAND);
  s.hasPair = true;
}
