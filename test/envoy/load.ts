/** Load for a test: requests one after another on several connections, at a bounded rate, while something else happens. */
import type { Answer } from './client.ts';

/** What came of it. */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** Answers that were not right. */
  readonly failures: readonly string[];
}

/**
 * Runs `ask` in `loops` loops until `work` is done; `judge` gives undefined for a right answer. `work` gets a function that
 * waits for so many answers more.
 */
export async function underLoad(
  ask: () => Promise<Answer>,
  loops: number,
  judge: (answer: Answer) => string | undefined,
  work: (answers: (count: number) => Promise<void>) => Promise<void>,
): Promise<LoadResult> {
  let isRunning = true;
  let requests = 0;
  const failures: string[] = [];
  const waiting = new Set<{ readonly until: number; readonly resolve: () => void }>();
  const answers = (count: number) =>
    new Promise<void>((resolve) => {
      waiting.add({ until: requests + count, resolve });
    });
  const startedAt = performance.now();
  const running = Array.from({ length: loops }, async () => {
    while (isRunning) {
      const fault = judge(await ask());
      requests += 1;
      if (fault !== undefined) failures.push(fault);
      for (const each of waiting) {
        if (requests < each.until) continue;
        waiting.delete(each);
        each.resolve();
      }
    }
  });
  try {
    await work(answers);
  } finally {
    isRunning = false;
    await Promise.all(running);
  }
  const perSecond = Math.round((requests * 1000) / (performance.now() - startedAt));
  return { requests, perSecond, failures };
}

/** Judges by the status alone. */
export function isOk({ status, body }: Answer): string | undefined {
  return status === 200 ? undefined : `status ${status}: ${body}`;
}
