/** Istio's texts with a wildcard: exact, `start*`, `*end`, and `*` for anything that is there. */
import type { TextTest } from './term.ts';

/** How Istio reads a text; further stars than the one that counts stand for themselves. */
export type IstioText =
  | { readonly test: 'present' }
  | { readonly test: TextTest; readonly text: string };

/** Reads a text as Istio does: a star at the start counts before one at the end. */
export function readIstioText(value: string): IstioText {
  if (value === '*') return { test: 'present' };
  if (value.startsWith('*')) return { test: 'suffix', text: value.slice(1) };
  if (value.endsWith('*')) return { test: 'prefix', text: value.slice(0, -1) };
  return { test: 'equal', text: value };
}
