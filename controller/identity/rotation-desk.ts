/** Orders certificates to be renewed before their time, and lets those whom it concerns wait for such orders. */
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { IdentityEvents } from './events.ts';
import type { MeshIdentityStore } from './mesh-identity-store.ts';
import { checkCauseText, show } from './names.ts';
import type { RotationOrder, RotationTarget } from './rotations.ts';
import { isUuid } from './spiffe-id.ts';

/** What the desk needs. */
export interface RotationDeskOptions {
  readonly store: MeshIdentityStore;
  readonly clock: Clock;
  readonly events: IdentityEvents;
  readonly log: Log;
}

/** One for each controller. */
export class RotationDesk {
  readonly #options: RotationDeskOptions;
  /** Who waits, by the UUID of its instance. */
  readonly #waiting = new Map<string, () => void>();

  constructor(options: RotationDeskOptions) {
    this.#options = options;
  }

  /**
   * Orders certificates to be renewed now, by agents spread over `spreadMs` (at most an hour).
   * `concerned` counts the instances. Fails with `usage` and `notFound`.
   */
  async order(
    target: RotationTarget,
    spreadMs: number,
    reason: string,
    actor: string,
  ): Promise<{ order: RotationOrder; concerned: number }> {
    const { store, clock, events, log } = this.#options;
    checkTarget(target);
    if (!(spreadMs >= 0 && spreadMs <= longestSpreadMs)) {
      throw new DtaError('usage', 'renewals are spread over 0 to 3600 seconds');
    }
    const cause = {
      atMs: clock(),
      reason: checkCauseText('reason', reason),
      actor: checkCauseText('actor', actor),
    };
    if (target.kind === 'instance' && !(await store.instance(target.name))) {
      throw new DtaError('notFound', `no instance \`${target.name}\``, {
        help: '`dta identity list` shows what there is',
      });
    }
    const ordered = await store.orderRotation(target, spreadMs, cause);
    log.info({ ...ordered.order, concerned: ordered.concerned }, 'rotation ordered');
    events.add({
      kind: 'rotationOrdered',
      target: `${target.kind} ${target.name}`.trim(),
      ...{ reason, actor },
    });
    this.wake(target.kind === 'instance' ? [target.name] : [...this.#waiting.keys()]);
    return ordered;
  }

  /** Lets those of the instances that wait look again. */
  wake(instances: readonly string[]): void {
    for (const instance of instances) this.#waiting.get(instance)?.();
  }

  /** Instances that were ordered to renew and have not. */
  async open(): Promise<string[]> {
    return await this.#options.store.rotationsOpen(this.#options.clock());
  }

  /**
   * Waits until the certificate is ordered to be renewed; undefined when `signal` is aborted, or
   * another waits for the same instance. `check` is called before each look, and ends the wait by
   * throwing.
   */
  async await(
    { instance, sha256 }: { readonly instance: string; readonly sha256: string },
    signal: AbortSignal,
    check: () => Promise<void>,
  ): Promise<RotationOrder | undefined> {
    // One for each instance: a second one takes the place of the first, which gets no order.
    this.wake([instance]);
    while (!signal.aborted) {
      // Entered before it looks: an order that comes meanwhile wakes it.
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.set(instance, resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      try {
        await check();
        const due = await this.#options.store.rotationDue(sha256);
        if (due) return due;
        await promise;
        if (this.#waiting.get(instance) !== resolve) return undefined;
      } finally {
        if (this.#waiting.get(instance) === resolve) this.#waiting.delete(instance);
      }
    }
    return undefined;
  }
}

function checkTarget({ kind, name }: RotationTarget): void {
  const isGood = {
    instance: isUuid(name),
    service: /^[^/]+\/[^/]+$/.test(name),
    key: /^[0-9a-f]{40}$/.test(name),
    all: name === '',
  }[kind];
  if (isGood) return;
  throw new DtaError('usage', `\`${show(name)}\` names nothing to rotate`, {
    help: 'give a UUID, <environment>/<service>, or a key identifier of 40 hexadecimal digits',
  });
}

const longestSpreadMs = 3_600_000;
