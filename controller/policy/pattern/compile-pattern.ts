/** Compiles user-defined patterns into the tables that the filter follows, one step for each character. */
import { PATTERN_MAX_BYTES } from '../../layout.ts';
import { Problem } from '../problem.ts';
import { type Automaton, buildAutomaton } from './automaton.ts';
import { parsePattern } from './parse-pattern.ts';
import { OTHER_UNIT } from './units.ts';

/** A compiled pattern. */
export interface CompiledPattern {
  readonly text: string;
  readonly isPartOfWord: boolean;
  /** As assembly/classify/pattern.ts lays it out. */
  readonly table: Uint8Array;
}

/**
 * Compiles a pattern. A match begins and ends where a word does, unless `isPartOfWord`. Refuses what is no pattern of this
 * language, matches the empty text or nothing, or has no table of PATTERN_MAX_BYTES.
 */
export function compilePattern(text: string, isPartOfWord: boolean): CompiledPattern | Problem {
  const pattern = parsePattern(text);
  if (pattern instanceof Problem) return pattern;
  const automaton = buildAutomaton(pattern, STATES_MAX);
  if (automaton === undefined || tableBytes(automaton) > PATTERN_MAX_BYTES) {
    const help = 'use smaller repetitions, fewer choices or two patterns';
    return new Problem('pattern is too large', help);
  }
  if (automaton.accepts[automaton.start]) {
    return new Problem('pattern matches the empty text', 'ask for at least one character');
  }
  const shortest = shortestMatch(automaton);
  if (shortest === undefined)
    return new Problem('pattern matches nothing', 'remove `[^...]` of all');
  const most = isPartOfWord ? UNITS_ANYWHERE_MAX : UNITS_MAX;
  if (shortest > most) {
    return new Problem(
      `shortest match has ${shortest} characters`,
      `at most ${most}${isPartOfWord ? ', because of `partOfWord: true`' : ''}`,
    );
  }
  return { text, isPartOfWord, table: writeTable(automaton, isPartOfWord) };
}

function writeTable(automaton: Automaton, isPartOfWord: boolean): Uint8Array {
  const { start, classOf, classes, steps, accepts } = automaton;
  const table = new Uint8Array(tableBytes(automaton));
  const view = new DataView(table.buffer);
  const wordFlags = isPartOfWord ? Flag.AnyStart : Flag.WordEnd;
  const flags = wordFlags | (needsDigit(automaton) ? Flag.NeedsDigit : 0);
  for (const [i, value] of [steps.length, classes, start, flags].entries()) {
    view.setUint16(i * 2, value, true);
  }
  for (let unit = 0; unit < 256; unit++) {
    view.setUint8(8 + unit, classOf[Math.min(unit, OTHER_UNIT)] ?? 0);
  }
  for (const [i, next] of steps.flat().entries()) view.setUint16(HEADER_BYTES + i * 2, next, true);
  const ends = HEADER_BYTES + steps.length * classes * 2;
  for (const [state, isEnd] of accepts.entries()) {
    const at = ends + (state >> 3);
    if (isEnd) view.setUint8(at, view.getUint8(at) | (1 << (state & 7)));
  }
  return table;
}

function tableBytes({ steps, classes }: Automaton): number {
  return HEADER_BYTES + steps.length * classes * 2 + ((steps.length + 7) >> 3);
}

// Texts without a digit need not be looked at when every match has one.
function needsDigit(automaton: Automaton): boolean {
  const { classOf } = automaton;
  const others = new Set(classOf.filter((_, unit) => unit < 0x30 || unit > 0x39));
  return reach(automaton, (index) => others.has(index)) === undefined;
}

function shortestMatch(automaton: Automaton): number | undefined {
  return reach(automaton, () => true);
}

// Steps to the nearest state in which a match may end.
function reach(
  { start, steps, accepts }: Automaton,
  mayTake: (index: number) => boolean,
): number | undefined {
  const distance = new Map([[start, 0]]);
  for (const [state, length] of distance) {
    if (accepts[state]) return length;
    for (const [index, next] of (steps[state] ?? []).entries()) {
      if (next !== 0 && mayTake(index) && !distance.has(next)) distance.set(next, length + 1);
    }
  }
  return undefined;
}

const Flag = { AnyStart: 1, WordEnd: 2, NeedsDigit: 4 } as const;
const HEADER_BYTES = 264;
const STATES_MAX = 512;
/** Most characters of a match, and of one that may begin inside a word: the filter looks no further. */
const UNITS_MAX = 255;
const UNITS_ANYWHERE_MAX = 64;
