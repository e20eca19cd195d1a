/** Dimensions of headers and parameters, which may be absent, there once, or there several times. */
import { isDeepStrictEqual } from 'node:util';

import { RequestKind } from '../../layout.ts';
import { headerElements, trimBlanks } from '../request-text.ts';
import { type Bdd, type Node, TRUE } from './bdd.ts';
import { type ConcreteRequest, parametersOf, type RequestDraft } from './concrete-request.ts';
import { type Dimension, ValuesDimension } from './dimension.ts';
import { type Effort, GaveUp } from './effort.ts';
import { type Grammar, headerElement, headerLine, parameterValue } from './grammars.ts';
import { patternName } from './pattern-names.ts';
import { splitTexts } from './split-texts.ts';
import { shapeOfPattern } from './text-shape.ts';
import type { Truth } from './truth.ts';
import type { HeaderTexts, NameTexts } from './vocabulary.ts';

/** What conditions ask of a name; `all` and `any` of its values have a pattern, by the numbers of the vocabulary. */
export interface NameTruths {
  readonly dimension: Dimension;
  readonly present: Node;
  readonly all: readonly Truth[];
  readonly any: readonly Truth[];
}

/** A parameter: any set of values. */
export function parameterTruths(
  texts: NameTexts,
  bdd: Bdd,
  from: number,
  effort: Effort,
): NameTruths {
  const { name } = texts;
  const own = (parameters: readonly [string, string][]): string[] =>
    parameters.flatMap(([key, value]) => (key === name ? [value] : []));
  const kind: Kind = {
    title: `parameter \`${name}\``,
    grammar: parameterValue,
    valuesOf: (request) => own(parametersOf(request)),
    change: (draft, to) => {
      const values = to(own(draft.parameters));
      const others = draft.parameters.filter(([key]) => key !== name);
      const changed = values.map((value): [string, string] => [name, value]);
      draft.parameters.splice(0, draft.parameters.length, ...others, ...changed);
    },
  };
  return setOfValues(texts, kind, bdd, from, effort);
}

/**
 * A header: any set of lines, or of elements of lists, of which each gets a line. One set never reads a header in both
 * ways (`mixed-headers.ts`), two that are compared can: throws GaveUp.
 */
export function headerTruths(
  texts: HeaderTexts,
  bdd: Bdd,
  from: number,
  effort: Effort,
): NameTruths {
  const { name, kinds } = texts;
  const isWhole = kinds.has(RequestKind.AnyHeader);
  if (isWhole && kinds.has(RequestKind.Header)) {
    throw new GaveUp(`header \`${name}\` is read by value in one set and by line in the other`);
  }
  const valuesIn = (lines: readonly string[] = []) =>
    lines.flatMap((line) => (isWhole ? [trimBlanks(line)] : headerElements(line)));
  const kind: Kind = {
    title: `header \`${name}\``,
    grammar: isWhole ? headerLine : headerElement,
    valuesOf: ({ headers }) => valuesIn(headers[name]),
    change: ({ headers }, to) => {
      const values = valuesIn(headers[name]);
      const changed = to(values);
      if (changed.length === 0) delete headers[name];
      // What fits stays in the lines that it came in.
      else if (!isDeepStrictEqual(changed, values)) headers[name] = [...changed];
    },
  };
  return setOfValues(texts, kind, bdd, from, effort);
}

interface Kind {
  readonly title: string;
  readonly grammar: Grammar;
  readonly valuesOf: (request: ConcreteRequest) => readonly string[];
  readonly change: (
    draft: RequestDraft,
    to: (values: readonly string[]) => readonly string[],
  ) => void;
}

// A value of each class may be there or not, whatever else is there: with that, what all values or some have is exact.
function setOfValues(
  texts: NameTexts,
  { title, grammar, valuesOf, change }: Kind,
  bdd: Bdd,
  from: number,
  effort: Effort,
): NameTruths {
  const patterns = texts.values.items;
  const { witnesses, classesOf, classOf } = splitTexts(
    patterns.map(shapeOfPattern),
    grammar,
    ['x'],
    effort,
  );
  const count = witnesses.length;
  const someOf = (indexes: Iterable<number>): Node => {
    // Rising levels need the deepest first.
    let node: Node = 0;
    for (const index of [...indexes].sort((a, b) => b - a)) {
      node = bdd.choose(from + index, node, TRUE);
    }
    return node;
  };
  const present = someOf(witnesses.keys());
  const named = [
    { name: 'absent', node: bdd.not(present) },
    { name: 'there', node: present },
  ];
  const any: Truth[] = [];
  const all = patterns.map((pattern, number): Truth => {
    const own = new Set(classesOf[number]);
    const other = [...witnesses.keys()].filter((index) => !own.has(index));
    const matches = someOf(own);
    const differs = someOf(other);
    const name = patternName(pattern);
    const sure = bdd.minus(matches, differs);
    const possible = bdd.not(bdd.minus(differs, matches));
    named.push(
      { name: `all values ${name}`, node: sure },
      { name: `no value ${name}`, node: bdd.minus(present, matches) },
      { name: `a value ${name}`, node: matches },
      { name: `absent or a value ${name}`, node: possible },
      { name: `absent or no value ${name}`, node: bdd.not(matches) },
      { name: `absent or a value other than ${name}`, node: bdd.not(sure) },
    );
    any.push({ sure: matches, possible: bdd.or(matches, bdd.not(present)) });
    return { sure, possible };
  });
  const dimension = new ValuesDimension({
    title,
    from,
    count,
    bdd,
    named,
    write: (indexes, draft) => {
      change(draft, (values) => {
        const kept = values.filter((value) => indexes.includes(classOf(value) ?? -1));
        const has = new Set(kept.map(classOf));
        const missing = indexes.filter((index) => !has.has(index));
        return [...kept, ...missing.map((index) => witnesses[index] ?? '')];
      });
    },
    read: (request) => {
      const classes = valuesOf(request).map(classOf);
      return classes.every((index) => index !== undefined) ? classes : undefined;
    },
  });
  return { dimension, present, all, any };
}
