/** What one stream wants of one resource type, and how far each resource got. */
import type { ResourceKey, ResourceStatus } from './model.ts';
import { parseResourceName } from './resource-names.ts';

/** One name on one stream. */
export interface Subscription {
  readonly name: string;
  readonly key: ResourceKey;
  sentVersion: string | undefined;
  ackedVersion: string | undefined;
  nack: { version: string; message: string } | undefined;
  ackLatencyMs: number | undefined;
  /** Unix milliseconds of the oldest change that was not sent yet; undefined: nothing to send. */
  dirtySinceMs: number | undefined;
}

/** A response that the proxy has not answered yet. */
export interface Flight {
  readonly nonce: string;
  readonly subscription: Subscription;
  readonly version: string;
  readonly sinceMs: number;
  /** The proxy took too long: others may be sent, its answer still counts. */
  isLate: boolean;
}

/**
 * The subscriptions of one type. Only one response of a type is on its way at a time: Envoy may join the answers to
 * several into one, and an error in the middle would be lost.
 */
export class TypeSubscriptions {
  readonly typeUrl: string;
  readonly #byName = new Map<string, Subscription>();
  readonly #refused = new Set<string>();
  flight: Flight | undefined;
  lastNonce = '';

  constructor(typeUrl: string) {
    this.typeUrl = typeUrl;
  }

  /** Makes the subscriptions equal to `names`; returns the names that it refuses for the first time. */
  replace(names: readonly string[], nowMs: number): string[] {
    const wanted = new Set(names);
    for (const name of this.#byName.keys()) if (!wanted.has(name)) this.#byName.delete(name);
    const refused: string[] = [];
    for (const name of wanted) {
      if (this.#byName.has(name) || this.#refused.has(name)) continue;
      const key = parseResourceName(this.typeUrl, name);
      if (key) this.#byName.set(name, newSubscription(name, key, nowMs));
      else if (this.#refused.size < refusedMax) {
        this.#refused.add(name);
        refused.push(name);
      }
    }
    return refused;
  }

  /** Notes that resources of these kinds may have changed. */
  touch(kinds: readonly ResourceKey['kind'][], sinceMs: number): void {
    for (const subscription of this.#byName.values()) {
      if (kinds.includes(subscription.key.kind)) subscription.dirtySinceMs ??= sinceMs;
    }
  }

  /** The next one to look at, states first: they carry revocations. */
  nextDirty(): Subscription | undefined {
    let next: Subscription | undefined;
    for (const subscription of this.#byName.values()) {
      if (subscription.dirtySinceMs === undefined) continue;
      if (subscription.key.kind === 'state') return subscription;
      next ??= subscription;
    }
    return next;
  }

  statuses(): ResourceStatus[] {
    return Array.from(this.#byName.values(), (subscription) => {
      const { name, sentVersion, ackedVersion, nack, ackLatencyMs } = subscription;
      return { name, sentVersion, ackedVersion, nack: nack && { ...nack }, ackLatencyMs };
    });
  }
}

function newSubscription(name: string, key: ResourceKey, nowMs: number): Subscription {
  return {
    name,
    key,
    sentVersion: undefined,
    ackedVersion: undefined,
    nack: undefined,
    ackLatencyMs: undefined,
    dirtySinceMs: nowMs,
  };
}

/** Refused names that are remembered (and logged) per type and stream. */
const refusedMax = 64;
