/** Splits all texts of a grammar into the classes that a set of shapes can tell apart. */
import { CLASSES_MAX, type Effort, GaveUp } from './effort.ts';
import { GRAMMAR_STATES_MAX, type Grammar } from './grammars.ts';
import type { TextMachine } from './text-machine.ts';

/** Texts that have the same shapes; `witness` is one of the shortest among them. */
export interface TextClass {
  /** Indexes of the shapes, rising. */
  readonly shapes: readonly number[];
  readonly witness: string;
}

/** A way to a state of machine and grammar: its last character, and the way to the state before. */
interface Way {
  readonly machine: number;
  readonly grammar: number;
  readonly before: Way | undefined;
  readonly char: string;
  readonly length: number;
}

/**
 * Every class that has a text, by its shortest witness: fewest level characters first, then fewest characters. Exact:
 * the search ends when no state is new. Throws GaveUp beyond CLASSES_MAX classes.
 */
export function textClasses(machine: TextMachine, grammar: Grammar, effort: Effort): TextClass[] {
  const found = new Map<string, TextClass>();
  const seen = new Set<number>();
  let level: Way[] = [
    { machine: machine.start, grammar: grammar.start, before: undefined, char: '', length: 0 },
  ];
  const levelsMax = grammar.levelsMax ?? 0;
  for (let levels = 0; levels <= levelsMax && level.length > 0; levels++) {
    const next: Way[] = [];
    for (const way of byLength(level)) {
      const key = way.machine * GRAMMAR_STATES_MAX + way.grammar;
      if (seen.has(key)) continue;
      seen.add(key);
      effort.spend(STEPS_PER_STATE);
      if (grammar.accepts(way.grammar)) keep(found, machine.matched(way.machine), way);
      if (way.length >= grammar.lengthMax) continue;
      for (const to of waysFrom(way, machine, grammar)) {
        if (to.char === grammar.levelChar) next.push(to);
        else if (!seen.has(to.machine * GRAMMAR_STATES_MAX + to.grammar)) level.push(to);
      }
    }
    level = next;
  }
  return [...found.values()];
}

/** The characters that have to be tried in a state, so that every state which a text can reach is reached. */
function charsToTry(
  machine: TextMachine,
  state: number,
  grammar: Grammar,
  at: number,
): Set<string> {
  const named = machine.chars(state);
  const chars = new Set(named);
  for (const group of grammar.groups(at)) {
    for (const char of group) {
      if (named.has(char)) continue;
      chars.add(char);
      break;
    }
  }
  return chars;
}

function* waysFrom(way: Way, machine: TextMachine, grammar: Grammar): Generator<Way> {
  for (const char of charsToTry(machine, way.machine, grammar, way.grammar)) {
    const at = grammar.step(way.grammar, char);
    if (at < 0) continue;
    const to = machine.step(way.machine, char);
    yield { machine: to, grammar: at, before: way, char, length: way.length + 1 };
  }
}

// What a level starts with is sorted by length, and so is what is pushed meanwhile: take the shorter of the two heads.
function* byLength(ways: Way[]): Generator<Way> {
  const startCount = ways.length;
  let start = 0;
  let pushed = startCount;
  for (;;) {
    const a = start < startCount ? ways[start] : undefined;
    const b = ways[pushed];
    if (a !== undefined && (b === undefined || a.length <= b.length)) {
      start += 1;
      yield a;
    } else if (b !== undefined) {
      pushed += 1;
      yield b;
    } else return;
  }
}

function keep(found: Map<string, TextClass>, shapes: readonly number[], way: Way): void {
  const key = shapes.join(' ');
  if (found.has(key)) return;
  if (found.size >= CLASSES_MAX) throw new GaveUp('patterns of texts tell too many cases apart');
  found.set(key, { shapes, witness: textOf(way) });
}

function textOf(way: Way): string {
  const chars: string[] = [];
  for (let at: Way | undefined = way; at !== undefined; at = at.before) chars.push(at.char);
  return chars.reverse().join('');
}

/** A state of a machine costs as much as some steps of a diagram. */
const STEPS_PER_STATE = 20;
