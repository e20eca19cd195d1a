/** Which labels a clearance covers: itself, and those below it that data of the destination has. */
import { isFor } from './classified.ts';
import { listOf, mapOf, type OracleRequest, type RawDocument } from './request.ts';

/** The labels and those below them, sorted. */
export function closeDown(
  labels: readonly string[],
  { set, target }: Pick<OracleRequest, 'set' | 'target'>,
): string[] {
  const here = set.filter((document) => isFor(document, target));
  const ofData = new Set(here.flatMap(labelsOfData));
  const covered = new Set(labels);
  // Until nothing is added: every pair of a label and one below it.
  for (let size = 0; size !== covered.size; ) {
    size = covered.size;
    for (const [name, below] of pairs(set)) if (covered.has(name)) covered.add(below);
  }
  return [...covered].filter((label) => ofData.has(label) || labels.includes(label)).sort();
}

// The order is that of the whole set, whatever the destination.
function pairs(set: readonly RawDocument[]): [string, string][] {
  const written = set.flatMap((document) =>
    document.kind === 'DataClassification' ? listOf(mapOf(document.spec).labels).map(mapOf) : [],
  );
  return [
    ['PII', 'Confidential'],
    ['PCI', 'Confidential'],
    ['Confidential', 'Internal'],
    ['Internal', 'Public'],
    ...written.flatMap(({ name, above }) =>
      listOf(above).map((below): [string, string] => [String(name), String(below)]),
    ),
  ];
}

// What carries or masks; routes only carry labels for conditions.
function labelsOfData({ kind, spec }: RawDocument): string[] {
  const of = (list: string, field: string): string[] =>
    (listOf(mapOf(spec)[list]) as RawDocument[]).flatMap((entry) =>
      listOf(entry[field]).map(String),
    );
  if (kind === 'AccessPolicy') return [];
  if (kind === 'MaskingPolicy') return of('rules', 'labels');
  const lists = ['fields', 'values', 'headers', 'cookies', 'parameters', 'pathParameters'];
  return lists.flatMap((list) => of(list, 'label'));
}
