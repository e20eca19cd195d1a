/**
 * Which values were masked, as what, and by which rule. The places are found by comparing what went in with what came out;
 * the reasons by asking the filter again, with some of the entries and with one rule at a time.
 */
import { ValuePlace } from '../../layout.ts';
import type { PolicySet } from '../../policy/policy-set.ts';
import { type BodyKind, kindOfType } from '../leaves/body-kind.ts';
import type { Question } from '../policy-lab/laboratory.ts';
import type { MaskBench } from './mask-bench.ts';
import { type HeaderLines, type Message, type Passed, sentHeaders } from './message.ts';
import {
  type Entry,
  entriesOf,
  type NamedRule,
  onlyEntries,
  onlyRules,
  rulesOf,
} from './parts-of-set.ts';
import { type Places, placesOfBody, placesOfHeaders } from './places.ts';

/** A value that was changed. */
export interface MaskedValue {
  /** `$.card`, `row 2 card`, `header x-iban`. */
  readonly place: string;
  readonly before: string;
  /** Undefined: it is gone. */
  readonly after: string | undefined;
  readonly labels: readonly string[];
  /** What gives it its labels. */
  readonly entries: readonly Entry[];
  /** Rules that alone do the same to it; where none does, those that change it at all. */
  readonly rules: readonly NamedRule[];
}

/** A header that changed for another reason, such as its length. */
export interface ChangedHeader {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** All that changed. */
export interface Changes {
  readonly values: readonly MaskedValue[];
  readonly headers: readonly ChangedHeader[];
}

/** What changed between a message and what went on of it, and why. */
export function explainChanges(
  bench: MaskBench,
  question: Question,
  message: Message,
  passed: Passed,
): Changes {
  const { before, changed, reasons } = compare(bench, question, message, passed);
  const entries = reasons.byEntry(bench.set, entriesOf(bench.selected), [...changed.keys()]);
  const rules = reasons.byRule(bench.set, rulesOf(bench.selected), changed);
  const values: MaskedValue[] = [];
  const headers: ChangedHeader[] = [];
  for (const [place, after] of changed) {
    const found = (entries.get(place) ?? []).filter((entry) => isAbout(entry, place));
    const written = before.get(place);
    if (found.length === 0 && place.startsWith('header ')) {
      headers.push({ name: place.slice(7), before: written, after });
      continue;
    }
    values.push({
      place,
      before: written ?? '',
      after,
      labels: [...new Set(found.map(({ label }) => label))],
      entries: found,
      rules: rules.get(place) ?? [],
    });
  }
  return { values, headers };
}

/** Rules that masked something in a message: alone they do to a value what all together did, or a part of it. */
export function rulesThatMask(
  bench: MaskBench,
  question: Question,
  message: Message,
  passed: Passed,
): NamedRule[] {
  const { changed, reasons } = compare(bench, question, message, passed);
  const entries = entriesOf(bench.selected);
  const masked = [...changed].filter(([place]) => entries.some((entry) => isAbout(entry, place)));
  const rules = reasons.byRule(bench.set, rulesOf(bench.selected), new Map(masked));
  return [...new Set([...rules.values()].flat())];
}

function compare(bench: MaskBench, question: Question, message: Message, passed: Passed) {
  const sent = sentHeaders(question, message);
  const reader = new PlaceReader(message);
  const before = reader.read(sent, message.body ?? NOTHING);
  const changesTo = ({ headers, body }: Passed): Map<string, string | undefined> =>
    changedPlaces(before, reader.read(headers ?? sent, body));
  const reasons = new Reasons((set) => changesTo(bench.under(set, question).send(message)));
  return { before, changed: changesTo(passed), reasons };
}

// A masked body changes headers, too: its length, its digests.
function isAbout({ part }: Entry, place: string): boolean {
  if (/^(?:cookie|parameter|path segment) /.test(place)) {
    return part.places.length + part.segments.length > 0;
  }
  const [, header] = /^header (\S+)/.exec(place) ?? [];
  if (header === undefined)
    return part.fields.length + part.detectors.length + part.patterns.length > 0;
  return part.places.some(({ place: kind, name }) => kind === ValuePlace.Header && name === header);
}

/** Places that changed, with what is there now; undefined for what is gone. */
function changedPlaces(before: Places, after: Places): Map<string, string | undefined> {
  const changed = new Map<string, string | undefined>();
  for (const [place, text] of before) {
    if (after.get(place) !== text) changed.set(place, after.get(place));
  }
  for (const [place, text] of after) if (!before.has(place)) changed.set(place, text);
  return changed;
}

class PlaceReader {
  readonly #type: string;
  readonly #kind: BodyKind | undefined;

  constructor({ contentType = '', body = NOTHING }: Message) {
    this.#type = contentType;
    const kind = kindOfType(contentType);
    // What is not what it says, or of a kind that nobody lists here, is compared line by line.
    this.#kind = placesOfBody(kind, body, contentType) === undefined ? 'text' : kind;
  }

  read(lines: HeaderLines, body: Uint8Array): Places {
    // The certificate's header is between proxies.
    const headers = lines.filter(([name]) => name !== 'x-forwarded-client-cert');
    const values = placesOfBody(this.#kind, body, this.#type) ?? [];
    return new Map([...placesOfHeaders(headers), ...values]);
  }
}

class Reasons {
  readonly #changesUnder: (set: PolicySet) => Map<string, string | undefined>;

  constructor(changesUnder: (set: PolicySet) => Map<string, string | undefined>) {
    this.#changesUnder = changesUnder;
  }

  // Halves that change nothing hold no reason: few questions for many entries.
  byEntry(
    set: PolicySet,
    entries: readonly Entry[],
    places: readonly string[],
  ): Map<string, Entry[]> {
    const found = new Map<string, Entry[]>();
    const queue = entries.length === 0 || places.length === 0 ? [] : [entries];
    for (let some = queue.pop(); some !== undefined; some = queue.pop()) {
      const changed = this.#changesUnder(onlyEntries(set, some));
      const concerned = places.filter((place) => changed.has(place));
      const [only, ...others] = some;
      if (concerned.length === 0 || only === undefined) continue;
      if (others.length === 0) {
        for (const place of concerned) found.set(place, [...(found.get(place) ?? []), only]);
        continue;
      }
      const middle = Math.ceil(some.length / 2);
      queue.push(some.slice(middle), some.slice(0, middle));
    }
    return found;
  }

  byRule(
    set: PolicySet,
    rules: readonly NamedRule[],
    changed: ReadonlyMap<string, string | undefined>,
  ): Map<string, NamedRule[]> {
    const same = new Map<string, NamedRule[]>();
    const some = new Map<string, NamedRule[]>();
    for (const rule of changed.size === 0 ? [] : rules) {
      const alone = this.#changesUnder(onlyRules(set, [rule]));
      for (const [place, after] of changed) {
        if (!alone.has(place)) continue;
        const found = alone.get(place) === after ? same : some;
        found.set(place, [...(found.get(place) ?? []), rule]);
      }
    }
    // Where several values stand in one, each rule alone does a part.
    return new Map([...some, ...same]);
  }
}

const NOTHING = new Uint8Array();
