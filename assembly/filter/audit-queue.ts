/**
 * Audit records on their way to the agent: one buffer is filled while the other one is under way.
 *
 * A batch that was not acknowledged is sent again with the same sequence numbers, so the receiver can tell. When both
 * buffers are full, records are dropped and counted; rules with synchronous audit deny instead.
 */
import {
  pairsAddText,
  pairsFinish,
  pairsStart,
  encodedLen,
  encodedPtr,
} from '../abi/header-pairs-writer';
import { Status } from '../abi/enums';
import { callToken, currentTimeNs, httpCall } from '../abi/hostcalls';
import { randomU64 } from '../abi/random';
import { AUDIT_MAGIC, AuditHeader, FORMAT_VERSION } from '../layout';
import { blockAlloc } from '../memory/block';
import { text } from '../memory/text';
import { Counter, count } from './metrics';
import { auditClusterLen, auditClusterPtr } from './settings';

const METHOD = text(':method');
const POST = text('POST');
const PATH = text(':path');
const AUDIT_PATH = text('/v1/audit');
const AUTHORITY = text(':authority');
const AGENT = text('dta-agent');
const CONTENT_TYPE = text('content-type');
const OCTETS = text('application/octet-stream');

const BUFFER_BYTES: u32 = 1 << 20;
const TIMEOUT_MS: u32 = 5000;
/** After this a batch without an answer counts as lost. The host gives up after TIMEOUT_MS. */
const PATIENCE_NS: u64 = 15_000_000_000;

/** Drawn once per VM; with the decision number it is the decision id. */
export let vmId: u64 = 0;
let decisionsMade: u64 = 0;

let filling: usize = 0;
let fillingLen: u32 = 0;
let fillingCount: u32 = 0;
let underway: usize = 0;
let underwayLen: u32 = 0;
let underwayCount: u32 = 0;
let isWaiting: bool = false;
let sentAtNs: u64 = 0;
let token: u32 = 0;
/** Root that the batch under way was sent from: its answer comes there. */
let sender: u32 = 0;
let nextSeq: u64 = 1;
let droppedTotal: u64 = 0;

/** Draws the VM's id and takes the buffers, as far as that was not done; for configure and tick. */
export function openQueue(): void {
  // A host without random numbers gets the next best thing: waiting for one could last for ever.
  if (vmId == 0) vmId = randomU64();
  if (vmId == 0) vmId = currentTimeNs() | 1;
  if (auditClusterLen == 0) return;
  if (filling == 0) filling = blockAlloc(BUFFER_BYTES);
  if (underway == 0) underway = blockAlloc(BUFFER_BYTES);
  if (fillingLen == 0) fillingLen = AuditHeader.SIZE;
}

/** Number of a new decision. */
export function nextDecision(): u64 {
  decisionsMade += 1;
  return decisionsMade;
}

/** Address with room for `len` bytes, or 0. What is written there counts after `commitRecord`. */
export function reserveRecord(len: u32): usize {
  if (filling == 0 || len > BUFFER_BYTES - fillingLen) return 0;
  return filling + fillingLen;
}

/** Takes what was written to the reserved place. */
export function commitRecord(len: u32): void {
  fillingLen += len;
  fillingCount += 1;
}

/** Counts a record that found no room. */
export function dropRecord(): void {
  droppedTotal += 1;
  count(Counter.AuditDropped, 1);
}

/** Sends what there is. Called from the tick of `root`. */
export function sendAudit(root: u32): void {
  if (filling == 0 || underway == 0) return;
  if (isWaiting) {
    // In time, not in ticks: every root of the VM ticks.
    const nowNs = currentTimeNs();
    if (nowNs >= sentAtNs && nowNs - sentAtNs < PATIENCE_NS) return;
    isWaiting = false;
    count(Counter.AuditRetried, 1);
  }
  if (underwayCount == 0) {
    if (fillingCount == 0) return;
    swapBuffers();
  }
  sender = root;
  post();
}

/** A root is gone, and with it the answer to what it sent: that is sent again at the next tick of another one. */
export function forgetSender(root: u32): void {
  if (!isWaiting || sender != root) return;
  isWaiting = false;
  count(Counter.AuditRetried, 1);
}

/** Takes the agent's answer: 200 ends the batch, anything else sends it again at the next tick. */
export function takeAnswer(answered: u32, isTaken: bool): void {
  if (!isWaiting || answered != token) return;
  isWaiting = false;
  if (!isTaken) {
    count(Counter.AuditRetried, 1);
    return;
  }
  count(Counter.AuditSent, underwayCount);
  underwayCount = 0;
  underwayLen = 0;
}

function swapBuffers(): void {
  const full = filling;
  filling = underway;
  underway = full;
  underwayLen = fillingLen;
  underwayCount = fillingCount;
  fillingLen = AuditHeader.SIZE;
  fillingCount = 0;
  store<u32>(underway, AUDIT_MAGIC, AuditHeader.magic);
  store<u16>(underway, <u16>FORMAT_VERSION, AuditHeader.formatVersion);
  store<u16>(underway, 0, AuditHeader.reserved);
  store<u64>(underway, vmId, AuditHeader.vmId);
  store<u64>(underway, nextSeq, AuditHeader.firstSeq);
  store<u32>(underway, underwayCount, AuditHeader.count);
  store<u32>(underway, underwayLen, AuditHeader.totalLen);
  store<u64>(underway, droppedTotal, AuditHeader.dropped);
  nextSeq += underwayCount;
}

function post(): void {
  pairsStart();
  pairsAddText(METHOD, POST);
  pairsAddText(PATH, AUDIT_PATH);
  pairsAddText(AUTHORITY, AGENT);
  pairsAddText(CONTENT_TYPE, OCTETS);
  if (!pairsFinish()) return;
  const status = httpCall(
    auditClusterPtr,
    auditClusterLen,
    encodedPtr,
    encodedLen,
    underway,
    underwayLen,
    TIMEOUT_MS,
  );
  if (status != Status.Ok) return;
  isWaiting = true;
  sentAtNs = currentTimeNs();
  token = callToken;
}
