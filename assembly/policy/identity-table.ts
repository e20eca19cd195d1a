/** The identities that a bundle has met, by certificate digest: two-way sets, so that an eviction costs the same as a hit. */
import { Bundle } from './bundle';
import { Identity, freeIdentity } from './identity';

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
  const set = load<u32>(digest) & (SETS - 1);
  return bundle.identities + <usize>set * WAYS * sizeof<usize>();
}
