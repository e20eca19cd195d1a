/** Tables of patterns, made for tests from a few steps: the controller's compiler is not tested here. */

/** What a table says beside its automaton. */
export interface PatternOptions {
  readonly anyStart?: boolean;
  readonly wordEnd?: boolean;
  readonly needsDigit?: boolean;
}

/** A step of a pattern: a set of characters, once or (with `+`) as often as they come. */
export type Step = readonly [chars: string, times?: '+'];

/**
 * The table of a pattern that is a sequence of steps. A step that may be repeated must not have a character of the one
 * behind it, so that one state for each step is enough.
 */
export function buildPattern(steps: readonly Step[], options: PatternOptions = {}): Uint8Array {
  // State 0 is dead, 1 the start, i + 2 is behind step i.
  const states = steps.length + 2;
  const classes = 129;
  const table = Buffer.alloc(264 + states * classes * 2 + ((states + 7) >> 3));
  table.writeUInt16LE(states, 0);
  table.writeUInt16LE(classes, 2);
  table.writeUInt16LE(1, 4);
  const { anyStart = false, wordEnd = false, needsDigit = false } = options;
  table.writeUInt16LE(Number(anyStart) + 2 * Number(wordEnd) + 4 * Number(needsDigit), 6);
  for (let unit = 0; unit < 256; unit++) table[8 + unit] = Math.min(unit, 128);
  const lead = (state: number, chars: string, next: number): void => {
    for (const char of chars) {
      table.writeUInt16LE(next, 264 + 2 * (state * classes + char.charCodeAt(0)));
    }
  };
  for (const [i, [chars, times]] of steps.entries()) {
    lead(i + 1, chars, i + 2);
    if (times === '+') lead(i + 2, chars, i + 2);
  }
  const last = states - 1;
  table[264 + states * classes * 2 + (last >> 3)] = 1 << (last & 7);
  return table;
}
