/** Load for the tour: requests one after another on several connections until told to stop. */
import type { Answer } from './tour-client.ts';

/** What came of it. */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** Answers that `judge` did not accept, the first few. */
  readonly failures: readonly string[];
  readonly failed: number;
}

/** Runs load beside `work` and stops when that is done. `judge` gives undefined for a right answer, else what is wrong. */
export async function underLoad(
  client: { ask: () => Promise<Answer> },
  connections: number,
  judge: (answer: Answer) => string | undefined,
  work: () => Promise<void>,
): Promise<LoadResult> {
  let isRunning = true;
  let requests = 0;
  let failed = 0;
  const failures: string[] = [];
  const startedAt = performance.now();
  const loop = async () => {
    while (isRunning) {
      const fault = judge(await client.ask());
      requests += 1;
      if (fault === undefined) continue;
      failed += 1;
      if (failures.length < 5) failures.push(fault);
    }
  };
  const loops = Array.from({ length: connections }, loop);
  try {
    await work();
  } finally {
    isRunning = false;
    await Promise.all(loops);
  }
  const perSecond = Math.round((requests * 1000) / (performance.now() - startedAt));
  return { requests, perSecond, failures, failed };
}
