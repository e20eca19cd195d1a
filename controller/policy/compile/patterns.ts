/** The user-defined patterns of a destination, each a detector of its own. */
import { DetectorKind } from '../../layout.ts';
import type { CompiledPattern } from '../pattern/compile-pattern.ts';
import type { ClassifiedDetector, DataClassification } from '../policy-set.ts';

/** The different patterns of classifications, in order of first use: the first is Pattern0. */
export function distinctPatterns(
  classifications: readonly Pick<DataClassification, 'patterns'>[],
): CompiledPattern[] {
  const patterns = classifications.flatMap((policy) => policy.patterns);
  return [...new Map(patterns.map(({ pattern }) => [keyOf(pattern), pattern])).values()];
}

/** The detectors of all patterns of classifications; `distinct` is what `distinctPatterns` answers. */
export function patternDetectors(
  classifications: readonly Pick<DataClassification, 'patterns'>[],
  distinct: readonly CompiledPattern[],
): ClassifiedDetector[] {
  const keys = distinct.map(keyOf);
  return classifications.flatMap(({ patterns }) =>
    patterns.map(({ label, pattern }) => {
      const index = keys.indexOf(keyOf(pattern));
      return { label, kind: (DetectorKind.Pattern0 + index) as DetectorKind };
    }),
  );
}

function keyOf({ text, isPartOfWord }: CompiledPattern): string {
  return `${isPartOfWord} ${text}`;
}
