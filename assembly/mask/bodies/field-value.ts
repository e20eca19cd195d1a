/**
 * A value of a form, a multipart body, an event stream, a table or an XML document: it stays, goes through the text window,
 * or is a JSON document. While it stays the span of the output is open, else closed; behind the value it is open again.
 *
 *   openField(m, p, mayEmbed)
 *   fieldByte(m, p)... fieldChar(m, codePoint)   for each character, or fieldPlain
 *   closeField(m, p)
 */
import { normalUnit } from '../../classify/normal';
import { CheckMode, checkByte, isCheckedWhole } from '../../json/checker';
import { SCANNER_BYTES } from '../../json/scanner';
import { MaskHeader, MaskOperator } from '../../layout';
import { appendUtf8, readUtf8, readUtf8Len } from '../../memory/utf8';
import {
  closeEmbedded,
  embeddedChar,
  embeddedWritten,
  flushEmbedded,
  openEmbedded,
  takeInner,
} from '../embedded';
import { emitConstant } from '../operators/constant';
import { closeSpan, lacksRoom, openSpan } from '../output';
import { operatorOf } from '../rules';
import { KEY_MAX, Masker, keyOf, maskerAt, rawOf, scannerOf } from '../state';
import { TextMode, closeText, openText, settleText, textChar, textPlain } from '../text';
import {
  appendInput,
  appendWritten,
  clearWindow,
  emitWindow,
  isFull,
  pushUnit,
  rawStartOf,
} from '../window';

/** What happens to the value that is being read; in `mode` of the Masker. */
export const enum FieldMode {
  /** there is none */
  None = 0,
  /** it stays: the span is open */
  Pass = 1,
  /** it goes through the text window */
  Text = 2,
  /** it goes: what stands for it is written */
  Skip = 3,
  /** it is not known yet whether it is a document */
  Probe = 4,
  Document = 5,
}

const UTF8_MAX: u32 = 4;
const character: usize = memory.data(8);

/**
 * Starts the next value of the paths at `p`. `mayEmbed`: it is a JSON document when it begins with a bracket and is one.
 * False when there is no room, as for all below.
 */
export function openField(m: Masker, p: usize, mayEmbed: bool): bool {
  if (m.nextStrength != 0 || !mayEmbed || !mayHoldDocument(m)) {
    return openPlainField(m, p, m.nextStrength);
  }
  const inner = takeInner(m);
  if (inner == 0) return false;
  memory.fill(inner, 0, SCANNER_BYTES);
  maskerAt(inner).mode = CheckMode.Structure;
  closeSpan(p);
  clearWindow(m);
  m.decodedLen = 0;
  m.mode = FieldMode.Probe;
  return true;
}

/** Starts a value that is text, under the rule of `strength`. */
export function openPlainField(m: Masker, p: usize, strength: u32): bool {
  const mode = openText(m, strength);
  if (mode == TextMode.Pass) {
    m.mode = FieldMode.Pass;
    return true;
  }
  closeSpan(p);
  m.mode = mode == TextMode.Skip ? FieldMode.Skip : FieldMode.Text;
  return mode != TextMode.Skip || emitStandIn(m, strength);
}

/** Starts a value that is a JSON document, wherever its rules say that it is masked. */
export function openDocumentField(m: Masker, p: usize): bool {
  closeSpan(p);
  clearWindow(m);
  m.mode = FieldMode.Document;
  return openEmbedded(m);
}

/** Takes an input byte of a character. False when the character is written in too many bytes, too. */
// @ts-ignore: decorator
@inline
export function fieldByte(m: Masker, p: usize): bool {
  return m.mode <= FieldMode.Pass || m.mode == FieldMode.Skip || appendInput(m, p, 1);
}

/** As `fieldByte`, for bytes that were held back. A value that stays writes them by itself. */
export function fieldWritten(m: Masker, from: usize, len: u32): bool {
  return m.mode <= FieldMode.Pass || m.mode == FieldMode.Skip || appendWritten(m, from, len);
}

/** Takes a character whose bytes were given; the input goes on at `p`. False when a document is malformed, too. */
export function fieldChar(m: Masker, codePoint: u32, p: usize): bool {
  switch (m.mode) {
    case FieldMode.Text:
      return textChar(m, codePoint, false);
    case FieldMode.Document:
      return embeddedChar(m, codePoint);
    case FieldMode.Probe:
      return probeChar(m, codePoint, p);
    default:
      return true;
  }
}

/** Takes `len` input bytes that are ASCII and stand for themselves. INVARIANT: no character is half read. */
export function fieldPlain(m: Masker, p: usize, len: u32): bool {
  let at: u32 = 0;
  while (at < len && m.mode >= FieldMode.Probe) {
    const here = p + at;
    if (!appendInput(m, here, 1) || !fieldChar(m, load<u8>(here), here + 1)) return false;
    at++;
  }
  return at == len || m.mode != FieldMode.Text || textPlain(m, p + at, len - at);
}

/** Ends the value; the input goes on at `p`. */
export function closeField(m: Masker, p: usize): bool {
  const mode = m.mode;
  m.mode = FieldMode.None;
  switch (mode) {
    case FieldMode.None:
    case FieldMode.Pass:
      return true;
    case FieldMode.Text:
      if (!closeText(m)) return false;
      break;
    case FieldMode.Document:
      if (!closeEmbedded(m)) return false;
      break;
    case FieldMode.Probe:
      if (!closeProbe(m)) return false;
      break;
  }
  clearWindow(m);
  openSpan(p);
  return true;
}

/** Lets go what is decided at the end of a chunk. */
export function settleField(m: Masker): bool {
  if (m.mode == FieldMode.Text) return settleText(m);
  return m.mode != FieldMode.Document || flushEmbedded(m);
}

/** Emits what the window holds as text that only detectors look into, and empties it. */
export function emitHeldText(m: Masker): bool {
  return adoptWindow(m) == TextMode.Pass || closeText(m);
}

/** Whether the rule of a strength takes the value with its name. */
export function isDrop(m: Masker, strength: u32): bool {
  return strength != 0 && operatorOf(m.blob, strength) == MaskOperator.Drop;
}

/** Whether a document in the value could have something to mask. */
function mayHoldDocument(m: Masker): bool {
  return (
    m.nextCount != 0 || m.detectorStrength != 0 || load<u32>(m.blob, MaskHeader.nameCount) != 0
  );
}

/** Null and Drop leave nothing where a format has no null. */
function emitStandIn(m: Masker, strength: u32): bool {
  const operator = operatorOf(m.blob, strength);
  if (operator == MaskOperator.Null || operator == MaskOperator.Drop) return true;
  emitConstant(m, strength);
  return !lacksRoom;
}

function probeChar(m: Masker, codePoint: u32, p: usize): bool {
  const n = maskerAt(m.inner);
  const isRoom = !isFull(m) && m.decodedLen + UTF8_MAX <= KEY_MAX;
  if (!isRoom) return readAsDocument(m) && embeddedLast(m, codePoint);
  m.decodedLen += appendUtf8(keyOf(m) + m.decodedLen, codePoint);
  pushUnit(m, normalUnit(codePoint));
  n.mode = checkCharacter(m, codePoint);
  const isScalar = scannerOf(n).depth == 0 && n.mode != CheckMode.Structure;
  if (n.mode == CheckMode.Malformed || isScalar) return readAsText(m, p);
  return true;
}

function checkCharacter(m: Masker, codePoint: u32): CheckMode {
  const n = maskerAt(m.inner);
  const len = appendUtf8(character, codePoint);
  let mode = n.mode;
  for (let i: u32 = 0; i < len; i++) mode = checkByte(scannerOf(n), mode, load<u8>(character + i));
  return <CheckMode>mode;
}

function readAsText(m: Masker, p: usize): bool {
  if (adoptWindow(m) == TextMode.Pass) {
    m.mode = FieldMode.Pass;
    openSpan(p);
  } else m.mode = FieldMode.Text;
  return true;
}

/** What the window holds are the first characters of a text under no rule. */
function adoptWindow(m: Masker): TextMode {
  const units = m.unitCount;
  const raw = m.rawLen;
  const mode = openText(m, 0);
  m.unitCount = units;
  m.rawLen = raw;
  if (mode != TextMode.Pass) return mode;
  emitWindow(m);
  clearWindow(m);
  return mode;
}

function readAsDocument(m: Masker): bool {
  // The bytes of the character that found no room lie behind the last unit: they stay.
  m.mode = FieldMode.Document;
  if (!openEmbedded(m)) return false;
  let at: u32 = 0;
  for (let i: u32 = 0; i < m.unitCount; i++) {
    const from = rawStartOf(m, i);
    const len = rawStartOf(m, i + 1) - from;
    if (!embeddedWritten(m, readUtf8(keyOf(m) + at), rawOf(m) + from, len)) return false;
    at += readUtf8Len(keyOf(m) + at);
  }
  return true;
}

function embeddedLast(m: Masker, codePoint: u32): bool {
  const from = rawStartOf(m, m.unitCount);
  const len = m.rawLen - from;
  clearWindow(m);
  return embeddedWritten(m, codePoint, rawOf(m) + from, len);
}

function closeProbe(m: Masker): bool {
  const n = maskerAt(m.inner);
  if (!isCheckedWhole(scannerOf(n), n.mode)) return emitHeldText(m);
  return readAsDocument(m) && closeProbed(m);
}

function closeProbed(m: Masker): bool {
  m.mode = FieldMode.None;
  return closeEmbedded(m);
}
