/** Which foreign trust domains a bundle accepts. */
import { FederatedDomain } from '../layout';
import { compareBytes } from '../memory/bytes';
import { Bundle, strLen, strPtr } from './bundle';

/** Whether identities of that trust domain, which is not the mesh's, are accepted. A binary search. */
export function isFederated(bundle: Bundle, domain: usize, domainLen: u32): bool {
  let low: u32 = 0;
  let high = bundle.domainCount;
  while (low < high) {
    const mid = (low + high) >> 1;
    const field = bundle.domains + <usize>mid * FederatedDomain.SIZE + FederatedDomain.name;
    const order = compareBytes(strPtr(bundle, field), strLen(field), domain, domainLen);
    if (order == 0) return true;
    if (order < 0) low = mid + 1;
    else high = mid;
  }
  return false;
}
