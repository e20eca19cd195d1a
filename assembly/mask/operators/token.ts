/**
 * Token: the text under AES-SIV (RFC 5297) as `dtk1.<key id>.<base64url>`. Equal texts have equal tokens; only the
 * controller can turn them back. A text that is too long is redacted.
 */
import { sivEncrypt } from '../../crypto/aes-siv';
import { base64urlWrite } from '../../crypto/base64url';
import { MaskKey } from '../../layout';
import { writeHex } from '../../memory/bytes';
import { text } from '../../memory/text';
import { emitText } from '../emit-text';
import { keysOf } from '../rules';
import { Masker } from '../state';
import { emitConstant } from './constant';

/** Most bytes of a text. */
const TEXT_MAX: u32 = 1_024;
const SIV_BYTES: u32 = 16;
const START = text('dtk1.');
const ID_BYTES: u32 = 2;
const DOT: u8 = 0x2e;

const id: usize = memory.data(2);
const sealed: usize = memory.data(1040, 8);
const written: usize = memory.data(1400, 8);

/** Emits the token of a text. */
export function emitToken(m: Masker, ptr: usize, len: u32): void {
  if (len > TEXT_MAX) {
    emitConstant(m, 0);
    return;
  }
  const keys = keysOf(m.blob);
  store<u16>(id, bswap<u16>(<u16>load<u32>(keys, MaskKey.id)));
  let at = START.writeTo(written);
  writeHex(at, id, ID_BYTES);
  at += 2 * ID_BYTES;
  // The start of the token, key id included, is what the text is bound to.
  const sealedLen = sivEncrypt(keys + MaskKey.siv, written, <u32>(at - written), ptr, len, sealed);
  if (sealedLen != len + SIV_BYTES) {
    emitConstant(m, 0);
    return;
  }
  store<u8>(at, DOT);
  at += 1;
  at += base64urlWrite(at, sealed, sealedLen);
  emitText(m, written, <u32>(at - written));
}
