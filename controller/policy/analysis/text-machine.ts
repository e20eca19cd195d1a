/** Runs all shapes of a dimension at once: a machine over characters whose states are sets of places in the shapes. */
import { GaveUp, STATES_MAX } from './effort.ts';
import type { Element, TextShape } from './text-shape.ts';

type Loop = 'none' | 'segment' | 'rest' | 'digits';

/** A place in the shapes; equal beginnings share their places. */
interface Place {
  readonly id: number;
  readonly loop: Loop;
  readonly next: Map<string, Place>;
  segment: Place | undefined;
  /** Places that are reached without a character. */
  rest: Place | undefined;
  digits: Place | undefined;
  readonly ends: number[];
}

interface State {
  readonly places: readonly Place[];
  readonly next: Map<string, number>;
  chars: ReadonlySet<string> | undefined;
  matched: readonly number[] | undefined;
}

/** States are numbers. Shapes are known by their index. Throws GaveUp when there are more than STATES_MAX states. */
export class TextMachine {
  /** The state before the first character. */
  readonly start: number;
  #placeCount = 0;
  readonly #states: State[] = [];
  readonly #byKey = new Map<string, number>();

  constructor(shapes: readonly TextShape[]) {
    const root = this.#place('none');
    for (const [index, shape] of shapes.entries()) {
      for (const elements of shape) this.#insert(root, elements).ends.push(index);
    }
    this.start = this.#intern([root]);
  }

  /** The state after one more character. */
  step(state: number, char: string): number {
    const from = this.#states[state] as State;
    const known = from.next.get(char);
    if (known !== undefined) return known;
    const reached: Place[] = [];
    for (const place of from.places) {
      if (staysOn(place.loop, char)) reached.push(place);
      const next = place.next.get(char);
      if (next !== undefined) reached.push(next);
      if (place.segment !== undefined && char !== '/') reached.push(place.segment);
    }
    const to = this.#intern(reached);
    // Other characters lead to few states, so only those that shapes name are worth remembering.
    if (this.chars(state).has(char)) from.next.set(char, to);
    return to;
  }

  /** The characters that shapes tell apart here; all others lead on alike, but for digits and slashes. */
  chars(state: number): ReadonlySet<string> {
    const at = this.#states[state] as State;
    at.chars ??= new Set(at.places.flatMap((place) => [...place.next.keys()]));
    return at.chars;
  }

  /** The shapes that the text so far has, rising. */
  matched(state: number): readonly number[] {
    const at = this.#states[state] as State;
    at.matched ??= [...new Set(at.places.flatMap((place) => place.ends))].sort((a, b) => a - b);
    return at.matched;
  }

  /** The shapes that a whole text has, rising. */
  match(text: string): readonly number[] {
    let state = this.start;
    for (const char of text) state = this.step(state, char);
    return this.matched(state);
  }

  #place(loop: Loop): Place {
    const id = this.#placeCount++;
    const empty = { segment: undefined, rest: undefined, digits: undefined };
    return { id, loop, next: new Map(), ends: [], ...empty };
  }

  #insert(root: Place, elements: readonly Element[]): Place {
    let at = root;
    for (const element of elements) {
      if (typeof element !== 'string') at = this.#insertLiteral(at, element.literal);
      else {
        at[element] ??= this.#place(element);
        at = at[element];
      }
    }
    return at;
  }

  #insertLiteral(from: Place, literal: string): Place {
    let at = from;
    for (const char of literal) {
      let next = at.next.get(char);
      if (next === undefined) {
        next = this.#place('none');
        at.next.set(char, next);
      }
      at = next;
    }
    return at;
  }

  #intern(reached: readonly Place[]): number {
    const places = new Set(reached);
    for (const place of places) {
      if (place.rest !== undefined) places.add(place.rest);
      if (place.digits !== undefined) places.add(place.digits);
    }
    const sorted = [...places].sort((a, b) => a.id - b.id);
    const key = sorted.map((place) => place.id).join(' ');
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const state = this.#states.length;
    if (state >= STATES_MAX) throw new GaveUp('patterns of texts overlap in too many ways');
    this.#states.push({ places: sorted, next: new Map(), chars: undefined, matched: undefined });
    this.#byKey.set(key, state);
    return state;
  }
}

function staysOn(loop: Loop, char: string): boolean {
  if (loop === 'segment') return char !== '/';
  if (loop === 'digits') return char >= '0' && char <= '9';
  return loop === 'rest';
}
