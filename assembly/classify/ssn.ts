/** Social security numbers without hyphens, which only a word before them tells from other numbers. */
import { NOTHING, UNDECIDED } from './answers';
import { isSsn } from './national-sums';
import { IGNORABLE, IGNORABLE_MAX, isAlnum, isDigit } from './units';

const DIGITS: usize = memory.data(16, 8);
const COUNT: u32 = 9;

/** The end of nine digits that are a social security number, whose first one is at `pos`. */
export function plainSsnAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  let p = pos;
  let ignored: u32 = 0;
  for (let digits: u32 = 0; digits < COUNT; p++) {
    if (p == len) return isEnd ? NOTHING : UNDECIDED;
    const unit = load<u8>(text + <usize>p);
    if (unit == IGNORABLE) {
      if (++ignored > IGNORABLE_MAX) return NOTHING;
      continue;
    }
    if (!isDigit(unit)) return NOTHING;
    store<u8>(DIGITS + <usize>digits, unit - 0x30);
    digits++;
    ignored = 0;
  }
  if (!isSsn(DIGITS)) return NOTHING;
  if (p == len) return isEnd ? p : UNDECIDED;
  return isAlnum(load<u8>(text + <usize>p)) ? NOTHING : p;
}
