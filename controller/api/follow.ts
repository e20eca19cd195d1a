/** Audit records as they arrive, for `dta audit tail --follow`. */
import type { AuditQuery, StoredAuditRecord } from '../audit/model.ts';
import type { AuditFeed } from './collaborators.ts';

/**
 * Gives what `query` selects and then everything newer, in order and without gaps, until `signal`
 * is aborted. Yields lists, an empty one first when there is nothing yet, so that the reader knows
 * that it is connected.
 */
export async function* followAudit(
  feed: AuditFeed,
  query: AuditQuery,
  signal: AbortSignal,
): AsyncGenerator<StoredAuditRecord[]> {
  let wake = (): void => undefined;
  let stored = false;
  // Subscribed before the first read: what is stored in between is seen by the next one.
  const end = feed.onStored(() => {
    stored = true;
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    let next = query;
    for (let first = true; !signal.aborted; first = false) {
      stored = false;
      const records = await feed.tail(next);
      if (records.length > 0 || first) yield records;
      next = { ...next, afterId: records.at(-1)?.id ?? next.afterId ?? 0, limit: longestRead };
      if (records.length > 0 || stored || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    end();
  }
}

const longestRead = 1_000;
