/** Whether anything has to be masked for a caller. */
import { MaskHeader, MaskRule } from '../layout';
import { heldBlob } from './holder';
import { isInForce } from './rules';

/** True when a rule of the profile is in force under the clearance and band. `holder` 0 is no profile. */
export function isMaskNeeded(holder: usize, clearance: u64, band: u32): bool {
  if (holder == 0) return false;
  const blob = heldBlob(holder);
  const count = load<u32>(blob, MaskHeader.ruleCount);
  let rule = blob + load<u32>(blob, MaskHeader.ruleOff);
  for (let i: u32 = 0; i < count; i++, rule += MaskRule.SIZE) {
    if (isInForce(rule, clearance, band)) return true;
  }
  return false;
}
