/** Follows the mesh: which roots there are, and whether the own certificate is to be renewed before its time. */

import { backoffMs } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Alarm, pause } from './alarm.ts';
import type { ControllerClient } from './controller-client.ts';
import type { HeldIdentity } from './identity.ts';
import type { RenewalBell } from './renewal-bell.ts';

/** What the loop needs. */
export interface TrustLoopOptions {
  readonly controller: Pick<ControllerClient, 'watch'>;
  /** What is served now. */
  readonly current: () => HeldIdentity;
  /** Resolves when another identity is held, or `signal` is aborted. */
  readonly changed: () => Promise<void>;
  /** Other roots are to be trusted from now on. */
  readonly onTrust: (rootPem: string, generation: number) => void;
  /** Rung when an order comes, and when the identity was taken away. */
  readonly bell: RenewalBell;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Asks and waits until `signal` is aborted. A controller that is away is asked again with backoff. */
export async function followTrust(options: TrustLoopOptions): Promise<void> {
  const { current, bell, clock, alarm, random, log, signal } = options;
  let order = 0;
  for (let failures = 0; !signal.aborted; ) {
    const held = current();
    try {
      order = await ask(options, held, order);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      // It was asked with a certificate that has been renewed meanwhile: the new one may be welcome.
      if (!isSame(current(), held)) continue;
      if (error instanceof DtaError && error.code === 'denied') {
        log.error({ err: error }, 'the controller refuses this identity');
        // The renewal tells for sure, and ends what has to end.
        const changed = options.changed();
        bell.ring(clock());
        await changed;
        continue;
      }
      failures += 1;
      log.debug({ err: error, failures }, 'no news of the trust');
      await pause(alarm, backoffMs(failures, 700, 3_000, random()), signal);
    }
  }
}

/** Gives the number of the last order that was heard of. */
async function ask(
  { controller, onTrust, bell, clock, random, log }: TrustLoopOptions,
  held: HeldIdentity,
  order: number,
): Promise<number> {
  const { rootPem, trustGeneration } = held;
  const news = await controller.watch(rootPem, held, { generation: trustGeneration, order });
  const { renewal, generation } = news;
  if (generation !== trustGeneration) {
    log.info({ generation }, 'the roots of the mesh have changed');
    onTrust(news.rootPem, generation);
  }
  if (!renewal) return order;
  log.info({ reason: renewal.reason, spreadMs: renewal.spreadMs }, 'ordered to renew');
  bell.ring(clock() + Math.round(random() * renewal.spreadMs));
  return renewal.number;
}

function isSame(one: HeldIdentity, other: HeldIdentity): boolean {
  return one.chainPem === other.chainPem;
}
