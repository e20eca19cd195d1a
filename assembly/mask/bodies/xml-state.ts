/** What the masker keeps of an XML document, and how its output is shown or hidden. */
import { XmlScanner } from '../../xml/state';
import { closeSpan, emitRaw, openSpan } from '../output';
import { Masker, flagsAt, formatOf, scannerOf, strengthAt } from '../state';

/** State of a document. */
// @ts-ignore: decorator
@unmanaged
export class XmlState extends XmlScanner {
  /** the text since the last tag is more than white space */
  hasText: bool;
  /** a comment or an instruction came behind such text */
  isSplit: bool;
  /** a comment or an instruction that does not go out is being read */
  isHidden: bool;
  /** the last character of the text may be one of a token, and so it was before an end of a section */
  wasToken: bool;
  isJoint: bool;
  /** the attribute declares a namespace */
  isNamespace: bool;
}

/** Bit of `flagsAt`: a text of the element was masked already. */
export const HAD_TEXT: u8 = 0x40;

// @ts-ignore: decorator
@inline
export function xmlStateOf(m: Masker): XmlState {
  return changetype<XmlState>(formatOf(m));
}

/** Strength of the rules on the innermost open element. */
export function elementStrength(m: Masker): u32 {
  return load<u16>(strengthAt(m, scannerOf(m).depth));
}

/** Whether a text of it was masked. */
export function hadText(m: Masker): bool {
  return (load<u8>(flagsAt(m, scannerOf(m).depth)) & HAD_TEXT) != 0;
}

/** Notes that a text of it is masked. */
export function noteText(m: Masker): void {
  const flags = flagsAt(m, scannerOf(m).depth);
  store<u8>(flags, load<u8>(flags) | HAD_TEXT);
}

/** The input goes out from `p` on, unless the element goes. */
export function show(m: Masker, p: usize): void {
  if (!m.isMuted) openSpan(p);
}

/** Emits bytes before the input goes out again from `p` on, unless the element goes. */
export function showAfter(m: Masker, ptr: usize, len: usize, p: usize): void {
  closeSpan(p);
  if (m.isMuted) return;
  emitRaw(ptr, len);
  openSpan(p);
}
