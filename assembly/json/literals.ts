/** The literal names `true`, `false` and `null` (RFC 8259, section 3), one byte at a time. */
import { Scanner } from './scanner';

/** What a byte of a literal name brought. */
export const enum LiteralEvent {
  More = 0,
  /** the name is whole with this byte */
  End = 1,
  Malformed = 2,
}

const TRUE: u64 = 0x65757274;
const FALSE: u64 = 0x65736c6166;
const NULL: u64 = 0x6c6c756e;

/** Starts a name with its first byte, which `literalStep` is given too. */
// @ts-ignore: decorator
@inline
export function openLiteral(s: Scanner, first: u8): void {
  s.literal = first;
  s.literalLen = 0;
}

/** Takes one byte of the name. */
export function literalStep(s: Scanner, byte: u8): LiteralEvent {
  const name = s.literal == 0x74 /* t */ ? TRUE : s.literal == 0x66 /* f */ ? FALSE : NULL;
  const rest = name >> (<u64>s.literalLen * 8);
  if (<u8>rest != byte) return LiteralEvent.Malformed;
  s.literalLen++;
  return rest >> 8 == 0 ? LiteralEvent.End : LiteralEvent.More;
}
