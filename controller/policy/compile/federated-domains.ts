/** The foreign trust domains that a bundle accepts. */
import { DtaError } from '../../errors.ts';
import { BundleSection, FEDERATED_DOMAINS_MAX, FederatedDomain } from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import { compareText } from '../policy-error.ts';

/** Section FederatedDomains. Throws DtaError when there are more than a bundle may have. */
export function writeFederatedDomains(
  domains: readonly string[],
  strings: StringTable,
): SectionData {
  if (domains.length > FEDERATED_DOMAINS_MAX) {
    throw new DtaError('usage', `${domains.length} federated trust domains`, {
      help: `a bundle has at most ${FEDERATED_DOMAINS_MAX}`,
    });
  }
  const records = new Records(FederatedDomain.SIZE);
  // Names are ASCII: their order by units is the order by bytes.
  for (const name of [...domains].sort(compareText)) {
    records.add((view, at) => strings.put(view, at + FederatedDomain.name, name));
  }
  return records.section(BundleSection.FederatedDomains);
}
