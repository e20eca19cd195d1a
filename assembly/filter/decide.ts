/** The decision on one request (policy-model, "Meaning"): what must hold before any rule, then the rules. */
import { Status } from '../abi/enums';
import { currentTimeNs, dataLen, dataPtr, readProperty } from '../abi/hostcalls';
import { parseForwardedCert, ownIdLen, ownIdPtr } from '../context/forwarded-cert';
import { matchedHosts, readHost } from '../context/host-name';
import { makeOwnIdentity, makePeerIdentity } from '../context/identity-record';
import { methodBit } from '../context/method';
import { pathLen, pathPtr, readPath } from '../context/path';
import * as request from '../context/request';
import { classifyRequest, requestClass } from '../context/request-values';
import { parseIdentity } from '../context/spiffe-id';
import { Direction, Reason, Verdict } from '../layout';
import { equalBytes, parseHex } from '../memory/bytes';
import { text } from '../memory/text';
import { Bundle } from '../policy/bundle';
import { Decision, isHit, lookUpDecision } from '../policy/decision-cache';
import { evaluate } from '../policy/evaluate';
import { DIGEST_DIGITS, Identity } from '../policy/identity';
import { findIdentity, findIdentityByDigits } from '../policy/identity-table';
import { InternedList } from '../policy/interned-lists';
import { OWN_ID_MAX } from '../policy/load-bundle';
import {
  classifyPath,
  isPathTooLong,
  knownPathClass,
  pathClassesWereReset,
} from '../policy/path-class';
import { refresh, startGeneration } from '../policy/refresh';
import { requestClassesWereReset } from '../policy/request-class';
import { findRestrictions, strictest } from '../policy/restrictions';
import { State, isRevoked } from '../policy/state';
import { Subject } from '../policy/subject';
import { currentState } from './configure';
import { Counter, count } from './metrics';
import { BundleEntry, Root, isPoisoned, poison } from './roots';
import { readsIdentityHeader } from './settings';

const PEER_DIGEST = text('connection\0sha256_peer_certificate_digest');
const OWN_URI = text('connection\0uri_san_local_certificate');
const BY = text('By=');
const HASH = text(';Hash=');
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
const ownIdentity: usize = memory.data(256, 8);
/** The 64 hexadecimal digits that the peer's digest came as; in the arena. */
let digits: usize = 0;
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
  if (!isMeshOf(bundle, state)) return Reason.MeshMismatch;
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
  findRestrictions(
    state,
    identity.subject,
    identity.subjectLen,
    bundle.subject,
    bundle.subjectLen,
    decidedNowMs,
  );
  if (strictest == Verdict.Isolate) return Reason.Isolated;
  return decideByRules(bundle, state, identity);
}

/** The part of a decision that follows the look-up of the caller; the time is `decidedNowMs`. */
export function decideByRules(bundle: Bundle, state: State, identity: Identity): Reason {
  refresh(bundle, state, decidedNowMs);
  const pathClass = pathClassOf(bundle);
  if (pathClass == 0) return pathFault;
  if (!readHost(bundle, request.authorityPtr, request.authorityLen)) return Reason.HostAmbiguous;
  const reason = classifyRequest(bundle);
  if (reason != Reason.Permitted) return reason;
  if (requestClass != 0 && requestClassesWereReset) startGeneration(bundle);
  const method = methodBit(request.methodPtr, request.methodLen);
  const pathId = changetype<InternedList>(pathClass).id;
  const requestId = requestClass == 0 ? 0 : changetype<InternedList>(requestClass).id;
  const decision = lookUpDecision(bundle, identity.serial, pathId, requestId, method, matchedHosts);
  if (!isHit) {
    const subject = changetype<Subject>(subjectBlock);
    subject.pathClass = pathClass;
    subject.requestClass = requestClass;
    subject.hosts = matchedHosts;
    subject.nowMs = decidedNowMs;
    subject.method = method;
    evaluate(bundle, state, identity, subject, decision);
  }
  decided = changetype<usize>(decision);
  if (decision.shadowDiffers) count(Counter.ShadowDiffers, 1);
  return decision.reason;
}

let pathFault: Reason = Reason.PathAmbiguous;

/** Class of the request's path, or 0 and the reason in `pathFault`. A path that was seen before is not normalised again. */
function pathClassOf(bundle: Bundle): usize {
  const known = knownPathClass(bundle, request.pathPtr, request.pathLen);
  if (known != 0) return known;
  pathFault = Reason.PathAmbiguous;
  if (!readPath(request.pathPtr, request.pathLen)) return 0;
  const made = classifyPath(bundle, pathPtr, pathLen, request.pathPtr, request.pathLen);
  if (pathClassesWereReset) startGeneration(bundle);
  if (made == 0) pathFault = isPathTooLong ? Reason.PathTooLong : Reason.NoMemory;
  return made;
}

/** Whether bundle and state belong to one mesh; what was found holds for this state. */
function isMeshOf(bundle: Bundle, state: State): bool {
  if (bundle.meshSerial == state.serial) return true;
  const isSame = equalBytes(state.mesh, state.meshLen, bundle.mesh, bundle.meshLen);
  if (isSame) bundle.meshSerial = state.serial;
  return isSame;
}

/** Inbound: the source is the peer's certificate, and this proxy must be the destination that the bundle names. */
function identifyPeer(root: Root, bundle: Bundle): Reason {
  const reason = readsIdentityHeader ? readHeaderPeer(bundle) : readPropertyPeer(root, bundle);
  if (reason != Reason.Permitted) return reason;
  if (decidedIdentity == 0) decidedIdentity = makePeerIdentity(bundle, digest, digits);
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

/** Finds the peer that the header names, or leaves its digest in `digest` and `digits`. */
function readHeaderPeer(bundle: Bundle): Reason {
  if (!request.hasForwarded) return Reason.NoCertificate;
  const header = request.forwardedPtr;
  const len = request.forwardedLen;
  digits = header + len - DIGEST_DIGITS;
  // What stands in front of the digits was read and found right before, and so were they: nothing is left to parse.
  const isOwn =
    len > DIGEST_DIGITS &&
    equalBytes(bundle.ownHeader, bundle.ownHeaderLen, header, len - DIGEST_DIGITS);
  const known = isOwn ? findIdentityByDigits(bundle, digits) : 0;
  if (known == 0 && !parseForwardedCert(header, len, digest)) return Reason.IdentityMalformed;
  requestsSeen += 1;
  if ((requestsSeen & (SPOT_CHECK_EVERY - 1)) == 1) {
    const reason = spotCheck(known == 0 ? digest : known);
    if (reason != Reason.Permitted) return reason;
  }
  if (known == 0 && !isDestination(bundle, ownIdPtr, ownIdLen)) return Reason.WrongDestination;
  decidedIdentity = known == 0 ? findIdentity(bundle, digest) : known;
  return Reason.Permitted;
}

/** Holds the digest of the header against what the connection says of itself. */
function spotCheck(expected: usize): Reason {
  // Without room for the answer nothing is known: only this request is denied.
  if (readProperty(PEER_DIGEST.ptr, PEER_DIGEST.len) == Status.InvalidMemoryAccess) {
    return Reason.NoMemory;
  }
  const isTrue =
    dataLen == DIGEST_DIGITS &&
    parseHex(spotDigest, dataPtr, DIGEST_DIGITS) &&
    equalBytes(spotDigest, 32, expected, 32);
  if (isTrue) return Reason.Permitted;
  count(Counter.IdentityMismatch, 1);
  poison();
  return Reason.IdentityForged;
}

/** Finds the peer by the properties of its connection, or leaves its digest in `digest` and `digits`. */
function readPropertyPeer(root: Root, bundle: Bundle): Reason {
  readProperty(PEER_DIGEST.ptr, PEER_DIGEST.len);
  if (dataLen == 0) return Reason.NoCertificate;
  if (dataLen != DIGEST_DIGITS) return Reason.IdentityMalformed;
  digits = dataPtr;
  let known = findIdentityByDigits(bundle, digits);
  if (known == 0) {
    if (!parseHex(digest, digits, DIGEST_DIGITS)) return Reason.IdentityMalformed;
    known = findIdentity(bundle, digest);
  }
  const reason = checkOwnProperty(root, bundle, known != 0);
  if (reason == Reason.Permitted) decidedIdentity = known;
  return reason;
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
  const around = BY.len + HASH.len;
  const isKnown =
    bundle.ownHeaderLen == len + around && equalBytes(bundle.ownHeader + BY.len, len, ptr, len);
  if (isKnown) return true;
  const own = changetype<Identity>(ownIdentity);
  if (!parseIdentity(own, ptr, len)) return false;
  const isOurs =
    equalBytes(own.domain, own.domainLen, bundle.mesh, bundle.meshLen) &&
    equalBytes(own.environment, own.environmentLen, bundle.environment, bundle.environmentLen) &&
    equalBytes(own.service, own.serviceLen, bundle.service, bundle.serviceLen);
  if (!isOurs || len > OWN_ID_MAX) return isOurs;
  const id = BY.writeTo(bundle.ownHeader);
  memory.copy(id, ptr, len);
  HASH.writeTo(id + len);
  bundle.ownHeaderLen = len + around;
  return true;
}
