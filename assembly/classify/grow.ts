/**
 * Matches without an upper length: how far they go on. A growth is a number: its kind in bits 0-7,
 * the state in which it begins in bits 8-15.
 */
import { Unit, isAlnum, unitClass } from './units';

/** What goes on. */
export const enum Growth {
  /** a run of letters, digits, _ and - */
  Key = 1,
  /** a run of letters, digits and + / _ = - */
  Token = 2,
  /** parts of base64url with dots between them */
  Jwt = 3,
  /** a PEM block up to its END line; without one, to the end of the text */
  Pem = 4,
}

/** The state in which the caller starts. */
const START: u32 = 1;
/** States of Pem: 2 to 6 are dashes, then letters of `END`, then the label, then dashes; else the body. */
const PEM_DASHES: u32 = 6;
const PEM_LABEL: u32 = 9;
const PEM_DONE: u32 = 14;
const PEM_BODY: u32 = 15;

/**
 * The state behind one more unit of a match, never 0 while the unit belongs to it, or 0. A match
 * starts in state 1; `grows` is its `matchGrows`.
 */
export function growStep(grows: u32, state: u32, unit: u8): u32 {
  const bits = unitClass(unit);
  switch (grows & 0xff) {
    case Growth.Token:
      return (bits & Unit.Token) != 0 ? START : 0;
    case Growth.Key:
      return (bits & Unit.Base64Url) != 0 ? START : 0;
    case Growth.Jwt:
      return (bits & Unit.Base64Url) != 0 || unit == 0x2e || unit == 0x3d ? START : 0;
    case Growth.Pem:
      return pemStep(state == START ? max(grows >> 8, START) : state, unit);
    default:
      return 0;
  }
}

/** The growth that goes on from `state`. */
// @ts-ignore: decorator
@inline
export function growthFrom(growth: u32, state: u32): u32 {
  return growth | (state << 8);
}

/** Five dashes or more, END, a label, five dashes. */
function pemStep(state: u32, unit: u8): u32 {
  if (state == PEM_DONE) return 0;
  if (unit == 0x2d /* - */) {
    if (state == PEM_DASHES) return state;
    return state < PEM_DASHES || (state >= PEM_LABEL && state < PEM_DONE) ? state + 1 : 2;
  }
  if (state == PEM_DASHES) return unit == 0x45 /* E */ ? 7 : PEM_BODY;
  if (state == 7) return unit == 0x4e /* N */ ? 8 : PEM_BODY;
  if (state == 8) return unit == 0x44 /* D */ ? PEM_LABEL : PEM_BODY;
  // Anything else than a label is the body again.
  return state == PEM_LABEL && (unit == 0x20 || isAlnum(unit)) ? PEM_LABEL : PEM_BODY;
}
