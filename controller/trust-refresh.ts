/** Sends roots and revocation lists to proxies, a moment after the states that they belong to. */
import type { Facade } from './facade.ts';
import type { Log } from './log.ts';
import type { MeshSource } from './mesh-source.ts';

/**
 * States refuse requests, lists only new handshakes, the first request of which a state refuses
 * too. A list is signed and goes to every proxy, so it waits until the states have left;
 * what is asked for meanwhile shares it.
 */
export class TrustRefresh {
  readonly #source: Pick<MeshSource, 'refreshTrust' | 'announce'>;
  readonly #facade: Pick<Facade, 'degrade' | 'mend'>;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #sinceMs: number | undefined;

  constructor(
    source: Pick<MeshSource, 'refreshTrust' | 'announce'>,
    facade: Pick<Facade, 'degrade' | 'mend'>,
    log: Log,
  ) {
    this.#source = source;
    this.#facade = facade;
    this.#log = log;
  }

  /** Asks for it because of something that was committed at `sinceMs`. What fails is tried again. */
  ask(sinceMs: number): void {
    this.#sinceMs ??= sinceMs;
    this.#timer ??= setTimeout(() => void this.#send(), afterStatesMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#sinceMs = undefined;
  }

  async #send(): Promise<void> {
    const sinceMs = this.#sinceMs;
    this.#timer = undefined;
    this.#sinceMs = undefined;
    if (sinceMs === undefined) return;
    try {
      await this.#source.refreshTrust();
      this.#source.announce({ kinds: ['validation'], urgent: true, sinceMs });
      this.#facade.mend(fault);
    } catch (error) {
      this.#log.error({ err: error }, 'revocation lists not renewed, will try again');
      this.#facade.degrade(
        fault,
        'roots and revocation lists of proxies are not renewed: the revoked can open connections, on which they are refused',
        'the log of the controller has the reason',
      );
      this.#sinceMs ??= sinceMs;
      this.#timer ??= setTimeout(() => void this.#send(), retryMs);
    }
  }
}

/** What a thousand states take to leave, twice over. */
const afterStatesMs = 250;
const retryMs = 1_000;
const fault = 'trust';
