/** Test-only module around the cryptographic kernels: (ptr, len) functions, no host. */
import {
  HMAC_MIDSTATE_BYTES,
  HMAC_STATE_BYTES,
  hmacFinish,
  hmacInit,
  hmacPrepare,
  hmacUpdate,
} from '../../assembly/crypto/hmac-sha256';
import {
  SHA256_STATE_BYTES,
  sha256Finish,
  sha256Init,
  sha256Update,
} from '../../assembly/crypto/sha256';
import { blockAlloc, blockFree } from '../../assembly/memory/block';

export { hmacFinish, hmacInit, hmacPrepare, hmacUpdate, sha256Finish, sha256Init, sha256Update };

/** A block of the module's memory, 0 when there is no room. */
export function take(size: usize): usize {
  return blockAlloc(size);
}

/** Gives a block back. */
export function give(ptr: usize): void {
  blockFree(ptr);
}

export function sha256StateBytes(): usize {
  return SHA256_STATE_BYTES;
}

export function hmacStateBytes(): usize {
  return HMAC_STATE_BYTES;
}

export function hmacMidstateBytes(): usize {
  return HMAC_MIDSTATE_BYTES;
}
