/** Test-only module around the cryptographic kernels: (ptr, len) functions, no host. */
import {
  AES_SCHEDULE_BYTES,
  AES_TABLE_BYTES,
  AES_TABLES,
  aesEncrypt,
  aesExpand,
} from '../../assembly/crypto/aes';
import { sivAssociate, sivEncrypt, sivSeal, sivStart } from '../../assembly/crypto/aes-siv';
import { base64urlLength, base64urlWrite } from '../../assembly/crypto/base64url';
import { CMAC_KEY_BYTES, cmacCode, cmacPrepare } from '../../assembly/crypto/cmac';
import { ff1Encrypt } from '../../assembly/crypto/ff1';
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

export { aesExpand, base64urlLength, base64urlWrite, cmacPrepare, ff1Encrypt, sivEncrypt };
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

export function aesScheduleBytes(): usize {
  return AES_SCHEDULE_BYTES;
}

export function cmacKeyBytes(): usize {
  return CMAC_KEY_BYTES;
}

export function aesTables(): usize {
  return AES_TABLES;
}

export function aesTableBytes(): u32 {
  return AES_TABLE_BYTES;
}

/** Encrypts a block in place. */
export function aesBlock(schedule: usize, block: usize): void {
  v128.store(block, aesEncrypt(schedule, v128.load(block)));
}

export function cmac(prepared: usize, ptr: usize, len: u32, out: usize): void {
  v128.store(out, cmacCode(prepared, ptr, len));
}

/** SIV with associated strings that lie behind each other, 16 bits of length in front of each. */
export function sivEncryptAll(
  key: usize,
  strings: usize,
  stringsLen: u32,
  text: usize,
  len: u32,
  out: usize,
): u32 {
  let state = sivStart(key);
  for (const end = strings + <usize>stringsLen; strings < end;) {
    const stringLen = <u32>load<u16>(strings);
    state = sivAssociate(state, strings + 2, stringLen);
    strings += 2 + <usize>stringLen;
  }
  return sivSeal(state, text, len, out);
}
