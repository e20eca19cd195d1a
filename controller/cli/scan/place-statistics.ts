/** What was found at each place of the samples, arrays and identifiers generalised; no value is kept. */
import type { Finding } from './detector-bench.ts';
import { maskedSample } from './masked-sample.ts';
import type { Sample } from './sample-files.ts';

/** A place: a path of JSON, a name elsewhere, or plain text. */
export type Place =
  | { readonly form: 'path'; readonly path: string; readonly name: string }
  | { readonly form: 'name'; readonly name: string }
  | { readonly form: 'text' };

/** How often a kind was found at a place. */
export interface KindCount {
  /** Values that it is all of. */
  whole: number;
  /** Values with more around it. */
  within: number;
  /** A few, masked. */
  readonly samples: string[];
}

/** Counts of one place. */
export interface PlaceCount {
  readonly place: Place;
  /** Values that are not empty, nor `true`, `false` or `null`. */
  values: number;
  readonly kinds: Map<string, KindCount>;
}

/** Counts of all places, at most PLACES_MAX. */
export class PlaceStatistics {
  readonly #places = new Map<string, PlaceCount>();
  /** Values at places beyond that. */
  leftOut = 0;

  get places(): readonly PlaceCount[] {
    return [...this.#places.values()];
  }

  /** Counts a value with what was found in it. */
  add(sample: Sample, findings: readonly Finding[]): void {
    const place = placeOf(sample);
    const key = JSON.stringify(place);
    let count = this.#places.get(key);
    if (count === undefined) {
      if (this.#places.size >= PLACES_MAX) {
        this.leftOut += 1;
        return;
      }
      count = { place, values: 0, kinds: new Map() };
      this.#places.set(key, count);
    }
    count.values += 1;
    for (const finding of findings) addFinding(count, finding);
  }
}

function addFinding({ kinds }: PlaceCount, { kind, isWhole, found }: Finding): void {
  let count = kinds.get(kind);
  if (count === undefined) {
    count = { whole: 0, within: 0, samples: [] };
    kinds.set(kind, count);
  }
  if (isWhole) count.whole += 1;
  else count.within += 1;
  const sample = maskedSample(kind, found);
  if (count.samples.length < SAMPLES_KEPT && !count.samples.includes(sample)) {
    count.samples.push(sample);
  }
}

function placeOf({ kind, leaf: { steps } }: Sample): Place {
  if (kind === 'text' || steps.length === 0) return kind === 'text' ? { form: 'text' } : root;
  const names = steps.filter((step) => typeof step === 'string');
  const name = (names.at(-1) ?? '').replace(/^@/, '');
  if (kind === 'json' || kind === 'json-lines') {
    return { form: 'path', path: `$${steps.map(generalStep).join('')}`, name };
  }
  return { form: 'name', name };
}

// Elements are alike, and so are members whose names are identifiers. What a path cannot name is a wildcard.
function generalStep(step: string | number): string {
  if (typeof step === 'number') return '[*]';
  if (identifier.test(step) || step.length > NAME_CHARACTERS_MAX) return '.*';
  if (/^[\p{L}\p{N}_$-]+$/u.test(step)) return `.${step}`;
  if (/['\\]/.test(step) || step === '' || !step.isWellFormed()) return '.*';
  return `['${step}']`;
}

const root: Place = { form: 'path', path: '$', name: '' };
const identifier = /^(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,})$/i;
const NAME_CHARACTERS_MAX = 255;
const PLACES_MAX = 20_000;
const SAMPLES_KEPT = 3;
