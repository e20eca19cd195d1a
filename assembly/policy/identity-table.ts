/** The identities that a bundle has met, by certificate digest: two-way sets, so that an eviction costs the same as a hit. */
import { Bundle } from './bundle';
import { equalBytes } from '../memory/bytes';
import { DIGEST_DIGITS, Identity, freeIdentity } from './identity';

const SETS: u32 = 2048;
const WAYS: u32 = 2;

/** Bytes of the table of one bundle. */
export const IDENTITY_TABLE_BYTES: usize = <usize>SETS * WAYS * sizeof<usize>();

/** The identity with this 32-byte digest, compared in full, or 0. */
export function findIdentity(bundle: Bundle, digest: usize): usize {
  const set = setPtr(bundle, digest);
  for (let way: u32 = 0; way < WAYS; way++) {
    const known = load<usize>(set + <usize>way * sizeof<usize>());
    if (known != 0 && hasDigest(known, digest)) return known;
  }
  return 0;
}

/** The identity whose digest was read from these very 64 hexadecimal digits when it was made, or 0. */
export function findIdentityByDigits(bundle: Bundle, digits: usize): usize {
  const set = setAt(bundle, firstBytes(load<u32>(digits)));
  for (let way: u32 = 0; way < WAYS; way++) {
    const known = load<usize>(set + <usize>way * sizeof<usize>());
    if (known != 0 && equalBytes(digitsOf(known), DIGEST_DIGITS, digits, DIGEST_DIGITS)) {
      return known;
    }
  }
  return 0;
}

/** Where an identity keeps the digits of its digest; zero for the proxy's own, which no inbound bundle holds. */
export function digitsOf(identity: usize): usize {
  return identity + offsetof<Identity>();
}

/** Adds an identity; the older one of a full set is freed. */
export function keepIdentity(bundle: Bundle, identity: usize): void {
  const set = setPtr(bundle, identity);
  const oldest = load<usize>(set, sizeof<usize>());
  if (oldest != 0) freeIdentity(oldest);
  store<usize>(set, load<usize>(set), sizeof<usize>());
  store<usize>(set, identity);
}

/** Forgets all identities. */
export function dropIdentities(bundle: Bundle): void {
  for (let i: u32 = 0; i < SETS * WAYS; i++) {
    const slot = bundle.identities + <usize>i * sizeof<usize>();
    if (load<usize>(slot) != 0) freeIdentity(load<usize>(slot));
    store<usize>(slot, 0);
  }
}

/** INVARIANT: the digest stands at the start of an Identity. */
function hasDigest(identity: usize, digest: usize): bool {
  const known = changetype<Identity>(identity);
  return (
    known.digest0 == load<u64>(digest) &&
    known.digest1 == load<u64>(digest, 8) &&
    known.digest2 == load<u64>(digest, 16) &&
    known.digest3 == load<u64>(digest, 24)
  );
}

/** A digest of SHA-256 is its own hash. */
function setPtr(bundle: Bundle, digest: usize): usize {
  return setAt(bundle, load<u16>(digest));
}

function setAt(bundle: Bundle, hash: u32): usize {
  return bundle.identities + <usize>(hash & (SETS - 1)) * WAYS * sizeof<usize>();
}

/** The two bytes that 4 hexadecimal digits stand for, all digits at once; any number for other characters. */
function firstBytes(digits: u32): u32 {
  const nibbles = (digits & 0x0f0f0f0f) + ((digits >> 6) & 0x01010101) * 9;
  const bytes = ((nibbles & 0x000f000f) << 4) | ((nibbles >> 8) & 0x000f000f);
  return (bytes & 0xff) | ((bytes >> 8) & 0xff00);
}

// INVARIANT: the set of a digest hangs on its first two bytes only.
assert(SETS <= 65_536);
