/** Words that announce a number: what stands behind them is looked at although it could be anything. */
import { text as literal } from '../memory/text';
import { DetectorKind } from '../layout';
import { OTHER, isLetter, unitAt } from './units';

/** Words by their first letter; `?` stands for a letter that is not ASCII. The longest first. */
const C = literal('cellphone celular cell call ');
const F = literal('fax ');
const H = literal('handy ');
const M = literal('mobile mobil m?vil ');
const P = literal('phones phone ');
const T = literal('telephone telefono telefone telefon telefax tel?fono t?l?phone tel t?l ');
const W = literal('whatsapp ');
const SSN = literal('social ssn ');

/** Most units between a word and its number. */
export const CONTEXT_GAP: u32 = 24;

/** Behind the word that was found last. */
export let wordEnd: u32 = 0;

/**
 * The kind of number, Phone or Ssn, that the word at `pos` announces, 0 when none. The text goes on
 * to `pos + 24` or ends.
 */
export function announcedAt(text: usize, pos: u32, len: u32): u32 {
  const first = (<u32>load<u8>(text + <usize>pos)) | 0x20;
  const second = (<u32>unitAt(text, pos + 1, len)) | 0x20;
  switch (first) {
    case 0x63 /* c */:
      return second == 0x61 || second == 0x65 ? phoneIf(C.ptr, C.len, text, pos, len) : 0;
    case 0x66 /* f */:
      return second == 0x61 ? phoneIf(F.ptr, F.len, text, pos, len) : 0;
    case 0x68 /* h */:
      return second == 0x61 ? phoneIf(H.ptr, H.len, text, pos, len) : 0;
    case 0x6d /* m */:
      return second == 0x6f || second == 0xa0 ? phoneIf(M.ptr, M.len, text, pos, len) : 0;
    case 0x70 /* p */:
      return second == 0x68 ? phoneIf(P.ptr, P.len, text, pos, len) : 0;
    case 0x73 /* s */:
      if (second != 0x73 && second != 0x6f) return 0;
      return isWordOf(SSN.ptr, SSN.len, text, pos, len) ? DetectorKind.Ssn : 0;
    case 0x74 /* t */:
      return second == 0x65 || second == 0xa0 ? phoneIf(T.ptr, T.len, text, pos, len) : 0;
    case 0x77 /* w */:
      return second == 0x68 ? phoneIf(W.ptr, W.len, text, pos, len) : 0;
    default:
      return 0;
  }
}

function phoneIf(words: usize, wordsLen: u32, text: usize, pos: u32, len: u32): u32 {
  return isWordOf(words, wordsLen, text, pos, len) ? DetectorKind.Phone : 0;
}

/** Whether one of the words, each with a space behind, stands at `pos`. */
function isWordOf(words: usize, wordsLen: u32, text: usize, pos: u32, len: u32): bool {
  let at: u32 = 0;
  while (at < wordsLen) {
    let p = pos;
    let matches = true;
    for (; load<u8>(words + <usize>at) != 0x20; at++, p++) {
      if (matches) matches = isSame(load<u8>(words + <usize>at), unitAt(text, p, len));
    }
    at++;
    if (!matches || !isWordEnd(text, p, len)) continue;
    wordEnd = p;
    return true;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function isSame(wanted: u8, unit: u8): bool {
  return wanted == 0x3f ? unit == OTHER : isLetter(unit) && (unit | 0x20) == wanted;
}

/** Not before a letter, but for the capital of `phoneNumber`. */
function isWordEnd(text: usize, end: u32, len: u32): bool {
  const next = unitAt(text, end, len);
  if (!isLetter(next)) return true;
  return next < 0x61 && load<u8>(text + <usize>(end - 1)) >= 0x61;
}
