/** Checks the federated trust domains of a bundle. */
import { BundleHeader, BundleSection, FEDERATED_DOMAINS_MAX, FederatedDomain } from '../layout';
import { compareBytes, equalBytes } from '../memory/bytes';
import { isString } from './checks';
import { Refusal, refuse } from './refusal';
import { bundleCount, bundleSection } from './sections';

/** The section table and the header were checked before. */
export function validateDomains(payload: usize): Refusal {
  const kind = BundleSection.FederatedDomains;
  const count = bundleCount(payload, kind);
  if (count > FEDERATED_DOMAINS_MAX) return refuse(Refusal.TooMany, kind, 0);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  const strings = bundleSection(payload, BundleSection.Strings);
  const mesh = strings + load<u32>(payload, BundleHeader.mesh);
  const meshLen = load<u32>(payload, BundleHeader.meshLen);
  let record = bundleSection(payload, kind);
  let before: usize = 0;
  let beforeLen: u32 = 0;
  for (let i: u32 = 0; i < count; i++, record += FederatedDomain.SIZE) {
    if (!isString(record + FederatedDomain.name, stringsLen)) {
      return refuse(Refusal.StringSpan, kind, i);
    }
    const name = strings + load<u32>(record, FederatedDomain.name);
    const len = load<u32>(record, FederatedDomain.nameLen);
    // The mesh is no stranger to itself: as one it would lose what its own callers may do.
    if (len == 0 || equalBytes(name, len, mesh, meshLen)) return refuse(Refusal.EnumValue, kind, i);
    if (i != 0 && compareBytes(before, beforeLen, name, len) >= 0) {
      return refuse(Refusal.SortOrder, kind, i);
    }
    before = name;
    beforeLen = len;
  }
  return Refusal.None;
}
