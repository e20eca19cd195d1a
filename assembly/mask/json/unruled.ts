/** Strings of JSON under no rule, in which only detectors look for something. */
import { mayMatch } from '../../classify/scan';
import { skipPlain } from '../../json/plain';
import { closeSpan } from '../output';
import { Masker, Mode, detectorsOf } from '../state';
import { openText } from '../text';

const QUOTE: u8 = 0x22;

/** Starts a string behind its opening quote at `p`, which goes out already. */
export function beginUnruled(m: Masker, p: usize, end: usize): void {
  m.mode = Mode.SkimString;
  if (m.detectorStrength == 0 || isHarmless(m, p, end)) return;
  closeSpan(p);
  openText(m, 0);
  m.mode = Mode.TextString;
}

/** Looking ahead in the slice changes no output: a string that is plain and whole is judged where it lies. */
function isHarmless(m: Masker, p: usize, end: usize): bool {
  const after = skipPlain(p, end);
  if (after == end || load<u8>(after) != QUOTE) return false;
  return !mayMatch(detectorsOf(m), p, <u32>(after - p));
}
