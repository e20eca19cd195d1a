/** Where in an XML document the bytes are, and what a byte of it brings. */
import { Utf8 } from '../charset/utf8';

/** What a byte brought. Those with a star do not take the byte: it has to be given again. */
export const enum XmlEvent {
  /** it belongs to a tag, or is white space outside the root */
  More = 0,
  /** a character of a text, value, comment or instruction is whole: `codePoint`; `released` held ones are before it */
  Char = 1,
  /** it belongs to a character that is not whole */
  Part = 2,
  /** it may be the beginning of something else than a character */
  Held = 3,
  Malformed = 4,
  /** the first byte of an element's name, behind `<` */
  ElementStart = 5,
  NameByte = 6,
  /** * an element has its name */
  ElementNamed = 7,
  AttributeStart = 8,
  /** * an attribute has its name */
  AttributeNamed = 9,
  /** the quote before a value */
  ValueStart = 10,
  ValueEnd = 11,
  /** `>` of a start tag */
  TagEnd = 12,
  /** `>` of a tag without content */
  EmptyTagEnd = 13,
  /** `/` behind `<` */
  EndTagStart = 14,
  EndTagEnd = 15,
  CommentStart = 16,
  CommentEnd = 17,
  SectionStart = 18,
  SectionEnd = 19,
  /** the first byte of an instruction's target, behind `<?` */
  InstructionStart = 20,
  /** the space before its text */
  InstructionText = 21,
  InstructionEnd = 22,
  /** a byte of the XML declaration behind `<?xml` */
  Declaration = 23,
  DeclarationEnd = 24,
}

/** Where in the document the bytes are. */
export const enum XmlPlace {
  Content = 0,
  Open = 1,
  ElementName = 2,
  Tag = 3,
  TagSpace = 4,
  AttributeName = 5,
  AttributeEquals = 6,
  AttributeQuote = 7,
  Value = 8,
  TagSlash = 9,
  EndName = 10,
  EndSpace = 11,
  Bang = 12,
  Comment = 13,
  Section = 14,
  Target = 15,
  Instruction = 16,
  Declaration = 17,
  /** behind the second hyphen of a comment */
  CommentEnd = 18,
  EndNameStart = 19,
  /** behind the question mark of an instruction without text */
  InstructionEnd = 20,
}

/** State of a document. Zeroed memory is the state before the first byte. */
// @ts-ignore: decorator
@unmanaged
export class XmlScanner extends Utf8 {
  /** XmlPlace */
  place: i32;
  /** open elements */
  depth: u32;
  /** of the name of the tag that was read last */
  hash: u32;
  /** the reference that is being read; see Reference */
  refValue: u32;
  refLen: u8;
  refBase: u8;
  refDigit: bool;
  inReference: bool;
  /** the quote of the value */
  quote: u8;
  /** brackets, hyphens or question marks that are held, and those of a text that go on to `]]>` */
  run: u8;
  /** bytes read of the start of a comment or section, or of a target */
  matched: u8;
  hasRoot: bool;
  /** a byte was read */
  isStarted: bool;
  /** the instruction is at the very start */
  isFirst: bool;
  /** first letters of the target */
  target: u32;
}
