/**
 * Masks values that stand beside bodies: headers, cookies, parameters, segments of paths. They are whole when they come, so
 * one state block serves all of them.
 */
import { foldName, stripName } from '../classify/names';
import { MaskHeader, MaskOperator, MaskRule, MaskValue, NameMode, NONE } from '../layout';
import { equalBytes, hexValue } from '../memory/bytes';
import { text } from '../memory/text';
import { enableDetectors } from './body';
import { Escape } from './escape';
import { emitConstant } from './operators/constant';
import { clearOutput, maskedLen, maskedPtr, reserveOutput } from './output';
import { operatorOf, ruleOf, ruleStrength } from './rules';
import { MASKER_BYTES, Masker, clearState, maskerAt } from './state';
import { TextMode, closeText, noteMasked, openText, textChar } from './text';
import { appendInput } from './window';

/** What became of a value. */
export const enum ValueOutcome {
  Same = 0,
  /** its new text is at `valuePtr` */
  Changed = 1,
  /** it goes, with its name */
  Dropped = 2,
}

/** How a value is written. */
export const enum Writing {
  /** the value of a header: bytes that stand for themselves */
  Plain = 0,
  /** with `%XX` */
  Percent = 1,
  /** with `%XX`, and `+` for a blank */
  Form = 2,
}

/** The new text of a value, until the next one. */
export let valuePtr: usize = 0;
export let valueLen: u32 = 0;
/** Labels of what was found since `openValues`, masked or not. */
export let foundLabels: u64 = 0;
/** Values masked since then. */
export let maskedValues: u32 = 0;

const STARS = text('***');
const STAR: u8 = 0x2a;
const NAME_MAX: u32 = 3_072;
const scratch: usize = memory.data(32704, 8);
const folded: usize = memory.data(3072);
const stripped: usize = memory.data(3072);

/** Starts on the values of one message. */
export function openValues(blob: usize, clearance: u64, band: u32): void {
  clearState(scratch);
  const m = maskerAt(scratch);
  m.blob = blob;
  m.clearance = clearance;
  m.band = band;
  enableDetectors(m);
  foundLabels = 0;
  maskedValues = 0;
}

/** The blob that `openValues` was called with. */
export function openedBlob(): usize {
  return maskerAt(scratch).blob;
}

/** Whether values are looked for by what they look like. */
export function hasDetectors(): bool {
  return maskerAt(scratch).detectorStrength != 0;
}

/** Strength of the rules on a value of a ValuePlace with this name, 0 for none; their labels are noted in any case. */
export function strengthOfValue(place: u32, name: usize, nameLen: u32): u32 {
  const m = maskerAt(scratch);
  const blob = m.blob;
  const strings = blob + load<u32>(blob, MaskHeader.stringOff);
  let value = blob + load<u32>(blob, MaskHeader.valueOff);
  let strength: u32 = 0;
  let foldedLen = NONE;
  let strippedLen: u32 = 0;
  for (let left = load<u32>(blob, MaskHeader.valueCount); left > 0; left--) {
    if (load<u32>(value, MaskValue.place) == place) {
      const mode = load<u32>(value, MaskValue.mode);
      if (foldedLen == NONE && mode != NameMode.Exact) {
        foldedLen = foldInto(name, nameLen);
        strippedLen = stripInto(foldedLen);
      }
      const key = strings + load<u32>(value, MaskValue.key);
      const keyLen = load<u32>(value, MaskValue.keyLen);
      const isNamed =
        mode == NameMode.Exact
          ? equalBytes(key, keyLen, name, nameLen)
          : mode == NameMode.AnyCase
            ? equalBytes(key, keyLen, folded, foldedLen)
            : equalBytes(key, keyLen, stripped, strippedLen);
      if (isNamed) strength = max(strength, noteRule(load<u32>(value, MaskValue.rule)));
    }
    value += MaskValue.SIZE;
  }
  return strength;
}

/** Notes the labels of a rule on something that is there; its strength, 0 when it is NONE or not in force. */
export function noteRule(rule: u32): u32 {
  if (rule == NONE) return 0;
  const m = maskerAt(scratch);
  foundLabels |= load<u64>(ruleOf(m.blob, rule + 1), MaskRule.labels);
  return ruleStrength(m.blob, rule, m.clearance, m.band);
}

/** Masks a value under a rule, or with 0 what detectors find in it. */
export function maskValue(ptr: usize, len: u32, strength: u32, writing: Writing): ValueOutcome {
  const m = maskerAt(scratch);
  m.escape = writing == Writing.Plain ? Escape.None : Escape.Form;
  m.found = 0;
  const before = m.count;
  clearOutput(len);
  const operator = strength == 0 ? 0 : operatorOf(m.blob, strength);
  if (operator == MaskOperator.Drop || operator == MaskOperator.Null) {
    noteMasked(m, strength);
    takeCounts(m, before);
    valueLen = 0;
    return operator == MaskOperator.Drop ? ValueOutcome.Dropped : ValueOutcome.Changed;
  }
  const isWhole = write(m, ptr, len, strength, writing);
  takeCounts(m, before);
  if (isWhole && m.count == before) return ValueOutcome.Same;
  if (isWhole) {
    valuePtr = maskedPtr;
    valueLen = <u32>maskedLen;
    if (writing == Writing.Plain) takeControls();
  } else {
    valuePtr = STARS.ptr;
    valueLen = STARS.len;
  }
  return ValueOutcome.Changed;
}

/** False when there is no room for the text. */
function write(m: Masker, ptr: usize, len: u32, strength: u32, writing: Writing): bool {
  const mode = openText(m, strength);
  if (mode == TextMode.Pass) return true;
  if (!reserveOutput(<usize>len + 8_192)) return false;
  if (mode == TextMode.Skip) {
    emitConstant(m, strength);
    return true;
  }
  return feed(m, ptr, len, writing) && closeText(m);
}

function feed(m: Masker, ptr: usize, len: u32, writing: Writing): bool {
  const end = ptr + len;
  for (let at = ptr; at < end;) {
    const next = readCharacter(at, end, writing);
    if (!appendInput(m, at, <u32>(next - at)) || !textChar(m, codePoint, false)) return false;
    at = next;
  }
  return true;
}

let codePoint: u32 = 0;
let byteRead: u32 = 0;

/** Reads a character of UTF-8; what is none is taken byte by byte. The address behind it. */
function readCharacter(at: usize, end: usize, writing: Writing): usize {
  let next = readByte(at, end, writing);
  codePoint = byteRead;
  if (byteRead < 0xc2 || byteRead > 0xf4) return next;
  const count: u32 = byteRead < 0xe0 ? 1 : byteRead < 0xf0 ? 2 : 3;
  let point = byteRead & (0x3f >> count);
  let tail = next;
  for (let i: u32 = 0; i < count; i++) {
    if (tail == end) return next;
    tail = readByte(tail, end, writing);
    if ((byteRead & 0xc0) != 0x80) return next;
    point = (point << 6) | (byteRead & 0x3f);
  }
  codePoint = point;
  return tail;
}

/** Reads one byte, decoded; a broken escape stands for itself (WHATWG URL, section 1.3). */
function readByte(at: usize, end: usize, writing: Writing): usize {
  byteRead = load<u8>(at);
  if (writing == Writing.Plain) return at + 1;
  if (byteRead == 0x2b && writing == Writing.Form) byteRead = 0x20;
  if (byteRead != 0x25 || end - at < 3) return at + 1;
  const decoded = (hexValue(load<u8>(at, 1)) << 4) | hexValue(load<u8>(at, 2));
  if (decoded < 0) return at + 1;
  byteRead = <u32>decoded;
  return at + 3;
}

/** A replacement text may hold what no header may. */
function takeControls(): void {
  for (let i: u32 = 0; i < valueLen; i++) {
    const byte = load<u8>(valuePtr + i);
    if ((byte < 0x20 && byte != 0x09) || byte == 0x7f) store<u8>(valuePtr + i, STAR);
  }
}

function takeCounts(m: Masker, before: u32): void {
  foundLabels |= m.found;
  maskedValues += m.count - before;
}

/** A longer name than any of a policy matches none. */
function foldInto(name: usize, nameLen: u32): u32 {
  if (nameLen > NAME_MAX) return 0;
  memory.copy(folded, name, nameLen);
  return foldName(folded, nameLen);
}

function stripInto(foldedLen: u32): u32 {
  memory.copy(stripped, folded, foldedLen);
  return stripName(stripped, foldedLen);
}

// INVARIANT: the scratch holds a state block.
assert(MASKER_BYTES <= 32_704);
