/** The shapes of texts that policies compare with: patterns, path templates and hosts as sequences of few elements. */
import { HostKind, TextOp } from '../../layout.ts';
import type { HostPattern } from '../host-pattern.ts';
import type { PathTemplate } from '../path-template.ts';
import type { TextPattern } from '../text-pattern.ts';

/**
 * A part of a text: characters as they stand; `segment`, one or more characters without a slash; `rest`, any characters;
 * `digits`, any number of digits.
 */
export type Element = { readonly literal: string } | 'segment' | 'rest' | 'digits';

/** Alternatives, each a sequence of elements: a text has the shape when one of them is the whole text. */
export type TextShape = readonly (readonly Element[])[];

export function shapeOfPattern({ op, text }: TextPattern): TextShape {
  const literal = { literal: text };
  if (op === TextOp.Equal) return [[literal]];
  return op === TextOp.Prefix ? [[literal, 'rest']] : [['rest', literal]];
}

/** Of a normalised path. */
export function shapeOfPath({ segments, end, affix }: PathTemplate): TextShape {
  if (end === 'suffix') return [['rest', { literal: affix }]];
  const whole = segments.flatMap((segment): Element[] => [
    { literal: '/' },
    segment === 'any' ? 'segment' : segment,
  ]);
  if (end === 'exact') return [whole];
  if (end === 'prefix') return [[...whole, { literal: `/${affix}` }, 'rest']];
  const longer: Element[] = [...whole, { literal: '/' }, 'rest'];
  return whole.length === 0 ? [longer] : [whole, longer];
}

/** Of an authority in lower case: the host may have a trailing dot and a port. */
export function shapeOfHost({ kind, text }: HostPattern): TextShape {
  // At least one character in front of a suffix: a bare `segment` will do, an authority has no slash.
  const start: Element[] =
    kind === HostKind.Suffix ? ['segment', { literal: text }] : [{ literal: text }];
  const dot = { literal: '.' };
  const port: Element[] = [{ literal: ':' }, 'digits'];
  return [start, [...start, dot], [...start, ...port], [...start, dot, ...port]];
}
