/** Estimates what a text costs the `yaml` library, without reading it. */
import { COLON, DASH, isBlank } from './characters.ts';

/** Counts the marks of structure that `text` has from `start` to `end`: no more tokens than some two for each come out of it. */
export function countMarks(text: string, start: number, end: number): number {
  let marks = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f || structure[code] === 0) continue;
    if (code !== DASH || isBlank(text.charCodeAt(at + 1))) marks++;
  }
  return marks;
}

const structure = new Uint8Array(0x80);
for (const mark of '\n,[]{}"\'&*!?|>@%`-') structure[mark.charCodeAt(0)] = 1;
structure[COLON] = 1;
