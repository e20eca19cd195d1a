/** The signature keys of an issuer, read from a file or a URL, and again when a token names one that is new. */
import { readFile } from 'node:fs/promises';

import type { Clock } from '../../clock.ts';
import { fetchText } from './fetch-text.ts';
import { readKeySet, TokenFault, type VerificationKey } from './json-web-token.ts';

/** Where a key set is. */
export type KeySetPlace =
  | { readonly file: string }
  | { readonly url: string; readonly caPem?: string | undefined };

/** One issuer's keys. */
export class KeySet {
  readonly #place: KeySetPlace;
  readonly #clock: Clock;
  #keys = new Map<string, VerificationKey>();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(place: KeySetPlace, clock: Clock) {
    this.#place = place;
    this.#clock = clock;
  }

  /**
   * The key with this id. Keys are kept for five minutes, then read anew, so that one that was
   * taken back stops counting; a key that is not known is looked for at most every ten seconds.
   * Rejects with `TokenFault` when there is none, and when keys that are too old cannot be read.
   */
  async find(keyId: string): Promise<VerificationKey> {
    const ageMs = this.#clock() - this.#readAtMs;
    // A clock that was set back makes no key younger.
    const isOld = ageMs < 0 || ageMs >= keptMs;
    if (isOld || (!this.#keys.has(keyId) && ageMs >= askAgainMs)) await this.#read();
    const key = this.#keys.get(keyId);
    if (key) return key;
    throw new TokenFault('key unknown');
  }

  async #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #readOnce(): Promise<void> {
    try {
      const place = this.#place;
      const text = 'file' in place ? await readFile(place.file, 'utf8') : await fetchText(place);
      this.#keys = readKeySet(text);
      this.#readAtMs = this.#clock();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TokenFault(`keys of the issuer cannot be read: ${why}`, { cause });
    }
  }
}

const keptMs = 5 * 60_000;
const askAgainMs = 10_000;
