/**
 * The grammar of XML 1.0 documents without a document type, one byte at a time. Tags are matched by the caller, by the hash
 * of their names.
 */
import { Utf8Event, utf8Step } from '../charset/utf8';
import {
  REFERENCE_MALFORMED,
  REFERENCE_MORE,
  Reference,
  isNameByte,
  isNameStart,
  isXmlChar,
  isXmlSpace,
  referenceStep,
} from './characters';
import { XmlEvent, XmlPlace, XmlScanner } from './state';

const LESS: u8 = 0x3c;
const GREATER: u8 = 0x3e;
const AMPERSAND: u8 = 0x26;
const SLASH: u8 = 0x2f;
const BANG: u8 = 0x21;
const QUESTION: u8 = 0x3f;
const HYPHEN: u8 = 0x2d;
const OPENING: u8 = 0x5b;
const CLOSING: u8 = 0x5d;
const EQUALS: u8 = 0x3d;
/** CDATA[ behind the bracket */
const SECTION = memory.data<u8>([0x43, 0x44, 0x41, 0x54, 0x41, 0x5b]);
const SECTION_LEN: u8 = 6;
const XML_TARGET: u32 = 0x786d6c;
const LOWER_CASE: u32 = 0x202020;
const HASH_START: u32 = 0x811c9dc5;
const HASH_FACTOR: u32 = 0x01000193;

/** How many held characters the last Char is behind, each `releasedByte`. */
export let released: u32 = 0;
export let releasedByte: u8 = 0;

/** Takes one byte. */
export function xmlStep(s: XmlScanner, byte: u8): XmlEvent {
  released = 0;
  switch (s.place) {
    case XmlPlace.Content:
      return contentStep(s, byte);
    case XmlPlace.Open:
      return openStep(s, byte);
    case XmlPlace.ElementName:
    case XmlPlace.AttributeName:
    case XmlPlace.EndName:
    case XmlPlace.EndNameStart:
      return nameStep(s, byte);
    case XmlPlace.Tag:
    case XmlPlace.TagSpace:
      return tagStep(s, byte);
    case XmlPlace.AttributeEquals:
      if (byte == EQUALS) s.place = XmlPlace.AttributeQuote;
      else if (!isXmlSpace(byte)) return XmlEvent.Malformed;
      return XmlEvent.More;
    case XmlPlace.AttributeQuote:
      if (isXmlSpace(byte)) return XmlEvent.More;
      if (byte != 0x22 && byte != 0x27) return XmlEvent.Malformed;
      s.quote = byte;
      s.place = XmlPlace.Value;
      return XmlEvent.ValueStart;
    case XmlPlace.Value:
      return valueStep(s, byte);
    case XmlPlace.TagSlash:
      if (byte != GREATER) return XmlEvent.Malformed;
      s.place = XmlPlace.Content;
      return XmlEvent.EmptyTagEnd;
    case XmlPlace.EndSpace:
      if (isXmlSpace(byte)) return XmlEvent.More;
      return byte == GREATER ? endTag(s) : XmlEvent.Malformed;
    case XmlPlace.Bang:
      return bangStep(s, byte);
    case XmlPlace.Comment:
    case XmlPlace.CommentEnd:
      return commentStep(s, byte);
    case XmlPlace.Section:
      return sectionStep(s, byte);
    case XmlPlace.Target:
      return targetStep(s, byte);
    case XmlPlace.InstructionEnd:
      s.place = XmlPlace.Content;
      return byte == GREATER ? XmlEvent.InstructionEnd : XmlEvent.Malformed;
    default:
      return instructionStep(s, byte);
  }
}

/** Whether the document may end here. */
export function isXmlWhole(s: XmlScanner): bool {
  return s.place == XmlPlace.Content && s.depth == 0 && s.hasRoot && s.needed == 0;
}

/** Tells the scanner that the element whose tag has just ended has no content, or that its end tag was read. */
export function leaveElement(s: XmlScanner): void {
  s.depth--;
}

/** Whether plain bytes may be taken as characters without a look at them. */
export function takesPlain(s: XmlScanner): bool {
  if (s.needed != 0 || s.inReference) return false;
  const isText = s.place == XmlPlace.Content && s.depth != 0;
  if (isText || s.place == XmlPlace.Value) return true;
  const isHeld = s.run != 0;
  return (
    !isHeld &&
    (s.place == XmlPlace.Comment || s.place == XmlPlace.Section || s.place == XmlPlace.Instruction)
  );
}

/** Tells the scanner that plain bytes were taken. */
export function plainTaken(s: XmlScanner): void {
  s.run = 0;
}

function contentStep(s: XmlScanner, byte: u8): XmlEvent {
  const isFirst = !s.isStarted;
  s.isStarted = true;
  if (s.inReference) return continueReference(s, byte);
  if (byte == LESS && s.needed == 0) {
    s.place = XmlPlace.Open;
    s.isFirst = isFirst;
    s.run = 0;
    return XmlEvent.Held;
  }
  if (s.depth == 0) return isXmlSpace(byte) ? XmlEvent.More : XmlEvent.Malformed;
  if (byte == CLOSING) {
    if (s.run < 2) s.run++;
  } else {
    if (byte == GREATER && s.run == 2) return XmlEvent.Malformed;
    s.run = 0;
  }
  return textStep(s, byte);
}

function valueStep(s: XmlScanner, byte: u8): XmlEvent {
  if (s.inReference) return continueReference(s, byte);
  if (s.needed == 0) {
    if (byte == LESS) return XmlEvent.Malformed;
    if (byte == s.quote) {
      s.place = XmlPlace.Tag;
      return XmlEvent.ValueEnd;
    }
  }
  return textStep(s, byte);
}

/** A byte of a text in which references stand for characters. */
function textStep(s: XmlScanner, byte: u8): XmlEvent {
  if (byte != AMPERSAND || s.needed != 0) return characterStep(s, byte);
  s.inReference = true;
  s.refValue = 0;
  s.refLen = 0;
  s.refBase = 0;
  s.refDigit = false;
  return XmlEvent.Part;
}

function continueReference(s: XmlScanner, byte: u8): XmlEvent {
  const reference = changetype<Reference>(changetype<usize>(s) + offsetof<XmlScanner>('refValue'));
  const codePoint = referenceStep(reference, byte);
  if (codePoint == REFERENCE_MALFORMED) return XmlEvent.Malformed;
  if (codePoint == REFERENCE_MORE) return XmlEvent.Part;
  s.inReference = false;
  s.codePoint = codePoint;
  return XmlEvent.Char;
}

function characterStep(s: XmlScanner, byte: u8): XmlEvent {
  const event = utf8Step(s, byte);
  if (event == Utf8Event.More) return XmlEvent.Part;
  return event == Utf8Event.Char && isXmlChar(s.codePoint) ? XmlEvent.Char : XmlEvent.Malformed;
}

function openStep(s: XmlScanner, byte: u8): XmlEvent {
  switch (byte) {
    case SLASH:
      if (s.depth == 0) return XmlEvent.Malformed;
      s.place = XmlPlace.EndNameStart;
      s.hash = HASH_START;
      return XmlEvent.EndTagStart;
    case BANG:
      s.place = XmlPlace.Bang;
      s.matched = 0;
      return XmlEvent.Held;
    case QUESTION:
      s.place = XmlPlace.Target;
      s.matched = 0;
      s.target = 0;
      return XmlEvent.Held;
  }
  if (!isNameStart(byte) || (s.depth == 0 && s.hasRoot)) return XmlEvent.Malformed;
  s.hasRoot = true;
  s.depth++;
  s.place = XmlPlace.ElementName;
  s.hash = HASH_START;
  return addNameByte(s, byte) ? XmlEvent.ElementStart : XmlEvent.Malformed;
}

function nameStep(s: XmlScanner, byte: u8): XmlEvent {
  const isIn = s.place == XmlPlace.EndNameStart ? isNameStart(byte) : isNameByte(byte);
  if (isIn) {
    if (s.place == XmlPlace.EndNameStart) s.place = XmlPlace.EndName;
    if (!addNameByte(s, byte)) return XmlEvent.Malformed;
    return s.place == XmlPlace.EndName ? XmlEvent.More : XmlEvent.NameByte;
  }
  if (s.needed != 0) return XmlEvent.Malformed;
  switch (s.place) {
    case XmlPlace.ElementName:
      s.place = XmlPlace.Tag;
      return XmlEvent.ElementNamed;
    case XmlPlace.AttributeName:
      s.place = XmlPlace.AttributeEquals;
      return XmlEvent.AttributeNamed;
    case XmlPlace.EndName:
      if (byte == GREATER) return endTag(s);
      s.place = XmlPlace.EndSpace;
      return isXmlSpace(byte) ? XmlEvent.More : XmlEvent.Malformed;
    default:
      return XmlEvent.Malformed;
  }
}

/** FNV-1a. */
function addNameByte(s: XmlScanner, byte: u8): bool {
  s.hash = (s.hash ^ (<u32>byte)) * HASH_FACTOR;
  return utf8Step(s, byte) != Utf8Event.Malformed;
}

function endTag(s: XmlScanner): XmlEvent {
  s.place = XmlPlace.Content;
  return XmlEvent.EndTagEnd;
}

/** Between the parts of a start tag; an attribute needs white space before it. */
function tagStep(s: XmlScanner, byte: u8): XmlEvent {
  if (isXmlSpace(byte)) {
    s.place = XmlPlace.TagSpace;
    return XmlEvent.More;
  }
  if (byte == GREATER) {
    s.place = XmlPlace.Content;
    return XmlEvent.TagEnd;
  }
  if (byte == SLASH) {
    s.place = XmlPlace.TagSlash;
    return XmlEvent.More;
  }
  if (s.place != XmlPlace.TagSpace || !isNameStart(byte)) return XmlEvent.Malformed;
  s.place = XmlPlace.AttributeName;
  // The hash is that of the element: the end of the tag may still ask for it.
  return utf8Step(s, byte) != Utf8Event.Malformed ? XmlEvent.AttributeStart : XmlEvent.Malformed;
}

/** Behind `<!`. */
function bangStep(s: XmlScanner, byte: u8): XmlEvent {
  if (s.matched == 0) {
    if (byte != HYPHEN && (byte != OPENING || s.depth == 0)) return XmlEvent.Malformed;
    s.matched = byte == HYPHEN ? SECTION_LEN + 1 : 1;
    return XmlEvent.Held;
  }
  s.run = 0;
  if (s.matched > SECTION_LEN) {
    s.place = XmlPlace.Comment;
    return byte == HYPHEN ? XmlEvent.CommentStart : XmlEvent.Malformed;
  }
  if (byte != load<u8>(SECTION + s.matched - 1)) return XmlEvent.Malformed;
  if (s.matched++ < SECTION_LEN) return XmlEvent.Held;
  s.place = XmlPlace.Section;
  return XmlEvent.SectionStart;
}

/** Two hyphens end a comment, and nothing else may stand behind them. */
function commentStep(s: XmlScanner, byte: u8): XmlEvent {
  if (s.place == XmlPlace.CommentEnd) {
    s.place = XmlPlace.Content;
    s.run = 0;
    return byte == GREATER ? XmlEvent.CommentEnd : XmlEvent.Malformed;
  }
  if (byte == HYPHEN && s.needed == 0) {
    if (s.run != 0) s.place = XmlPlace.CommentEnd;
    s.run = 1;
    return XmlEvent.Held;
  }
  return releaseRun(s, byte, HYPHEN);
}

function sectionStep(s: XmlScanner, byte: u8): XmlEvent {
  if (byte == GREATER && s.run == 2) {
    s.place = XmlPlace.Content;
    s.run = 0;
    return XmlEvent.SectionEnd;
  }
  if (byte != CLOSING || s.needed != 0) return releaseRun(s, byte, CLOSING);
  if (s.run < 2) {
    s.run++;
    return XmlEvent.Held;
  }
  // The first of three is a character, the other two are held.
  s.codePoint = CLOSING;
  return XmlEvent.Char;
}

/** What was held are characters, and so is `byte`. A held byte is ASCII: no character is half read. */
function releaseRun(s: XmlScanner, byte: u8, held: u8): XmlEvent {
  released = s.run;
  releasedByte = held;
  s.run = 0;
  return characterStep(s, byte);
}

function targetStep(s: XmlScanner, byte: u8): XmlEvent {
  const isIn = s.matched == 0 ? isNameStart(byte) : isNameByte(byte);
  if (isIn) {
    if (s.matched < 4) s.matched++;
    s.target = s.matched < 4 ? (s.target << 8) | (<u32>byte) : 0;
    if (utf8Step(s, byte) == Utf8Event.Malformed) return XmlEvent.Malformed;
    return s.matched == 1 ? XmlEvent.InstructionStart : XmlEvent.More;
  }
  if (s.matched == 0 || s.needed != 0) return XmlEvent.Malformed;
  s.run = 0;
  s.place = XmlPlace.Instruction;
  if (s.matched == 3 && (s.target | LOWER_CASE) == XML_TARGET) {
    if (!s.isFirst || s.target != XML_TARGET || !isXmlSpace(byte)) return XmlEvent.Malformed;
    s.place = XmlPlace.Declaration;
    return XmlEvent.Declaration;
  }
  if (byte == QUESTION) {
    s.place = XmlPlace.InstructionEnd;
    return XmlEvent.Held;
  }
  return isXmlSpace(byte) ? XmlEvent.InstructionText : XmlEvent.Malformed;
}

/** The text of an instruction, or of the declaration. */
function instructionStep(s: XmlScanner, byte: u8): XmlEvent {
  const isDeclaration = s.place == XmlPlace.Declaration;
  if (byte == GREATER && s.run != 0) {
    s.place = XmlPlace.Content;
    s.run = 0;
    return isDeclaration ? XmlEvent.DeclarationEnd : XmlEvent.InstructionEnd;
  }
  if (isDeclaration) {
    s.run = byte == QUESTION ? 1 : 0;
    return byte < 0x80 ? XmlEvent.Declaration : XmlEvent.Malformed;
  }
  if (byte == QUESTION && s.needed == 0) {
    if (s.run != 0) {
      s.codePoint = QUESTION;
      return XmlEvent.Char;
    }
    s.run = 1;
    return XmlEvent.Held;
  }
  return releaseRun(s, byte, QUESTION);
}
