/** Waits at the controller for orders to renew at once: one connection for each workload, silent until then. */
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Alarm, backoffMs, pause } from './alarm.ts';
import type { ControllerClient } from './controller-client.ts';
import type { HeldIdentity } from './identity.ts';
import type { RenewalBell } from './renewal-bell.ts';

/** What the loop needs. */
export interface WatchOptions {
  readonly controller: Pick<ControllerClient, 'awaitOrder'>;
  readonly current: () => HeldIdentity;
  /** Resolves when another identity is held, or `signal` is aborted. */
  readonly changed: () => Promise<void>;
  /** Rung when an order comes, and when the identity was taken away. */
  readonly bell: RenewalBell;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Runs until `signal` is aborted. */
export async function watchOrders(options: WatchOptions): Promise<void> {
  const { controller, current, bell, clock, alarm, random, log, signal } = options;
  for (let failures = 0; !signal.aborted; ) {
    const held = current();
    try {
      const order = await controller.awaitOrder(held.rootPem, held, waitMs);
      failures = 0;
      if (!order.due) continue;
      const changed = options.changed();
      log.info({ reason: order.reason, spreadMs: order.spreadMs }, 'ordered to renew');
      bell.ring(clock() + Math.round(random() * order.spreadMs));
      // Until it is followed the answer would be the same at once.
      await changed;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof DtaError && error.code === 'denied' && current() === held) {
        log.error({ err: error }, 'the controller refuses this identity');
        // The renewal tells for sure, and ends what has to end.
        const changed = options.changed();
        bell.ring(clock());
        await changed;
        continue;
      }
      log.debug({ err: error }, 'cannot wait for orders, will try again');
      await pause(alarm, backoffMs(++failures, 700, 3_000, random()), signal);
    }
  }
}

/** Long enough to cost little, short enough for proxies on the way that cut silent connections. */
const waitMs = 50_000;
