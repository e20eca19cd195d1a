/** Sends roots and revocation lists to proxies, a moment after the states that they belong to. */
import { Backoff } from './backoff.ts';
import type { Facade } from './facade.ts';
import type { Log } from './log.ts';
import type { MeshSource } from './mesh-source.ts';
import { onTimer, type Schedule } from './risk/coalesce.ts';

/** What it joins. */
export interface TrustRefreshParts {
  readonly source: Pick<MeshSource, 'refreshTrust' | 'announce' | 'lacksLists'>;
  readonly facade: Pick<Facade, 'degrade' | 'mend'>;
  readonly log: Log;
}

/**
 * States refuse requests, lists only new handshakes, the first request of which a state refuses
 * too. A list is signed and goes to every proxy, so it waits until the states have left;
 * what is asked for meanwhile shares it. A key that signs may be out of reach for long: one try at a
 * time, with pauses of up to a minute, and no state waits for it or is made anew because of it.
 */
export class TrustRefresh {
  readonly #parts: TrustRefreshParts;
  readonly #schedule: Schedule;
  readonly #backoff = new Backoff();
  #cancel: (() => void) | undefined;
  #isSending = false;
  #isFailing = false;
  #isClosed = false;
  #sinceMs: number | undefined;

  constructor(parts: TrustRefreshParts, schedule: Schedule = onTimer) {
    this.#parts = parts;
    this.#schedule = schedule;
    this.#showLists();
  }

  /**
   * Asks for it because of something that was committed at `sinceMs`, of which the states leave now.
   * What fails is tried again.
   */
  ask(sinceMs: number): void {
    this.#sinceMs ??= sinceMs;
    if (!this.#isSending) this.#sendIn(afterStatesMs);
  }

  /** The same at once, for what no state says; while it keeps failing it waits as `ask` does. */
  askAtOnce(sinceMs: number): void {
    this.#sinceMs ??= sinceMs;
    if (this.#isSending || this.#isFailing || this.#isClosed) return;
    this.#cancel?.();
    this.#cancel = undefined;
    void this.#send();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  #sendIn(waitMs: number): void {
    if (this.#isClosed) return;
    this.#cancel ??= this.#schedule(() => void this.#send(), waitMs);
  }

  async #send(): Promise<void> {
    const { source, facade } = this.#parts;
    const sinceMs = this.#sinceMs;
    this.#cancel = undefined;
    this.#sinceMs = undefined;
    if (sinceMs === undefined) return;
    this.#isSending = true;
    let waitMs = afterStatesMs;
    try {
      await source.refreshTrust();
      source.announce({ kinds: ['validation'], urgent: true, sinceMs });
      this.#isFailing = false;
      this.#backoff.reset();
      facade.mend(fault);
      this.#showLists();
    } catch (error) {
      this.#isFailing = true;
      // The oldest that waits: what was asked for meanwhile came later.
      this.#sinceMs = sinceMs;
      waitMs = this.#backoff.wait();
      this.#reportFailure(error, waitMs);
    }
    this.#isSending = false;
    if (this.#sinceMs !== undefined) this.#sendIn(waitMs);
  }

  #reportFailure(err: unknown, waitMs: number): void {
    const { facade, log } = this.#parts;
    if (this.#isClosed) return;
    log.error({ err, againInMs: waitMs }, 'revocation lists not renewed, will try again');
    facade.degrade(
      fault,
      'roots and revocation lists of proxies are not renewed: the revoked can open connections, on which they are refused',
      'the log of the controller has the reason',
    );
  }

  #showLists(): void {
    const { source, facade } = this.#parts;
    if (source.lacksLists) facade.degrade(listsFault, lacksLists.what, lacksLists.help);
    else facade.mend(listsFault);
  }
}

/** What a thousand states take to leave, twice over. */
const afterStatesMs = 250;
const fault = 'trust';
const listsFault = 'federationLists';
const lacksLists = {
  what: 'proxies get no revocation lists while domains are federated: a root of ours signs none',
  help: 'revoked callers of ours open connections, and every request on them is refused (docs/federation.md)',
};
