/**
 * International bank account numbers (ISO 13616): a country of the SWIFT registry, or one that uses
 * the form without being in it, with its length, and the check digits of ISO 7064 MOD 97-10. Single
 * spaces, hyphens or dots may stand between any but the two letters and the two digits that it
 * begins with, ignorable units between any.
 */
import { text as literal } from '../memory/text';
import { NOTHING, UNDECIDED } from './answers';
import { IGNORABLE, IGNORABLE_MAX, isAlnum, isDigit, isLetter, unitAt } from './units';

const COUNTRIES = literal(
  'AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22' +
    'GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19' +
    'MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23' +
    'TN24TR26UA29VA22VG24XK20YE30' +
    'AO25BF28BJ28CF27CG27CI28CM27CV25DZ26GA27GQ27GW25IR26KM27MA28MG27ML28MZ25NE28SN28TD27TG28',
);
/** u8 by country, 26 * first letter + second letter: the length, 0 when there is none. */
const LENGTHS: usize = buildLengths(memory.data(676));

/** The end of the IBAN that begins with the letter at `pos`. */
export function ibanAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  const second = unitAt(text, pos + 1, len);
  if (!isLetter(second) && second != IGNORABLE) return NOTHING;
  const third = unitAt(text, pos + 2, len);
  if (isLetter(third) && second != IGNORABLE) return NOTHING;
  if (isSeparator(third) && isLetter(unitAt(text, pos + 3, len))) return NOTHING;
  return readIban(text, pos, len, isEnd);
}

function readIban(text: usize, start: u32, len: u32, isEnd: bool): u32 {
  let head: u32 = 0;
  let rest: u32 = 0;
  let wanted: u32 = 34;
  let ignored: u32 = 0;
  let isSeparated = true;
  let p = start;
  for (let count: u32 = 0; count < wanted; p++) {
    if (p == len) return isEnd ? NOTHING : UNDECIDED;
    const unit = load<u8>(text + <usize>p);
    if (unit == IGNORABLE) {
      if (++ignored > IGNORABLE_MAX) return NOTHING;
      continue;
    }
    if (isSeparator(unit) && !isSeparated) {
      isSeparated = true;
      continue;
    }
    if (!isAlnum(unit) || (count < 4 && isDigit(unit) != count >= 2)) return NOTHING;
    const value = isDigit(unit) ? <u32>unit - 0x30 : ((<u32>unit) | 0x20) - 0x57;
    if (count < 2) head = head * 26 + value - 10;
    else if (count < 4) head = head * 10 + value;
    else rest = (rest * (value < 10 ? 10 : 100) + value) % 97;
    count++;
    if (count == 2) wanted = <u32>load<u8>(LENGTHS + <usize>head);
    ignored = 0;
    isSeparated = count < 4 && count != 2;
  }
  if (wanted == 0 || !isBalanced(head, rest)) return NOTHING;
  if (p == len) return isEnd ? p : UNDECIDED;
  return isAlnum(load<u8>(text + <usize>p)) ? NOTHING : p;
}

/** `head` is the two letters and the check digits, which go behind the rest of the number. */
function isBalanced(head: u32, rest: u32): bool {
  const country = head / 100;
  const letters = (country / 26 + 10) * 100 + (country % 26) + 10;
  return (rest * 1_000_000 + letters * 100 + (head % 100)) % 97 == 1;
}

// @ts-ignore: decorator
@inline
function isSeparator(unit: u8): bool {
  return unit == 0x20 || unit == 0x2d || unit == 0x2e;
}

function buildLengths(table: usize): usize {
  for (let at: u32 = 0; at < COUNTRIES.len; at += 4) {
    const entry = COUNTRIES.ptr + <usize>at;
    const country = (<u32>load<u8>(entry) - 0x41) * 26 + load<u8>(entry, 1) - 0x41;
    const length = (<u32>load<u8>(entry, 2) - 0x30) * 10 + load<u8>(entry, 3) - 0x30;
    store<u8>(table + <usize>country, <u8>length);
  }
  return table;
}
