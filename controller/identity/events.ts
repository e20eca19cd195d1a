/** What happens to identities as it happens, for `dta identity watch`; the newest thousand are remembered. */
import type { AttestationMethod } from './model.ts';

/** What happened. */
export type IdentityEventKind =
  | 'joined'
  | 'renewed'
  | 'refused'
  | 'revoked'
  | 'rotationOrdered'
  | 'registered'
  | 'unregistered'
  | 'lifted';

/** One event. Members that say nothing are absent. */
export interface IdentityEvent {
  /** Rising by one since the controller started. */
  readonly id: number;
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly kind: IdentityEventKind;
  /** UUID of the instance concerned. */
  readonly instance?: string;
  /** UUIDs of all that were revoked with it, and its own; absent: it alone. */
  readonly instances?: readonly string[];
  readonly spiffeId?: string;
  readonly method?: AttestationMethod | 'renewal' | 'unknown';
  /** What was revoked, ordered or registered: `service prod/orders`. */
  readonly target?: string;
  readonly reason?: string;
  readonly actor?: string;
  /** End of the certificate that was given. */
  readonly notAfterMs?: number;
  /** Address of who was refused. */
  readonly address?: string;
}

/** An event before it has a number and a time. */
export type NewEvent = Omit<IdentityEvent, 'id' | 'atMs'>;

/** The feed. A listener that throws is nobody else's matter, so listeners must not. */
export class IdentityEvents {
  readonly #clock: () => number;
  readonly #listeners = new Set<() => void>();
  #kept: IdentityEvent[] = [];
  #lastId = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Adds an event and wakes who follows. */
  add(event: NewEvent): void {
    this.#kept.push({ id: ++this.#lastId, atMs: this.#clock(), ...event });
    if (this.#kept.length >= 2 * keptCount) this.#kept = this.#kept.slice(-keptCount);
    for (const listener of this.#listeners) listener();
  }

  /** Events after number `afterId` that are remembered, oldest first, at most `limit`; without it the newest. */
  tail({ afterId, limit }: { afterId?: number | undefined; limit: number }): IdentityEvent[] {
    if (afterId === undefined) return this.#kept.slice(-limit);
    return this.#kept.filter(({ id }) => id > afterId).slice(0, limit);
  }

  /** Calls `listener` after each event; gives the function that ends it. */
  onAdded(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

const keptCount = 1_000;
