/** The dimensions that no caller chooses: time, signals and facts, risk band. */
import { Band } from '../../layout.ts';
import type { AttributeRef } from '../cel/condition.ts';
import type { Choices } from './choices.ts';
import type { DimensionRow } from './dimension-row.ts';
import { numberClasses } from './number-classes.ts';
import { timeName } from './pattern-names.ts';
import { signalDomain } from './signals.ts';
import { timeClasses } from './time-classes.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The time: for each condition of the vocabulary the classes in which it holds. */
export interface Times {
  readonly choices: Choices;
  readonly classesOf: readonly (readonly number[])[];
}

export function addTimes(row: DimensionRow, { times }: Vocabulary, nowMs: number): Times {
  const { items } = times;
  const classes = timeClasses(items, nowMs, row.effort);
  const classesOf: number[][] = items.map(() => []);
  for (const [index, { holding }] of classes.entries()) {
    for (const condition of holding) classesOf[condition]?.push(index);
  }
  const witnessOf = (index: number): number => classes[index]?.witnessMs ?? nowMs;
  const choices = row.addChoices({
    title: 'time',
    kind: 'time',
    count: classes.length,
    named: items.map((condition, i) => ({
      name: timeName(condition),
      classes: classesOf[i] ?? [],
    })),
    nameOf: (index) => new Date(witnessOf(index)).toISOString(),
    write: (index, draft) => {
      draft.timeMs = witnessOf(index);
    },
    // The first class is that of `nowMs`; of other moments only some are looked at.
    read: ({ timeMs }) => (timeMs === nowMs ? 0 : undefined),
  });
  return { choices, classesOf };
}

/** A signal or fact: class 0 is unknown, the witnesses stand for the others. */
export interface Measure {
  readonly choices: Choices;
  readonly witnesses: readonly number[];
}

export function addMeasure(
  row: DimensionRow,
  ref: AttributeRef,
  constants: ReadonlySet<number>,
): Measure {
  const domain = signalDomain(ref);
  const classes = numberClasses(domain, constants);
  const nameOf = (index: number): string => classes[index - 1]?.words ?? 'unknown';
  const choices = row.addChoices({
    title: domain.name,
    kind: 'signal',
    usual: classes.findIndex(({ nearest }) => nearest(0) === 0) + 1,
    count: classes.length + 1,
    named: [...Array(classes.length + 1).keys()].map((i) => ({ name: nameOf(i), classes: [i] })),
    nameOf,
    write: (index, draft) => {
      const known = draft.signals[domain.name];
      const own = classes[index - 1];
      if (own === undefined) delete draft.signals[domain.name];
      else draft.signals[domain.name] = known === undefined ? own.witness : own.nearest(known);
    },
    read: ({ signals }) => {
      const value = signals[domain.name];
      if (value === undefined) return 0;
      const own = classes.findIndex((each) => each.nearest(value) === value);
      return own < 0 ? undefined : own + 1;
    },
  });
  return { choices, witnesses: classes.map(({ witness }) => witness) };
}

/** The risk band: its class is its number. */
export function addBand(row: DimensionRow): Choices {
  const names = Object.keys(Band).map((name) => name.toLowerCase());
  return row.addChoices({
    title: 'band',
    kind: 'band',
    count: names.length,
    named: names.map((name, index) => ({ name, classes: [index] })),
    nameOf: (index) => names[index] ?? '',
    write: (index, draft) => {
      draft.band = index;
    },
    read: ({ band }) => band,
  });
}
