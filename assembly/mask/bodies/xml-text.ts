/**
 * Texts of XML elements, sections without markup, comments and instructions.
 *
 * Under a rule the text of an element up to the next tag is one value: section ends and comments in it go, and after the
 * first one of an element only stars are left, so that no value comes out bit by bit. Without a rule detectors look into
 * it, section ends included; text that a comment or an instruction stands in, and a token that an end of a section stands
 * in, are malformed then, because not all that belongs together would be found.
 */
import { isXmlSpace } from '../../xml/characters';
import { released, releasedByte } from '../../xml/scanner';
import { XmlPlace } from '../../xml/state';
import { MaskOperator } from '../../layout';
import { text } from '../../memory/text';
import { Escape } from '../escape';
import { emitConstant } from '../operators/constant';
import { closeSpan, lacksRoom } from '../output';
import { isConstant, operatorOf } from '../rules';
import { Masker } from '../state';
import { noteMasked } from '../text';
import {
  FieldMode,
  closeField,
  fieldByte,
  fieldChar,
  fieldPlain,
  fieldWritten,
  openPlainField,
} from './field-value';
import { XmlState, elementStrength, hadText, noteText, show, showAfter } from './xml-state';

const SECTION_START = text('<![CDATA[');
const SECTION_END = text(']]>');
const COMMENT_START = text('<!--');
const COMMENT_END = text('-->');
const INSTRUCTION_START = text('<?');
const INSTRUCTION_END = text('?>');
const AMPERSAND = text('&amp;');
const LESS = text('&lt;');
const GREATER = text('&gt;');
/** A character that detectors do not see. */
const INVISIBLE: u32 = 0x200b;
const one: usize = memory.data(1);

/** Takes a byte that belongs to a character which is not whole. */
export function takePart(m: Masker, s: XmlState, p: usize): bool {
  if (s.isHidden) return true;
  if (m.mode == FieldMode.None && isText(s) && !beginText(m, s, p)) return false;
  return fieldByte(m, p);
}

/** Takes the last byte of a character, and what was held before it. */
export function takeCharacter(m: Masker, s: XmlState, p: usize): bool {
  if (s.isHidden) return true;
  const count = released;
  const held = releasedByte;
  if (m.mode == FieldMode.None && isText(s)) {
    if (count == 0 && isXmlSpace(load<u8>(p))) return true;
    if (!beginText(m, s, p)) return false;
  }
  if (m.mode == FieldMode.Pass || m.mode == FieldMode.None) return true;
  if (!mayFollow(m, s, count == 0 ? s.codePoint : held)) return false;
  for (let i: u32 = 0; i < count; i++) if (!takeHeld(m, held, p)) return false;
  const isWritten = escapesSection(m, s) ? writeSectionByte(m, p) : fieldByte(m, p);
  return isWritten && fieldChar(m, s.codePoint, p + 1);
}

/** Ends the text before a tag at `p`. */
export function endText(m: Masker, s: XmlState, p: usize): bool {
  s.hasText = false;
  s.isSplit = false;
  s.wasToken = false;
  s.isJoint = false;
  return closeMasked(m, p);
}

/** Begins a section behind its bracket, right before `p`. */
export function beginSection(m: Masker, s: XmlState, p: usize): bool {
  if (m.mode == FieldMode.None && !beginText(m, s, p)) return false;
  s.isJoint = s.wasToken;
  return takeMarker(m, SECTION_START.ptr, SECTION_START.len, p);
}

/** Ends a section; its last byte is right before `p`. */
export function endSection(m: Masker, s: XmlState, p: usize): bool {
  s.isJoint = s.wasToken;
  // While the text stays, the end went out with it.
  return m.mode == FieldMode.Pass || takeMarker(m, SECTION_END.ptr, SECTION_END.len, p);
}

/** Begins a comment, whose text begins at `p`. */
export function beginComment(m: Masker, s: XmlState, p: usize): bool {
  if (!beginAside(m, s, p)) return false;
  if (s.isHidden) return true;
  showAfter(m, COMMENT_START.ptr, COMMENT_START.len, p);
  return openAside(m, p);
}

/** Ends a comment before `p`. */
export function endComment(m: Masker, s: XmlState, p: usize): bool {
  return endAside(m, s, COMMENT_END.ptr, COMMENT_END.len, p);
}

/** Begins an instruction, whose target begins at `p`. */
export function beginInstruction(m: Masker, s: XmlState, p: usize): bool {
  if (!beginAside(m, s, p)) return false;
  if (!s.isHidden) showAfter(m, INSTRUCTION_START.ptr, INSTRUCTION_START.len, p);
  return true;
}

/** Begins the text of an instruction at `p`. */
export function beginInstructionText(m: Masker, s: XmlState, p: usize): bool {
  return s.isHidden || openAside(m, p);
}

/** Ends an instruction before `p`. */
export function endInstruction(m: Masker, s: XmlState, p: usize): bool {
  return endAside(m, s, INSTRUCTION_END.ptr, INSTRUCTION_END.len, p);
}

/** Takes plain bytes of what is being read. */
export function takeRun(m: Masker, s: XmlState, p: usize, end: usize): bool {
  if (s.isHidden) return true;
  if (!mayFollow(m, s, load<u8>(p))) return false;
  s.wasToken = isTokenCharacter(load<u8>(end - 1));
  return fieldPlain(m, p, <u32>(end - p));
}

/** Whether a character does not make a token of what stands around an end of a section. */
function mayFollow(m: Masker, s: XmlState, codePoint: u32): bool {
  const isToken = isTokenCharacter(codePoint);
  const isTorn = isToken && s.isJoint;
  s.isJoint = false;
  s.wasToken = isToken;
  return !isTorn || m.mode != FieldMode.Text || m.escape != Escape.XmlText;
}

/** Letters, digits and what stands between them in tokens and addresses. */
function isTokenCharacter(codePoint: u32): bool {
  if (codePoint >= 0x80 || <u32>(codePoint | 0x20) - 0x61 < 26) return true;
  // + - . / 0-9 = @ _
  if (codePoint == 0x2b || (codePoint >= 0x2d && codePoint < 0x3a)) return true;
  return codePoint == 0x3d || codePoint == 0x40 || codePoint == 0x5f;
}

/** Begins the text of the innermost element, at `p`. */
function beginText(m: Masker, s: XmlState, p: usize): bool {
  const strength = elementStrength(m);
  if (s.isSplit && strength == 0 && !m.isMuted) return false;
  s.hasText = true;
  if (m.isMuted) {
    m.mode = FieldMode.Skip;
    return true;
  }
  m.escape = strength == 0 ? Escape.XmlText : Escape.Xml;
  if (strength == 0 || !hadText(m)) {
    if (strength != 0) noteText(m);
    return openPlainField(m, p, strength);
  }
  closeSpan(p);
  noteMasked(m, strength);
  m.mode = FieldMode.Skip;
  const operator = operatorOf(m.blob, strength);
  if (operator == MaskOperator.Null || operator == MaskOperator.Drop) return true;
  emitConstant(m, isConstant(operator) ? strength : 0);
  return !lacksRoom;
}

/** A comment or an instruction begins before `p`: the text before it ends, unless a rule is on it. */
function beginAside(m: Masker, s: XmlState, p: usize): bool {
  s.isHidden = m.isMuted || (s.depth != 0 && elementStrength(m) != 0);
  if (s.isHidden) return true;
  if (s.hasText && m.detectorStrength != 0) s.isSplit = true;
  return closeMasked(m, p);
}

function openAside(m: Masker, p: usize): bool {
  m.escape = Escape.XmlAside;
  return openPlainField(m, p, 0);
}

function endAside(m: Masker, s: XmlState, end: usize, len: u32, p: usize): bool {
  if (s.isHidden) {
    s.isHidden = false;
    if (m.mode == FieldMode.None) show(m, p);
    return true;
  }
  const stays = m.mode <= FieldMode.Pass;
  if (!closeField(m, p)) return false;
  if (!stays) showAfter(m, end, len, p);
  return true;
}

function closeMasked(m: Masker, p: usize): bool {
  if (m.isMuted) {
    m.mode = FieldMode.None;
    return true;
  }
  if (!closeField(m, p)) return false;
  closeSpan(p);
  return true;
}

/** An end of a section inside a text: it goes under a rule, stays with the text, or is a character for detectors. */
function takeMarker(m: Masker, ptr: usize, len: u32, p: usize): bool {
  if (m.mode == FieldMode.Pass) {
    showAfter(m, ptr, len, p);
    return true;
  }
  if (m.escape != Escape.XmlText || m.mode != FieldMode.Text) return true;
  return fieldWritten(m, ptr, len) && fieldChar(m, INVISIBLE, p);
}

/** What is held of the end of a section, a comment or an instruction, and is a character. */
function takeHeld(m: Masker, byte: u8, p: usize): bool {
  store<u8>(one, byte);
  return fieldWritten(m, one, 1) && fieldChar(m, byte, p);
}

/** In a text under a rule the characters of a section are written as in other text. */
function escapesSection(m: Masker, s: XmlState): bool {
  return s.place == XmlPlace.Section && m.escape == Escape.Xml;
}

function writeSectionByte(m: Masker, p: usize): bool {
  switch (load<u8>(p)) {
    case 0x26:
      return fieldWritten(m, AMPERSAND.ptr, AMPERSAND.len);
    case 0x3c:
      return fieldWritten(m, LESS.ptr, LESS.len);
    case 0x3e:
      return fieldWritten(m, GREATER.ptr, GREATER.len);
    default:
      return fieldByte(m, p);
  }
}

function isText(s: XmlState): bool {
  return s.place == XmlPlace.Content || s.place == XmlPlace.Section;
}
