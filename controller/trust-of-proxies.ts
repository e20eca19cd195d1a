/** Which issuing keys proxies know, by what they acknowledged. */
import type { Clock } from './clock.ts';
import type { TrustHolder } from './identity/authority-desk.ts';
import type { ProxyStatus } from './xds/model.ts';

/**
 * Remembers proxies for a minute after they were seen: one whose stream has just ended comes back,
 * and must not be forgotten in between.
 */
export class TrustOfProxies {
  readonly #clock: Clock;
  readonly #seen = new Map<string, { generation: number | undefined; seenAtMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes who is connected now; to be called every few seconds. */
  note(proxies: readonly ProxyStatus[]): void {
    const seenAtMs = this.#clock();
    for (const { spiffeId, nodeId, resources } of proxies) {
      const contexts = resources.filter(({ name }) => name.startsWith('dta-validation'));
      if (contexts.length === 0) continue;
      const known = contexts.map(({ ackedVersion }) => generationOf(ackedVersion ?? ''));
      // What the oldest of its contexts says.
      const generation = known.includes(undefined) ? undefined : Math.min(...known.map(Number));
      this.#seen.set(`${spiffeId} ${nodeId}`, { generation, seenAtMs });
    }
    for (const [key, each] of this.#seen) {
      if (each.seenAtMs < seenAtMs - rememberedMs) this.#seen.delete(key);
    }
  }

  /** Everybody who was seen within the last minute. */
  holders(): TrustHolder[] {
    return Array.from(this.#seen, ([key, { generation }]) => {
      const [who = ''] = key.split(' ');
      return { who, what: 'proxy', generation };
    });
  }
}

/** Of the version of a validation context (`mesh-source.ts`). */
function generationOf(version: string): number | undefined {
  const [, generation] = /^(\d+)\.\d+$/.exec(version) ?? [];
  return generation === undefined ? undefined : Number(generation);
}

/** Envoy comes back within half a minute. */
const rememberedMs = 60_000;
