/**
 * An identity as one bundle sees it: made once per certificate, kept in the bundle's table by certificate digest.
 *
 *   block: | Identity | digest as 64 hexadecimal digits | labels | URI | subject | key |
 */
import { blockFree } from '../memory/block';
import { hasEntry } from './sorted-entries';

/** Digits of a digest. */
export const DIGEST_DIGITS: u32 = 64;

/** Labels of a subject that are looked at; more make the identity malformed. */
export const IDENTITY_LABELS_MAX: u32 = 16;


@unmanaged
export class Identity {
  /** SHA-256 of the certificate, 32 bytes; on the outbound side `State.selfDigest0` and so on. */
  digest0: u64;
  digest1: u64;
  digest2: u64;
  digest3: u64;
  /** UUID, 16 big-endian bytes. */
  uuid0: u64;
  uuid1: u64;
  /** Never used twice in a bundle: the identity's part of the decision key. */
  serial: u32;
  /** Reason.Permitted, or why this certificate is never accepted. */
  status: u32;
  /** State serial for which `isRevoked` holds. */
  revokedSerial: u64;
  isRevoked: bool;
  text: usize;
  textLen: u32;
  domain: usize;
  domainLen: u32;
  environment: usize;
  environmentLen: u32;
  team: usize;
  teamLen: u32;
  service: usize;
  serviceLen: u32;
  instance: usize;
  instanceLen: u32;
  /** Of a federated domain. */
  isForeign: bool;
  /** Key of its service in states: see `writeServiceKey`. */
  subject: usize;
  subjectLen: u32;
  labelCount: u32;
  /** 16 x (name, name length, value, value length), 16 bytes each. */
  labels: usize;
  /** Matching selectors, rising, in a block of their own (0 when none), and the rules that they name. */
  selectors: usize;
  selectorCount: u32;
  candidateCount: u32;
  /** State serial for which what follows holds: see `caller-values`. */
  valuesSerial: u64;
  /** Band of its service. */
  band: u32;
  /** Signals of the instance and of its service: index of the first, and number. */
  instanceSignalStart: u32;
  instanceSignalCount: u32;
  serviceSignalStart: u32;
  serviceSignalCount: u32;
}

/** Frees an identity and its selectors. */
export function freeIdentity(identity: usize): void {
  const selectors = changetype<Identity>(identity).selectors;
  if (selectors != 0) blockFree(selectors);
  blockFree(identity);
}

/**
 * Writes what states call the service of an identity, and returns its length: `<environment>/<service>`, of a federated
 * domain `<domain>/<environment>/<service>`, so that no stranger passes for a service of the mesh. Needs no more room
 * than the identity's URI.
 */
export function writeServiceKey(identity: Identity, isForeign: bool, out: usize): u32 {
  let at = out;
  if (isForeign) at = writePart(identity.domain, identity.domainLen, at);
  at = writePart(identity.environment, identity.environmentLen, at);
  memory.copy(at, identity.service, identity.serviceLen);
  return <u32>(at + identity.serviceLen - out);
}

function writePart(part: usize, len: u32, out: usize): usize {
  memory.copy(out, part, len);
  store<u8>(out + len, 0x2f);
  return out + len + 1;
}

/** Whether `selector` is among the identity's matching ones. */
export function hasSelector(identity: Identity, selector: u32): bool {
  return hasEntry(identity.selectors, identity.selectorCount, selector);
}
