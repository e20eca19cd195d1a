/**
 * The header that our own connection manager writes (SANITIZE_SET, envoy-facts "Headers, paths, certificates"):
 *
 *   x-forwarded-client-cert: By=<own URI SAN>;Hash=<sha256, 64 hex digits>
 *
 * Anything else is not taken for an identity. The header is absent when the peer showed no certificate.
 */
import { parseHex } from '../memory/bytes';
import { text } from '../memory/text';

const BY = text('By=');
const HASH = text(';Hash=');
const HASH_DIGITS: u32 = 64;

/** Own URI SAN of the last parsed header. */
export let ownIdPtr: usize = 0;
export let ownIdLen: u32 = 0;

/** Reads own identity and the peer's digest (32 bytes to `digest`). False when the value has another form. */
export function parseForwardedCert(ptr: usize, len: u32, digest: usize): bool {
  const tail = HASH.len + HASH_DIGITS;
  if (len <= BY.len + tail || !BY.equals(ptr, BY.len)) return false;
  const hash = ptr + (len - tail);
  if (!HASH.equals(hash, HASH.len)) return false;
  if (!parseHex(digest, hash + HASH.len, HASH_DIGITS)) return false;
  ownIdPtr = ptr + BY.len;
  ownIdLen = len - BY.len - tail;
  // A second element or field would mean that somebody else wrote into the header.
  for (let i: u32 = 0; i < ownIdLen; i++) {
    const byte = load<u8>(ownIdPtr + i);
    if (byte == 0x3b || byte == 0x2c || byte == 0x22) return false;
  }
  return true;
}
