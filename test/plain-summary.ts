/** A vitest reporter: ends a run with one line that people and programs can read without knowing vitest. */
import type { Reporter, TestModule } from 'vitest/node';

/** Prints `tests: <n> passed, <n> failed, <n> skipped` as the last line. */
export default class PlainSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    let broken = 0;
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
      // A file that could not be loaded has no tests that could fail.
      broken += module.errors().length > 0 ? 1 : 0;
    }
    const failed = counts.failed + counts.pending + broken;
    console.log(`tests: ${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped`);
  }
}
