/** Makes a classification of what was found, with what speaks for each entry. */
import type { KindCount, Place, PlaceCount } from './place-statistics.ts';

/** A field that is proposed. */
export interface ProposedField {
  readonly place: Exclude<Place, { form: 'text' }>;
  readonly label: string;
  /** Whole lines. */
  readonly evidence: readonly string[];
  /** Nothing but its name speaks for it. */
  readonly isByName: boolean;
}

/** A detector that is proposed for values wherever they stand. */
export interface ProposedValue {
  readonly detector: string;
  readonly country: string | undefined;
  readonly label: string;
  readonly evidence: readonly string[];
}

/** What is proposed, and what is too weak. */
export interface Proposal {
  readonly fields: readonly ProposedField[];
  readonly values: readonly ProposedValue[];
  /** Lines on what was found and not proposed. */
  readonly notes: readonly string[];
}

/** What decides on proposals. */
export interface ProposalRules {
  /** The part of the values at a place that a detector has to find, 0 to 1. */
  readonly minShare: number;
  /** The label of a kind of data. */
  readonly labelOf: (kind: string) => string;
  /** Kinds that a name hints at; none when names are not looked at. */
  readonly kindsOfName: (name: string) => readonly string[];
}

/** Proposes fields where most values are found, detectors where values stand in texts, and fields by their names. */
export function propose(places: readonly PlaceCount[], rules: ProposalRules): Proposal {
  const fields: ProposedField[] = [];
  const scattered = new Map<string, Scattered>();
  const notes: string[] = [];
  for (const count of places) {
    const { place, values } = count;
    const strong: [string, KindCount][] = [];
    for (const [kind, found] of count.kinds) {
      // A text with more in it is masked where the value stands, not whole.
      if (place.form !== 'text' && found.whole >= values * rules.minShare)
        strong.push([kind, found]);
      else if (found.within > 0 || place.form === 'text')
        addScattered(scattered, kind, count, found);
      else notes.push(`${showPlaceName(place)}: ${evidenceOf(kind, found, values)}`);
    }
    if (place.form === 'text') continue;
    fields.push(...fieldsOf(place, values, strong, rules));
  }
  const values = [...scattered].map(([kind, one]) => proposedValue(kind, one, rules));
  return { fields, values, notes };
}

interface Scattered {
  readonly places: string[];
  readonly samples: Set<string>;
  count: number;
}

function addScattered(
  scattered: Map<string, Scattered>,
  kind: string,
  { place }: PlaceCount,
  { whole, within, samples }: KindCount,
): void {
  const one = scattered.get(kind) ?? { places: [], samples: new Set(), count: 0 };
  one.places.push(showPlaceName(place));
  for (const sample of samples) one.samples.add(sample);
  one.count += whole + within;
  scattered.set(kind, one);
}

function proposedValue(
  kind: string,
  { places, samples, count }: Scattered,
  rules: ProposalRules,
): ProposedValue {
  const [detector = kind, country] = kind.split(' ');
  const where = places.slice(0, SHOWN_MAX).join(', ') + (places.length > SHOWN_MAX ? ', ...' : '');
  const shown = [...samples].slice(0, SHOWN_MAX).join(', ');
  return {
    detector,
    country,
    label: rules.labelOf(detector),
    evidence: [
      `${kind}: in ${count === 1 ? 'a text' : `${count} texts`} (${where}), for example ${shown}`,
    ],
  };
}

// One entry for each label: several detectors may speak for it.
function fieldsOf(
  place: ProposedField['place'],
  values: number,
  strong: readonly (readonly [string, KindCount])[],
  { labelOf, kindsOfName }: ProposalRules,
): ProposedField[] {
  const byLabel = new Map<string, string[]>();
  const add = (kind: string, line: string): void => {
    const label = labelOf(kind.split(' ')[0] ?? kind);
    byLabel.set(label, [...(byLabel.get(label) ?? []), line]);
  };
  for (const [kind, found] of strong) add(kind, evidenceOf(kind, found, values));
  const isByName = strong.length === 0;
  if (isByName && place.name !== '') {
    const amount = values === 1 ? '1 value' : `${values} values`;
    for (const kind of kindsOfName(place.name)) {
      add(kind, `lower confidence, by its name alone: ${kind} (${amount})`);
    }
  }
  return [...byLabel].map(([label, evidence]) => ({ place, label, evidence, isByName }));
}

function evidenceOf(kind: string, { whole, within, samples }: KindCount, values: number): string {
  const all = values === 1 ? '1 value' : `${values} values`;
  return `${kind}: ${whole + within} of ${all}, for example ${samples.join(', ')}`;
}

function showPlaceName(place: Place): string {
  return place.form === 'path'
    ? place.path
    : place.form === 'name'
      ? `field ${place.name}`
      : 'text';
}

const SHOWN_MAX = 3;
