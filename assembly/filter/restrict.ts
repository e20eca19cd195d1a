/** What restrictions leave of a request that the rules permit: broken circuits, read-only calls, rates, clearances. */
import * as request from '../context/request';
import { methodBit } from '../context/method';
import { MethodBit, Reason, Verdict } from '../layout';
import { isMaskNeeded } from '../mask/need';
import { Bundle } from '../policy/bundle';
import { Decision } from '../policy/decision-cache';
import { Identity } from '../policy/identity';
import {
  isReadOnly,
  leastRate,
  longestRetryAfter,
  rateBurst,
  strictest,
  takesClearance,
} from '../policy/restrictions';
import { takeToken, waitMs } from '../policy/token-buckets';
import { decided, decidedBundle, decidedIdentity, decidedNowMs } from './decide';
import { Root } from './roots';
import { workers } from './settings';

/** What the last request may read, and whether its bodies are masked. Set by `restrict` for permitted requests. */
export let grantedClearance: u64 = 0;
export let masksRequest: bool = false;
export let masksResponse: bool = false;
/** Whole seconds after which a caller refused with RateLimited or CircuitOpen may try again, at least 1. */
export let retryAfterSeconds: u32 = 1;

const RETRY_AFTER_MAX: f64 = 4294967295;

/**
 * Holds a request that the rules permit against the restrictions that `decide` found: Reason.Permitted, or why they
 * refuse it. The decision itself may be a cached one: it is read only.
 */
export function restrict(root: Root): Reason {
  const decision = changetype<Decision>(decided);
  grantedClearance = decision.clearance;
  masksRequest = decision.masksRequest;
  masksResponse = decision.masksResponse;
  if (strictest == Verdict.Allow) return Reason.Permitted;
  retryAfterSeconds = max(longestRetryAfter, 1);
  if (strictest == Verdict.Break) return Reason.CircuitOpen;
  if (isReadOnly && !isSafeMethod()) return Reason.ReadOnly;
  if (leastRate != 0 && !isInRate(root)) return Reason.RateLimited;
  if (takesClearance) withholdClearance(changetype<Bundle>(decidedBundle));
  return Reason.Permitted;
}

/** The verdict of a decision: a restriction's when it let the request through or was what refused it. */
export function verdictOf(reason: Reason): u32 {
  switch (reason) {
    case Reason.Permitted:
    case Reason.ReadOnly:
    case Reason.RateLimited:
    case Reason.CircuitOpen:
    case Reason.Isolated:
      return strictest;
    default:
      return Verdict.Deny;
  }
}

/** Methods that RFC 9110, section 9.2.1, calls safe, except TRACE; what an upgraded connection does nobody sees. */
function isSafeMethod(): bool {
  if (request.isUpgrade) return false;
  const bit = methodBit(request.methodPtr, request.methodLen);
  return bit == MethodBit.GET || bit == MethodBit.HEAD || bit == MethodBit.OPTIONS;
}

/** Workers do not know of one another: each gives its share of the rate. */
function isInRate(root: Root): bool {
  const uuid = decidedIdentity + offsetof<Identity>('uuid0');
  // By destination: what is called elsewhere does not use up the rate here.
  const scope = <u32>root.entry;
  if (takeToken(uuid, scope, leastRate / <f64>workers, rateBurst, decidedNowMs)) return true;
  // A rate of Degrade names no time: the caller learns when its next token comes.
  if (longestRetryAfter == 0) {
    retryAfterSeconds = <u32>max(min(Math.ceil(waitMs / 1000), RETRY_AFTER_MAX), 1);
  }
  return false;
}

function withholdClearance(bundle: Bundle): void {
  grantedClearance = 0;
  const band = <u32>changetype<Decision>(decided).band;
  masksRequest = isMaskNeeded(bundle.requestMask, 0, band);
  masksResponse = isMaskNeeded(bundle.responseMask, 0, band);
}
