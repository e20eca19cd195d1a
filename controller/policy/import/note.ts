/** What an import has to say about a policy: what it could not carry over, and what reads differently here. */
import type { Origin } from '../policy-set.ts';

/**
 * How much a note matters. `notCarried`: a part has no counterpart, and the result denies more than the original did.
 * `neverMatches`: carried exactly, but nothing of this mesh can match it. `information`: nothing was lost.
 */
export type ImportNoteKind = 'notCarried' | 'neverMatches' | 'information';

/** A note with its place; `field` is the path of keys inside the document, empty for notes on the whole import. */
export interface ImportNote extends Origin {
  readonly kind: ImportNoteKind;
  /** `namespace/name` of the policy; empty for notes on the whole import. */
  readonly policy: string;
  readonly field: string;
  readonly message: string;
}

/** Order in which notes are shown: by file, line, column. */
export function compareNotes(a: ImportNote, b: ImportNote): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column;
}

/** A path of keys as people write it: `spec.rules[0].from[1].source`. */
export function fieldText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}
