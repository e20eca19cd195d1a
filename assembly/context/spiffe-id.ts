/**
 * The mesh's identity grammar over bytes (policy-model, "Identity"; SPIFFE-ID, section 2):
 *
 *   spiffe://<trust domain>/env/<environment>/team/<team>/svc/<service>/i/<uuid>
 */
import { Identity } from '../policy/identity';
import { Text, text } from '../memory/text';

const SCHEME = text('spiffe://');
const ENV = text('/env/');
const TEAM = text('/team/');
const SVC = text('/svc/');
const INSTANCE = text('/i/');

/** Longest identity that is read; the SPIFFE specification allows 2,048, our grammar needs less. */
export const IDENTITY_TEXT_MAX: u32 = 512;

const SEGMENT_MAX: u32 = 63;
const TRUST_DOMAIN_MAX: u32 = 255;
const UUID_LEN: u32 = 36;

let at: usize = 0;
let end: usize = 0;
let partPtr: usize = 0;
let partLen: u32 = 0;

/**
 * Fills the identity's parts, which point into the given bytes, and its UUID. False when the bytes are anything else than
 * one identity of the mesh's form; what was filled must not be used then.
 */
export function parseIdentity(identity: Identity, ptr: usize, len: u32): bool {
  if (len > IDENTITY_TEXT_MAX) return false;
  at = ptr;
  end = ptr + len;
  if (!skip(SCHEME) || !takeTrustDomain()) return false;
  identity.domain = partPtr;
  identity.domainLen = partLen;
  if (!skip(ENV) || !takeSegment()) return false;
  identity.environment = partPtr;
  identity.environmentLen = partLen;
  if (!skip(TEAM) || !takeSegment()) return false;
  identity.team = partPtr;
  identity.teamLen = partLen;
  if (!skip(SVC) || !takeSegment()) return false;
  identity.service = partPtr;
  identity.serviceLen = partLen;
  if (!skip(INSTANCE) || <u32>(end - at) != UUID_LEN) return false;
  identity.instance = at;
  identity.instanceLen = UUID_LEN;
  return parseUuid(identity, at);
}

function skip(expected: Text): bool {
  if (<u32>(end - at) < expected.len) return false;
  if (!expected.equals(at, expected.len)) return false;
  at += expected.len;
  return true;
}

/** Lower-case letters, digits, `.`, `-`, `_` (SPIFFE-ID 2.1). */
function takeTrustDomain(): bool {
  partPtr = at;
  while (at < end) {
    const byte = load<u8>(at);
    const isAllowed =
      (byte >= 0x61 && byte <= 0x7a) ||
      (byte >= 0x30 && byte <= 0x39) ||
      byte == 0x2e ||
      byte == 0x2d ||
      byte == 0x5f;
    if (!isAllowed) break;
    at += 1;
  }
  partLen = <u32>(at - partPtr);
  return partLen != 0 && partLen <= TRUST_DOMAIN_MAX;
}

/** `[A-Za-z0-9._-]{1,63}`, but neither `.` nor `..` (SPIFFE-ID 2.2). */
function takeSegment(): bool {
  partPtr = at;
  while (at < end && isSegmentByte(load<u8>(at))) at += 1;
  partLen = <u32>(at - partPtr);
  if (partLen == 0 || partLen > SEGMENT_MAX) return false;
  const isDots =
    load<u8>(partPtr) == 0x2e && (partLen == 1 || (partLen == 2 && load<u8>(partPtr, 1) == 0x2e));
  return !isDots;
}

/** Alphabet of segments, and of the names and values of labels. */
export function isSegmentByte(byte: u8): bool {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte == 0x2e ||
    byte == 0x2d ||
    byte == 0x5f
  );
}

/** Canonical text of RFC 9562: lower case, hyphens after 8, 12, 16 and 20 digits. */
function parseUuid(identity: Identity, ptr: usize): bool {
  const target = changetype<usize>(identity) + offsetof<Identity>('uuid0');
  let written: u32 = 0;
  let high: i32 = -1;
  for (let i: u32 = 0; i < UUID_LEN; i++) {
    const byte = load<u8>(ptr + i);
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (byte != 0x2d) return false;
      continue;
    }
    const digit = hexDigit(byte);
    if (digit < 0) return false;
    if (high < 0) {
      high = digit;
    } else {
      store<u8>(target + written, <u8>((high << 4) | digit));
      written += 1;
      high = -1;
    }
  }
  return true;
}

function hexDigit(byte: u8): i32 {
  if (byte >= 0x30 && byte <= 0x39) return <i32>byte - 0x30;
  if (byte >= 0x61 && byte <= 0x66) return <i32>byte - 0x61 + 10;
  return -1;
}
