/** The classes of one dimension of texts, numbered, with a natural witness where one was offered. */
import type { Effort } from './effort.ts';
import type { Grammar } from './grammars.ts';
import { textClasses } from './text-classes.ts';
import { TextMachine } from './text-machine.ts';
import type { TextShape } from './text-shape.ts';

/** `classesOf[shape]` lists the classes whose texts have the shape. */
export interface SplitTexts {
  readonly witnesses: readonly string[];
  readonly classesOf: readonly (readonly number[])[];
  /** The class of a text; undefined for one that the grammar has not. */
  readonly classOf: (text: string) => number | undefined;
}

/**
 * Splits the texts of a grammar by shapes. A sample stands for its class in place of the shortest text, and the class of
 * the first sample is number 0: what a request looks like where nothing else is asked for.
 */
export function splitTexts(
  shapes: readonly TextShape[],
  grammar: Grammar,
  samples: readonly string[],
  effort: Effort,
): SplitTexts {
  const [first] = samples;
  if (shapes.length === 0 && first !== undefined) {
    return { witnesses: [first], classesOf: [], classOf: () => 0 };
  }
  const machine = new TextMachine(shapes);
  const classes = textClasses(machine, grammar, effort);
  const indexOf = new Map(classes.map(({ shapes: own }, i) => [own.join(' '), i]));
  const witnesses = classes.map(({ witness }) => witness);
  const order = classes.map((_, i) => i);
  for (const sample of [...samples].reverse()) {
    const index = indexOf.get(machine.match(sample).join(' '));
    if (index === undefined) continue;
    witnesses[index] = sample;
    order.splice(order.indexOf(index), 1);
    order.unshift(index);
  }
  const classesOf: number[][] = shapes.map(() => []);
  for (const [number, index] of order.entries()) {
    for (const shape of classes[index]?.shapes ?? []) classesOf[shape]?.push(number);
  }
  const numberOf = new Map(order.map((index, number) => [index, number]));
  const classOf = (text: string): number | undefined => {
    const index = indexOf.get(machine.match(text).join(' '));
    return index === undefined ? undefined : numberOf.get(index);
  };
  return { witnesses: order.map((index) => witnesses[index] ?? ''), classesOf, classOf };
}
