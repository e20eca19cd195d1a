/** What a broken invariant does in place of the compiler's `abort`: a line in the host's log, then a trap (`--use abort=abortModule`). */
import { writeDecimal } from '../memory/bytes';
import { LogLevel } from './enums';
import { log } from './hostcalls';

const LINE_BYTES: usize = 256;
const LINE: usize = memory.data(256);

/** Logs `file:line:column: message` as far as it fits and traps. */
// @ts-ignore: decorator
@global
export function abortModule(
  message: string | null,
  file: string | null,
  line: u32,
  column: u32,
): void {
  let at = writeNarrow(LINE, file);
  store<u8>(at++, 0x3a);
  at += <usize>writeDecimal(at, line);
  store<u8>(at++, 0x3a);
  at += <usize>writeDecimal(at, column);
  store<u8>(at++, 0x3a);
  store<u8>(at++, 0x20);
  at = writeNarrow(at, message);
  log(LogLevel.Critical, LINE, <u32>(at - LINE));
  unreachable();
}

/** Writes the low bytes of at most 96 characters; two of them and the numbers fit the line. */
function writeNarrow(target: usize, value: string | null): usize {
  if (value === null) return target;
  const units = min<usize>(value.length, 96);
  for (let index: usize = 0; index < units; index++) {
    store<u8>(target + index, load<u8>(changetype<usize>(value) + (index << 1)));
  }
  return min(target + units, LINE + LINE_BYTES);
}
