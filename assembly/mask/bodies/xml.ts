/**
 * Masks XML documents. An element is the member of its local name of the one around it, the root of the document;
 * `$.root.child.@attribute` is an attribute, and names count by themselves for both. Under a rule on an element all texts
 * and attributes in it are masked, tags stay; an element that is dropped goes with its tags, an attribute leaves no value.
 */
import { isDeclaration } from '../../xml/declaration';
import { isXmlWhole, leaveElement, plainTaken, takesPlain, xmlStep } from '../../xml/scanner';
import { XmlEvent, XmlPlace } from '../../xml/state';
import { skipXmlPlain } from '../../xml/characters';
import { DEPTH_MAX } from '../../json/scanner';
import { text } from '../../memory/text';
import { Escape } from '../escape';
import { closeSpan, emitRaw, emitRawByte, lacksRoom } from '../output';
import { enterDocument, enterMember, enterName, openLevel } from '../paths';
import { KEY_MAX, Masker, elementsAt, keyOf, rawOf, scannerOf } from '../state';
import { noteMasked } from '../text';
import { appendInput, clearWindow } from '../window';
import { FieldMode, closeField, isDrop, openPlainField } from './field-value';
import { clearName } from './names';
import { feedSlices, reserveEnd } from './slices';
import { XmlState, show, xmlStateOf } from './xml-state';
import {
  beginComment,
  beginInstruction,
  beginInstructionText,
  beginSection,
  endComment,
  endInstruction,
  endSection,
  endText,
  takeCharacter,
  takePart,
  takeRun,
} from './xml-text';

const LESS: u8 = 0x3c;
const COLON: u8 = 0x3a;
const AT: u8 = 0x40;
const XMLNS = text('xmlns');
const DECLARATION_MAX: u32 = 256;
const UTF8 = text('utf-8');
const UTF16 = text('utf-16');
const UTF32 = text('utf-32');
/** Charset.Utf16 and Charset.Utf32, the first of theirs. */
const FIRST_UTF16: u32 = 1;
const FIRST_UTF32: u32 = 4;

const name: usize = memory.data(3328, 8);

/** Puts a state before a document. */
export function openXml(m: Masker): bool {
  m.mode = FieldMode.None;
  if (!enterDocument(m)) return false;
  scannerOf(m).depth = 1;
  openLevel(m);
  return true;
}

/** Takes bytes of the document. False when it is malformed or there is no room. */
export function feedXml(m: Masker, src: usize, len: usize): bool {
  return feedSlices(m, src, len, takeSlice);
}

/** Ends the document. False when it is not whole. */
export function closeXml(m: Masker): bool {
  return reserveEnd() && isXmlWhole(xmlStateOf(m)) && !lacksRoom;
}

function takeSlice(m: Masker, start: usize, end: usize): bool {
  const s = xmlStateOf(m);
  let p = start;
  while (p < end) {
    if ((m.mode != FieldMode.None || s.isHidden) && takesPlain(s)) {
      const next = skipXmlPlain(p, end);
      if (next != p) {
        plainTaken(s);
        if (!takeRun(m, s, p, next)) return false;
      }
      p = next;
      if (p == end) break;
    }
    const event = xmlStep(s, load<u8>(p));
    if (!act(m, s, event, p)) return false;
    if (event != XmlEvent.ElementNamed && event != XmlEvent.AttributeNamed) p++;
  }
  return true;
}

function act(m: Masker, s: XmlState, event: XmlEvent, p: usize): bool {
  switch (event) {
    case XmlEvent.More:
      return true;
    case XmlEvent.Char:
      return takeCharacter(m, s, p);
    case XmlEvent.Part:
      return takePart(m, s, p);
    case XmlEvent.Held:
      // In a comment, a section or an instruction what is held stays with the text.
      if (s.place == XmlPlace.Open) closeSpan(p);
      return true;
    case XmlEvent.ElementStart:
      if (!endText(m, s, p)) return false;
      clearName(m);
      return addName(m, p);
    case XmlEvent.AttributeStart:
      clearName(m);
      return addName(m, p);
    case XmlEvent.NameByte:
      return addName(m, p);
    case XmlEvent.ElementNamed:
      return beginElement(m, s, p);
    case XmlEvent.AttributeNamed:
      return beginAttribute(m, s);
    case XmlEvent.ValueStart:
      return beginValue(m, s, p + 1);
    case XmlEvent.ValueEnd:
      return endValue(m, p);
    default:
      return actOnMarkup(m, s, event, p);
  }
}

function actOnMarkup(m: Masker, s: XmlState, event: XmlEvent, p: usize): bool {
  switch (event) {
    case XmlEvent.TagEnd:
      return true;
    case XmlEvent.EmptyTagEnd:
      return endElement(m, s, p + 1);
    case XmlEvent.EndTagStart:
      return beginEndTag(m, s, p);
    case XmlEvent.EndTagEnd:
      if (s.hash != load<u32>(elementsAt(m, scannerOf(m).depth))) return false;
      return endElement(m, s, p + 1);
    case XmlEvent.CommentStart:
      return beginComment(m, s, p + 1);
    case XmlEvent.CommentEnd:
      return endComment(m, s, p + 1);
    case XmlEvent.SectionStart:
      return beginSection(m, s, p + 1);
    case XmlEvent.SectionEnd:
      return endSection(m, s, p + 1);
    case XmlEvent.InstructionStart:
      return beginInstruction(m, s, p);
    case XmlEvent.InstructionText:
      return beginInstructionText(m, s, p + 1);
    case XmlEvent.InstructionEnd:
      return endInstruction(m, s, p + 1);
    case XmlEvent.Declaration:
      return m.rawLen < DECLARATION_MAX && appendInput(m, p, 1);
    case XmlEvent.DeclarationEnd:
      return endDeclaration(m);
    default:
      return false;
  }
}

/** The names of elements are held as they are; longer ones than any that is compared are malformed. */
function addName(m: Masker, p: usize): bool {
  if (m.keyLen == KEY_MAX) return false;
  store<u8>(keyOf(m) + m.keyLen++, load<u8>(p));
  return true;
}

/** The name of an element is whole; its tag goes on at `p`. */
function beginElement(m: Masker, s: XmlState, p: usize): bool {
  const paths = scannerOf(m);
  const len = m.keyLen;
  memory.copy(name, keyOf(m), len);
  keepLocal(m);
  if (paths.depth == DEPTH_MAX || !enterMember(m)) return false;
  const isDropped = !m.isMuted && isDrop(m, m.nextStrength);
  if (!m.isMuted && !isDropped) {
    emitRawByte(LESS);
    emitRaw(name, len);
    show(m, p);
  }
  paths.depth++;
  openLevel(m);
  store<u32>(elementsAt(m, paths.depth), s.hash);
  if (!isDropped) return true;
  noteMasked(m, m.nextStrength);
  m.isMuted = true;
  m.dropDepth = paths.depth;
  return true;
}

/** An element ended before `p`. */
function endElement(m: Masker, s: XmlState, p: usize): bool {
  const paths = scannerOf(m);
  if (m.isMuted && m.dropDepth == paths.depth) {
    m.isMuted = false;
    show(m, p);
  }
  paths.depth--;
  leaveElement(s);
  return true;
}

function beginEndTag(m: Masker, s: XmlState, p: usize): bool {
  if (!endText(m, s, p)) return false;
  if (m.isMuted) return true;
  emitRawByte(LESS);
  show(m, p);
  return true;
}

/** The name of an attribute is whole. By path it has an `@`, by name it has none. */
function beginAttribute(m: Masker, s: XmlState): bool {
  s.isNamespace = isNamespace(m);
  keepLocal(m);
  const key = keyOf(m);
  const len = m.keyLen;
  memory.copy(name, key, len);
  if (len == KEY_MAX) return false;
  store<u8>(key, AT);
  memory.copy(key + 1, name, len);
  m.keyLen = len + 1;
  if (!enterMember(m)) return false;
  memory.copy(key, name, len);
  m.keyLen = len;
  enterName(m);
  return true;
}

function beginValue(m: Masker, s: XmlState, p: usize): bool {
  if (m.isMuted) {
    m.mode = FieldMode.Skip;
    return true;
  }
  m.escape = Escape.Xml;
  // What declares a namespace is part of the names.
  return openPlainField(m, p, s.isNamespace ? 0 : m.nextStrength);
}

function endValue(m: Masker, p: usize): bool {
  if (!m.isMuted) return closeField(m, p);
  m.mode = FieldMode.None;
  return true;
}

/** Leaves what stands behind the last colon of the name. */
function keepLocal(m: Masker): void {
  const key = keyOf(m);
  let from = m.keyLen;
  while (from != 0 && load<u8>(key + from - 1) != COLON) from--;
  m.keyLen -= from;
  memory.copy(key, key + from, m.keyLen);
}

function isNamespace(m: Masker): bool {
  const key = keyOf(m);
  if (m.keyLen < XMLNS.len || !XMLNS.equals(key, XMLNS.len)) return false;
  return m.keyLen == XMLNS.len || load<u8>(key + XMLNS.len) == COLON;
}

/** The declaration went out; it was held, too, from behind `<?xml` to its question mark. */
function endDeclaration(m: Masker): bool {
  const len = m.rawLen - 1;
  const charset = m.charset;
  const encoding = charset < FIRST_UTF16 ? UTF8 : charset < FIRST_UTF32 ? UTF16 : UTF32;
  if (!isDeclaration(rawOf(m), len, encoding)) return false;
  clearWindow(m);
  return true;
}
