/** Orders certificates to be renewed before their time, and tells who listens (`TrustWatch`). */
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { IdentityEvents } from './events.ts';
import type { MeshIdentityStore } from './mesh-identity-store.ts';
import { checkText, show } from './names.ts';
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
  readonly #listeners = new Set<(order: RotationOrder) => void>();

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
      reason: checkText('reason', reason),
      actor: checkText('actor', actor),
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
    for (const listener of this.#listeners) listener(ordered.order);
    return ordered;
  }

  /** Calls `listener` after each order; gives the function that ends it. */
  onOrdered(listener: (order: RotationOrder) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Instances that were ordered to renew and have not. */
  async open(): Promise<string[]> {
    return await this.#options.store.rotationsOpen(this.#options.clock());
  }

  /** The newest order that a certificate (SHA-256, hexadecimal) has still to follow; undefined: none. */
  async due(sha256: string): Promise<RotationOrder | undefined> {
    return await this.#options.store.rotationDue(sha256);
  }
}

function checkTarget({ kind, name }: RotationTarget): void {
  const isGood = {
    instance: isUuid(name),
    service: /^[^/]+\/[^/]+$/.test(name),
    key: /^[0-9a-f]{16}$/.test(name),
    all: name === '',
  }[kind];
  if (isGood) return;
  throw new DtaError('usage', `\`${show(name)}\` names nothing to rotate`, {
    help: 'give a UUID, <environment>/<service>, or the 16 hexadecimal digits of an issuing key',
  });
}

const longestSpreadMs = 3_600_000;
