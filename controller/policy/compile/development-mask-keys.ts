/** The well-known keys that bundles are compiled with where nothing is published. */
import { createHash } from 'node:crypto';

import type { MaskKeys } from '../../mask-keys.ts';

/**
 * Keys that everybody knows, under id 0, which no secret of a mesh has: for `dta policy check` and the like, so that the
 * filter can prove a bundle without a secret. A controller never publishes them.
 */
export const developmentMaskKeys: MaskKeys = {
  keyId: 0,
  hash: known('hash', 32),
  siv: known('siv', 32),
  fpe: known('fpe', 16),
  dateShift: known('date-shift', 8),
};

function known(purpose: string, bytes: number): Uint8Array {
  return createHash('sha256').update(`sm-dta development ${purpose}`).digest().subarray(0, bytes);
}
