/** The decision on one request (policy-model, "Meaning"): what must hold before any rule, then the rules. */
import { Status } from '../abi/enums';
import { currentTimeNs, dataLen, dataPtr, readProperty } from '../abi/hostcalls';
import { parseForwardedCert, ownIdLen, ownIdPtr } from '../context/forwarded-cert';
import { matchHosts } from '../context/host-name';
import { makeOwnIdentity, makePeerIdentity } from '../context/identity-record';
import { methodBit } from '../context/method';
import { pathLen, pathPtr, readPath } from '../context/path';
import * as request from '../context/request';
import { parseIdentity } from '../context/spiffe-id';
import { Direction, MethodBit, Reason } from '../layout';
import { equalBytes, parseHex } from '../memory/bytes';
import { text } from '../memory/text';
import { Bundle } from '../policy/bundle';
import { Decision, isHit, lookUpDecision } from '../policy/decision-cache';
import { Subject, evaluate } from '../policy/evaluate';
import { Identity } from '../policy/identity';
import { findIdentity } from '../policy/identity-table';
import { OWN_ID_MAX } from '../policy/load-bundle';
import { PathClass, classifyPath, isPathTooLong, pathClassesWereReset } from '../policy/path-class';
import { refresh, startGeneration } from '../policy/refresh';
import { State, isRevoked } from '../policy/state';
import { currentState } from './configure';
import { Counter, count } from './metrics';
import { BundleEntry, Root, isPoisoned, poison } from './roots';
import { readsIdentityHeader } from './settings';

const PEER_DIGEST = text('connection\0sha256_peer_certificate_digest');
const OWN_URI = text('connection\0uri_san_local_certificate');
const DIGEST_DIGITS: u32 = 64;
/** One request in this many is held against the properties of its connection. */
const SPOT_CHECK_EVERY: u32 = 64;

/** What the last `decide` found; valid until the callback returns. Addresses are 0 where it did not come so far. */
export let decidedBundle: usize = 0;
export let decidedIdentity: usize = 0;
export let decidedNowMs: u64 = 0;
/** Decision of the rules, or 0 when the request was denied before them. */
export let decided: usize = 0;

const digest: usize = memory.data(32, 8);
const spotDigest: usize = memory.data(32, 8);
const subjectBlock: usize = memory.data(64, 8);
const uncached: usize = memory.data(64, 8);
const ownIdentity: usize = memory.data(256, 8);
let requestsSeen: u32 = 0;

/** Decides the request that `context/request` has read. Anything but Reason.Permitted is a denial. */
export function decide(root: Root): Reason {
  decidedBundle = 0;
  decidedIdentity = 0;
  decided = 0;
  decidedNowMs = currentTimeNs() / 1_000_000;
  if (root.entry != 0) decidedBundle = changetype<BundleEntry>(root.entry).bundle;
  if (decidedBundle == 0) return Reason.NoBundle;
  if (currentState == 0) return Reason.NoState;
  if (isPoisoned) return Reason.IdentityForged;
  const bundle = changetype<Bundle>(decidedBundle);
  const state = changetype<State>(currentState);
  if (decidedNowMs >= bundle.hardExpiryMs) return Reason.BundleExpired;
  if (decidedNowMs >= state.hardExpiryMs) return Reason.StateExpired;
  if (decidedNowMs >= bundle.softExpiryMs) count(Counter.BundleSoftExpired, 1);
  if (!equalBytes(state.mesh, state.meshLen, bundle.mesh, bundle.meshLen))
    return Reason.MeshMismatch;
  const reason =
    bundle.direction == Direction.Inbound
      ? identifyPeer(root, bundle)
      : identifySelf(bundle, state);
  if (reason != Reason.Permitted) return reason;
  const identity = changetype<Identity>(decidedIdentity);
  if (identity.status != Reason.Permitted) return identity.status;
  if (identity.revokedSerial != state.serial) {
    const uuid = decidedIdentity + offsetof<Identity>('uuid0');
    identity.isRevoked = isRevoked(state, decidedIdentity, uuid);
    identity.revokedSerial = state.serial;
  }
  if (identity.isRevoked) return Reason.Revoked;
  return decideByRules(bundle, state, identity);
}

function decideByRules(bundle: Bundle, state: State, identity: Identity): Reason {
  if (!readPath(request.pathPtr, request.pathAndQueryLen)) return Reason.PathAmbiguous;
  refresh(bundle, state, decidedNowMs);
  const pathClass = classifyPath(bundle, pathPtr, pathLen);
  if (pathClass == 0) return isPathTooLong ? Reason.PathTooLong : Reason.NoMemory;
  if (pathClassesWereReset) startGeneration(bundle);
  const subject = changetype<Subject>(subjectBlock);
  subject.pathClass = pathClass;
  subject.method = methodBit(request.methodPtr, request.methodLen);
  subject.methodPtr = request.methodPtr;
  subject.methodLen = request.methodLen;
  subject.hosts = matchHosts(bundle, request.authorityPtr, request.authorityLen);
  subject.nowMs = decidedNowMs;
  let decision: Decision;
  if (subject.method == MethodBit.Other && bundle.hasOtherMethods) {
    decision = changetype<Decision>(uncached);
    evaluate(bundle, state, identity, subject, decision);
  } else {
    const id = changetype<PathClass>(pathClass).id;
    decision = lookUpDecision(bundle, identity.serial, id, subject.method, subject.hosts);
    if (!isHit) evaluate(bundle, state, identity, subject, decision);
  }
  decided = changetype<usize>(decision);
  if (decision.shadowDiffers) count(Counter.ShadowDiffers, 1);
  return decision.reason;
}

/** Inbound: the source is the peer's certificate, and this proxy must be the destination that the bundle names. */
function identifyPeer(root: Root, bundle: Bundle): Reason {
  let reason = readsIdentityHeader ? readHeaderDigest(bundle) : readPropertyDigest();
  if (reason != Reason.Permitted) return reason;
  const known = findIdentity(bundle, digest);
  if (!readsIdentityHeader) {
    reason = checkOwnProperty(root, bundle, known != 0);
    if (reason != Reason.Permitted) return reason;
  }
  decidedIdentity = known;
  if (decidedIdentity == 0) decidedIdentity = makePeerIdentity(bundle, digest);
  return decidedIdentity == 0 ? Reason.NoMemory : Reason.Permitted;
}

/** Outbound: the source is this proxy, whom the controller knows by the certificate that it fetched its state with. */
function identifySelf(bundle: Bundle, state: State): Reason {
  if (state.selfLen == 0) return Reason.NoCertificate;
  const self = changetype<usize>(state) + offsetof<State>('selfDigest0');
  decidedIdentity = findIdentity(bundle, self);
  if (decidedIdentity == 0) decidedIdentity = makeOwnIdentity(bundle, state, self);
  return decidedIdentity == 0 ? Reason.NoMemory : Reason.Permitted;
}

function readHeaderDigest(bundle: Bundle): Reason {
  if (!request.hasForwarded) return Reason.NoCertificate;
  if (!parseForwardedCert(request.forwardedPtr, request.forwardedLen, digest)) {
    return Reason.IdentityMalformed;
  }
  requestsSeen += 1;
  if ((requestsSeen & (SPOT_CHECK_EVERY - 1)) == 1) {
    const reason = spotCheck();
    if (reason != Reason.Permitted) return reason;
  }
  return isDestination(bundle, ownIdPtr, ownIdLen) ? Reason.Permitted : Reason.WrongDestination;
}

/** Holds the header against what the connection says of itself. */
function spotCheck(): Reason {
  // Without room for the answer nothing is known: only this request is denied.
  if (readProperty(PEER_DIGEST.ptr, PEER_DIGEST.len) == Status.InvalidMemoryAccess) {
    return Reason.NoMemory;
  }
  const isTrue =
    dataLen == DIGEST_DIGITS &&
    parseHex(spotDigest, dataPtr, DIGEST_DIGITS) &&
    memory.compare(spotDigest, digest, 32) == 0;
  if (isTrue) return Reason.Permitted;
  count(Counter.IdentityMismatch, 1);
  poison();
  return Reason.IdentityForged;
}

function readPropertyDigest(): Reason {
  readProperty(PEER_DIGEST.ptr, PEER_DIGEST.len);
  if (dataLen == 0) return Reason.NoCertificate;
  if (dataLen != DIGEST_DIGITS || !parseHex(digest, dataPtr, DIGEST_DIGITS)) {
    return Reason.IdentityMalformed;
  }
  return Reason.Permitted;
}

/**
 * Reading the own certificate costs as much as deciding does. It belongs to the listener, as the root does: it is read for
 * the first request of a root under a bundle, for every peer that is new, and for one request in 64.
 */
function checkOwnProperty(root: Root, bundle: Bundle, isPeerKnown: bool): Reason {
  requestsSeen += 1;
  const isDue = (requestsSeen & (SPOT_CHECK_EVERY - 1)) == 1;
  if (isPeerKnown && !isDue && root.checkedVersion == bundle.version) return Reason.Permitted;
  readProperty(OWN_URI.ptr, OWN_URI.len);
  if (!isDestination(bundle, dataPtr, dataLen)) {
    root.checkedVersion = 0;
    return Reason.WrongDestination;
  }
  root.checkedVersion = bundle.version;
  return Reason.Permitted;
}

/** Whether this proxy's own identity is the bundle's destination. The last one that was is remembered. */
function isDestination(bundle: Bundle, ptr: usize, len: u32): bool {
  if (equalBytes(ptr, len, bundle.ownId, bundle.ownIdLen)) return len != 0;
  const own = changetype<Identity>(ownIdentity);
  if (!parseIdentity(own, ptr, len)) return false;
  const isOurs =
    equalBytes(own.domain, own.domainLen, bundle.mesh, bundle.meshLen) &&
    equalBytes(own.environment, own.environmentLen, bundle.environment, bundle.environmentLen) &&
    equalBytes(own.service, own.serviceLen, bundle.service, bundle.serviceLen);
  if (!isOurs || len > OWN_ID_MAX) return isOurs;
  memory.copy(bundle.ownId, ptr, len);
  bundle.ownIdLen = len;
  return true;
}
