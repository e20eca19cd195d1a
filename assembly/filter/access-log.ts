/** What Envoy's access log may show of a request, as properties of its stream (envoy/access-log.yaml). */
import { writeProperty } from '../abi/hostcalls';
import { rewrittenLen, rewrittenPtr } from '../mask/rewritten';
import { text } from '../memory/text';
import { writeDecisionId } from './deny';
import { rewriteForLogs } from './masked-path';
import { hasAccessLog } from './settings';
import { Stream } from './streams';

const PATH = text('dta_path');
const DECISION = text('dta_decision');
const LABELS = text('dta_labels');
const DECISION_BYTES: u32 = 33;

const decision: usize = memory.data(40);

/** Leaves the number of the decision, and the path where logs may not show the one that came. `mask` 0: there is no profile. */
export function tellAccessLog(stream: Stream, mask: usize): void {
  if (!hasAccessLog) return;
  writeDecisionId(decision, stream.decision);
  writeProperty(DECISION.ptr, DECISION.len, decision, DECISION_BYTES);
  if (mask == 0 || !rewriteForLogs(mask)) return;
  writeProperty(PATH.ptr, PATH.len, rewrittenPtr, rewrittenLen);
}

/** Leaves the labels found, written as in the header. */
export function tellLabels(ptr: usize, len: u32): void {
  if (hasAccessLog) writeProperty(LABELS.ptr, LABELS.len, ptr, len);
}
