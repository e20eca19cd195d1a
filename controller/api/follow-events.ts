/** Events of identities as they happen, for `dta identity watch`. */
import type { IdentityEvent, IdentityEvents } from '../identity/events.ts';

/**
 * Gives what came after `afterId` (absent: the newest `limit`) and then everything newer, in order,
 * until `signal` is aborted. Yields lists, an empty one first when there is nothing yet. A reader
 * that is a thousand events behind misses the oldest; the numbers show it.
 */
export async function* followEvents(
  events: Pick<IdentityEvents, 'tail' | 'onAdded'>,
  afterId: number | undefined,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<IdentityEvent[]> {
  let wake = (): void => undefined;
  const end = events.onAdded(() => wake());
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    let last = afterId;
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      // Entered before it reads: an event that comes meanwhile wakes it.
      const added = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const found = events.tail({ afterId: last, limit: isFirst ? limit : longestRead });
      last = found.at(-1)?.id ?? last ?? 0;
      if (found.length > 0 || isFirst) yield found;
      else await added;
    }
  } finally {
    end();
  }
}

const longestRead = 1_000;
