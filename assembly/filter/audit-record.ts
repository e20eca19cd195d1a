/** Writes one decision as an AuditRecord (docs/formats.md). */
import * as request from '../context/request';
import { AuditRecord, Band, NONE, Reason, Rule, Verdict } from '../layout';
import { rewrittenPtr } from '../mask/rewritten';
import { Bundle, strLen, strPtr } from '../policy/bundle';
import { Decision } from '../policy/decision-cache';
import { Identity } from '../policy/identity';
import { State } from '../policy/state';
import { currentState } from './configure';
import { grantedClearance, verdictOf } from './restrict';
import { rewriteForLogs, targetPathLen } from './masked-path';
import { BundleEntry, Root } from './roots';
import { Stream } from './streams';
import { decided, decidedBundle, decidedIdentity, decidedNowMs } from './decide';

const SOURCE_MAX: u32 = 512;
const RULE_MAX: u32 = 256;
const METHOD_MAX: u32 = 32;
const PATH_MAX: u32 = 512;

/** Largest record. */
export const RECORD_MAX: u32 =
  <u32>AuditRecord.SIZE + SOURCE_MAX + RULE_MAX + METHOD_MAX + PATH_MAX + 8;

/** Writes the record of the last decision to `target`, which has RECORD_MAX bytes. Returns its length. */
export function writeRecord(target: usize, stream: Stream, reason: Reason, direction: u32): u32 {
  memory.fill(target, 0, AuditRecord.SIZE);
  store<u8>(target, <u8>verdictOf(reason), AuditRecord.verdict);
  store<u8>(target, <u8>reason, AuditRecord.reason);
  store<u8>(target, Band.Critical, AuditRecord.band);
  store<u8>(target, <u8>direction, AuditRecord.direction);
  store<u64>(target, decidedNowMs, AuditRecord.timeMs);
  store<u64>(target, stream.decision, AuditRecord.decision);
  store<u64>(target, stream.labels, AuditRecord.labels);
  if (decidedBundle != 0) {
    store<u64>(target, changetype<Bundle>(decidedBundle).version, AuditRecord.bundleVersion);
  }
  if (currentState != 0) {
    store<u64>(target, changetype<State>(currentState).epoch, AuditRecord.stateEpoch);
  }
  let at = target + AuditRecord.SIZE;
  at = writeSource(target, at);
  at = writeRule(target, at);
  if (reason == Reason.Permitted) store<u64>(target, grantedClearance, AuditRecord.clearance);
  const methodLen = min(request.methodLen, METHOD_MAX);
  store<u16>(target, <u16>methodLen, AuditRecord.methodLen);
  at = append(at, request.methodPtr, methodLen);
  at = writePath(target, at);
  while ((at & 7) != (target & 7)) {
    store<u8>(at, 0);
    at += 1;
  }
  const len = <u32>(at - target);
  store<u32>(target, len, AuditRecord.recordLen);
  return len;
}

/**
 * Writes the record of a stream that was ended while it ran, by Reason.Revoked or Reason.Isolated: `decision` names the
 * record that allowed it. `target` has RECORD_MAX bytes. Returns its length.
 */
export function writeCut(
  target: usize,
  stream: Stream,
  text: usize,
  textLen: u32,
  reason: Reason,
  nowMs: u64,
): u32 {
  const isIsolated = reason == Reason.Isolated;
  memory.fill(target, 0, RECORD_MAX);
  store<u8>(target, isIsolated ? Verdict.Isolate : Verdict.Deny, AuditRecord.verdict);
  store<u8>(target, <u8>reason, AuditRecord.reason);
  store<u8>(target, Band.Critical, AuditRecord.band);
  store<u8>(target, <u8>reason, AuditRecord.bodyReason);
  store<u8>(target, isIsolated ? 0 : 1, AuditRecord.flags);
  store<u64>(target, nowMs, AuditRecord.timeMs);
  store<u64>(target, stream.decision, AuditRecord.decision);
  if (currentState != 0) {
    store<u64>(target, changetype<State>(currentState).epoch, AuditRecord.stateEpoch);
  }
  const entry = changetype<Root>(stream.root).entry;
  const bundle: usize = entry == 0 ? 0 : changetype<BundleEntry>(entry).bundle;
  if (bundle != 0) {
    store<u8>(target, <u8>changetype<Bundle>(bundle).direction, AuditRecord.direction);
    store<u64>(target, changetype<Bundle>(bundle).version, AuditRecord.bundleVersion);
  }
  const len = min(textLen, SOURCE_MAX);
  store<u16>(target, <u16>len, AuditRecord.sourceLen);
  memory.copy(target + AuditRecord.SIZE, text, len);
  const total = (<u32>AuditRecord.SIZE + len + 7) & ~7;
  store<u32>(target, total, AuditRecord.recordLen);
  return total;
}

function writeSource(target: usize, at: usize): usize {
  if (decidedIdentity == 0) return at;
  const identity = changetype<Identity>(decidedIdentity);
  // A malformed identity is bytes that somebody else chose: only its digest-bound reason is recorded.
  if (identity.status != Reason.Permitted && identity.status != Reason.UnknownTrustDomain)
    return at;
  const len = min(identity.textLen, SOURCE_MAX);
  store<u16>(target, <u16>len, AuditRecord.sourceLen);
  return append(at, identity.text, len);
}

function writeRule(target: usize, at: usize): usize {
  if (decided == 0) return at;
  const decision = changetype<Decision>(decided);
  store<u8>(target, decision.band, AuditRecord.band);
  if (decision.shadowDiffers) store<u8>(target, 2, AuditRecord.flags);
  if (decision.rule == NONE) return at;
  const bundle = changetype<Bundle>(decidedBundle);
  const name = bundle.rules + <usize>decision.rule * Rule.SIZE + Rule.name;
  const len = min(strLen(name), RULE_MAX);
  store<u16>(target, <u16>len, AuditRecord.ruleLen);
  return append(at, strPtr(bundle, name), len);
}

/** Without the query, and without what the labels of the bundle hide from everybody who is cleared for nothing. */
function writePath(target: usize, at: usize): usize {
  const mask: usize = decidedBundle == 0 ? 0 : changetype<Bundle>(decidedBundle).requestMask;
  const isOther = mask != 0 && rewriteForLogs(mask);
  const path = isOther ? rewrittenPtr : request.pathPtr;
  const len = min(isOther ? targetPathLen : request.pathLen, PATH_MAX);
  store<u16>(target, <u16>len, AuditRecord.pathLen);
  return append(at, path, len);
}

function append(at: usize, ptr: usize, len: u32): usize {
  memory.copy(at, ptr, len);
  return at + len;
}
