/**
 * The content of protobuf fields on its way through the masker. It keeps its length, because lengths lie before it:
 *
 *   numbers become zeros in as many bytes, bytes become zeros, texts what their operator leaves of them (see fit-length.ts).
 *   What is known to be under a rule, but not what it is, becomes bytes that are UTF-8 and a message at the same time.
 */
import { Utf8, Utf8Event, utf8Step } from '../../charset/utf8';
import { FieldKind } from '../../layout';
import { Wire } from '../../protobuf/wire';
import { closeSpan, emitFill, emitRawByte, openSpan } from '../output';
import { isConstant, operatorOf } from '../rules';
import { Masker } from '../state';
import { closeText, noteMasked, openText, textChar } from '../text';
import { appendInput, clearWindow } from '../window';
import { FieldMode } from './field-value';
import { closeLoose, takeLoose } from './loose-text';
import { UNKNOWN_KIND } from './protobuf-fields';

/** What happens to content. */
export const enum ContentMode {
  Pass = 0,
  /** zeros */
  Zero = 1,
  /** varints that become zeros */
  ZeroVarints = 2,
  /** stars */
  Stars = 3,
  /** bytes that are both text and message */
  Filler = 4,
  /** a text that is held until it is whole */
  Text = 5,
  /** detectors look into it */
  Loose = 6,
}

/** Most bytes of a text that is masked by more than stars. */
const TEXT_MAX: u64 = 1_020;
const STAR: u8 = 0x2a;
/** Bytes of a piece of filler: tag, length, stars. */
const PIECE_MAX: u64 = 131;
const PIECE_MIN: u64 = 4;
/** Tag of field 2056 with a length, which is also U+0080 U+0001. */
const FILLER_TAG = memory.data<u8>([0xc2, 0x80, 0x01]);
/** Field 15 as varint 0, and with one byte: pieces of 2 and 3 bytes. */
const FILLER_TWO = memory.data<u8>([0x78, 0x00]);
const FILLER_THREE = memory.data<u8>([0x7a, 0x01, STAR]);

/** The state of a message and what the masker keeps of it. */
// @ts-ignore: decorator
@unmanaged
export class Content extends Wire {
  /** ContentMode */
  mode: i32;
  /** bytes of the piece of filler, and how many of them went out */
  piece: u32;
  pieceAt: u32;
  /** the last byte of varints has its continuation bit */
  isOpen: bool;
  /** the text as UTF-8 */
  codePoint: u32;
  gathered: u32;
  needed: u8;
  lowest: u8;
  greatest: u8;
}

/** Starts `s.left` bytes of content at `p`, under the rule of `strength`, 0 for none. False when there is no room. */
export function openContent(m: Masker, s: Content, p: usize, kind: u32, strength: u32): bool {
  s.mode = modeOf(m, s, kind, strength);
  s.piece = 0;
  s.pieceAt = 0;
  s.isOpen = false;
  if (s.mode == ContentMode.Pass) return true;
  closeSpan(p);
  if (s.mode < ContentMode.Text) {
    noteMasked(m, strength);
    return true;
  }
  s.needed = 0;
  m.mode = FieldMode.Text;
  openText(m, strength);
  return true;
}

/** Takes `len` bytes at `p`. False when they are malformed, or there is no room. */
export function takeContent(m: Masker, s: Content, p: usize, len: u32): bool {
  switch (s.mode) {
    case ContentMode.Zero:
      emitFill(0, len);
      return true;
    case ContentMode.ZeroVarints:
      for (let i: u32 = 0; i < len; i++) emitRawByte(load<u8>(p + i) & 0x80);
      s.isOpen = load<u8>(p + len - 1) >= 0x80;
      return true;
    case ContentMode.Stars:
      emitFill(STAR, len);
      return true;
    case ContentMode.Filler:
      emitFiller(s, len);
      return true;
    case ContentMode.Text:
      return takeText(m, textOf(s), p, p + len);
    case ContentMode.Loose:
      return takeLoose(m, textOf(s), p, p + len);
    default:
      return true;
  }
}

/** Ends content; the input goes on at `p`. */
export function closeContent(m: Masker, s: Content, p: usize): bool {
  const mode = s.mode;
  s.mode = ContentMode.Pass;
  if (mode == ContentMode.Pass) return true;
  if (mode == ContentMode.ZeroVarints && s.isOpen) return false;
  if (mode == ContentMode.Text && (s.needed != 0 || !closeText(m))) return false;
  if (mode == ContentMode.Loose && !closeLoose(m, textOf(s))) return false;
  if (mode >= ContentMode.Text) clearWindow(m);
  m.mode = FieldMode.None;
  openSpan(p);
  return true;
}

// @ts-ignore: decorator
@inline
function textOf(s: Content): Utf8 {
  return changetype<Utf8>(changetype<usize>(s) + offsetof<Content>('codePoint'));
}

function modeOf(m: Masker, s: Content, kind: u32, strength: u32): ContentMode {
  if (strength == 0) {
    const isText = kind == FieldKind.Text || kind == FieldKind.Bytes || kind == UNKNOWN_KIND;
    return isText && m.detectorStrength != 0 ? ContentMode.Loose : ContentMode.Pass;
  }
  switch (kind) {
    case FieldKind.Text:
      if (s.left > TEXT_MAX || isConstant(operatorOf(m.blob, strength))) return ContentMode.Stars;
      return ContentMode.Text;
    case FieldKind.Varint:
    case FieldKind.PackedVarint:
      return ContentMode.ZeroVarints;
    case UNKNOWN_KIND:
      return ContentMode.Filler;
    default:
      return ContentMode.Zero;
  }
}

/** A text under a rule has to be one. */
function takeText(m: Masker, s: Utf8, start: usize, end: usize): bool {
  for (let p = start; p < end; p++) {
    const event = utf8Step(s, load<u8>(p));
    if (event == Utf8Event.Malformed || !appendInput(m, p, 1)) return false;
    if (event == Utf8Event.Char && !textChar(m, s.codePoint, false)) return false;
  }
  return true;
}

/** Emits the next `len` of the `s.left` bytes that are left. */
function emitFiller(s: Content, len: u32): void {
  for (let i: u32 = 0; i < len; i++) {
    if (s.pieceAt == s.piece) {
      s.piece = <u32>pieceOf(s.left - <u64>i);
      s.pieceAt = 0;
    }
    emitRawByte(pieceByte(s.piece, s.pieceAt++));
  }
}

/** Bytes of the next piece, so that no rest of less than four bytes is left. */
function pieceOf(left: u64): u64 {
  if (left <= PIECE_MAX) return left;
  return left - PIECE_MAX >= PIECE_MIN ? PIECE_MAX : left - PIECE_MIN;
}

function pieceByte(size: u32, at: u32): u8 {
  if (size == 2) return load<u8>(FILLER_TWO + at);
  if (size == 3) return load<u8>(FILLER_THREE + at);
  if (size < <u32>PIECE_MIN || at > 3) return STAR;
  return at == 3 ? <u8>(size - <u32>PIECE_MIN) : load<u8>(FILLER_TAG + at);
}
