/** Data labels as bits. */
import { DtaError } from '../../errors.ts';
import { BundleSection, LABELS_MAX, Label } from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';

/** The bits of `names`; a label's bit is its place in `labels`, which holds them all. */
export function bitsOf(names: Iterable<string>, labels: readonly string[]): bigint {
  let bits = 0n;
  for (const name of names) bits |= 1n << BigInt(labels.indexOf(name));
  return bits;
}

/** Section Labels. Throws DtaError when there are more than a clearance has bits. */
export function writeLabels(labels: readonly string[], strings: StringTable): SectionData {
  if (labels.length > LABELS_MAX) {
    throw new DtaError('policyInvalid', `${labels.length} different labels`, {
      help: `a bundle has at most ${LABELS_MAX} labels`,
    });
  }
  const records = new Records(Label.SIZE);
  for (const label of labels) {
    records.add((view, at) => strings.put(view, at + Label.name, label));
  }
  return records.section(BundleSection.Labels);
}
