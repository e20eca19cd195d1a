/**
 * Hash: the first hexadecimal digits of HMAC-SHA-256 (RFC 2104) of the decoded text, under the key of the mesh: equal
 * values have equal hashes, and nobody without the key can try values out.
 */
import {
  HMAC_MIDSTATE_BYTES,
  HMAC_STATE_BYTES,
  hmacFinish,
  hmacInit,
  hmacPrepare,
  hmacUpdate,
} from '../../crypto/hmac-sha256';
import { MaskKey, MaskRule } from '../../layout';
import { equalBytes, writeHex } from '../../memory/bytes';
import { appendUtf8 } from '../../memory/utf8';
import { emitText } from '../emit-text';
import { keysOf, ruleOf } from '../rules';
import { KEY_MAX, Masker, keyOf } from '../state';

const KEY_BYTES: u32 = 32;
const DIGEST_BYTES: u32 = 32;

/** The key that `midstates` were made of. */
const preparedKey: usize = memory.data(32, 8);
const midstates: usize = memory.data(64, 8);
let isPrepared: bool = false;
const digest: usize = memory.data(32, 8);
const hexDigits: usize = memory.data(64, 8);
const spanState: usize = memory.data(136, 8);
const character: usize = memory.data(8);

/** Where a value that streams keeps the code point that may still get its low half, plus 1; 0: none. */
const PENDING: usize = (HMAC_STATE_BYTES + 7) & ~7;

/** Starts a value that streams. Its state lies in the region of member names. */
export function openHash(m: Masker): void {
  prepareKey(m);
  hmacInit(keyOf(m), midstates);
  store<u32>(keyOf(m) + PENDING, 0);
}

/** Adds a character. Always true. */
export function feedHash(m: Masker, codePoint: u32, joined: bool): bool {
  const pending = keyOf(m) + PENDING;
  if (!joined) flushCharacter(m);
  store<u32>(pending, codePoint + 1);
  return true;
}

/** Emits the hash of what was fed. */
export function closeHash(m: Masker): void {
  flushCharacter(m);
  hmacFinish(keyOf(m), digest);
  emitDigest(m, m.textStrength);
}

/** Emits the hash of a text that is whole. */
export function emitHash(m: Masker, ptr: usize, len: u32, strength: u32): void {
  prepareKey(m);
  hmacInit(spanState, midstates);
  hmacUpdate(spanState, ptr, len);
  hmacFinish(spanState, digest);
  emitDigest(m, strength);
}

function flushCharacter(m: Masker): void {
  const pending = load<u32>(keyOf(m) + PENDING);
  if (pending == 0) return;
  hmacUpdate(keyOf(m), character, appendUtf8(character, pending - 1));
  store<u32>(keyOf(m) + PENDING, 0);
}

function emitDigest(m: Masker, strength: u32): void {
  writeHex(hexDigits, digest, DIGEST_BYTES);
  emitText(m, hexDigits, load<u32>(ruleOf(m.blob, strength), MaskRule.param));
}

/** The first two blocks of the function depend on the key alone. */
function prepareKey(m: Masker): void {
  const key = keysOf(m.blob) + MaskKey.hash;
  if (isPrepared && equalBytes(preparedKey, KEY_BYTES, key, KEY_BYTES)) return;
  memory.copy(preparedKey, key, KEY_BYTES);
  hmacPrepare(midstates, key, KEY_BYTES);
  isPrepared = true;
}

// INVARIANT: the state fits where names are read, and the key's part where it is kept.
assert(PENDING + 4 <= KEY_MAX && HMAC_MIDSTATE_BYTES <= 64 && HMAC_STATE_BYTES <= 136);
