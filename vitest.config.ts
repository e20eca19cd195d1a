/** Two test projects: `fast` (pure, host and controller) and `envoy` (starts real Envoys, one file at a time). */
import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Suites on facts that others made (path forms, SPIFFE IDs, JSON texts, card numbers), which lie beside the repository. */
const onSharedCases = [
  'test/cases/**',
  'test/kernels/json-grammar.test.ts',
  'test/kernels/mask-cards.test.ts',
  'controller/identity/spiffe-id.test.ts',
];
const hasSharedCases = existsSync(new URL('../shared/cases', import.meta.url));
// In continuous integration they have to be there: the suites run and fail.
const leftOut = hasSharedCases || process.env.CI !== undefined ? [] : onSharedCases;
if (leftOut.length > 0) {
  console.log(`test: ../shared/cases is not there, so these are left out: ${leftOut.join(' ')}`);
}

export default defineConfig({
  test: {
    reporters: ['default', './test/plain-summary.ts'],
    projects: [
      {
        test: {
          name: 'fast',
          include: [
            'controller/**/*.test.ts',
            'host/**/*.test.ts',
            'schema/**/*.test.ts',
            'test/**/*.test.ts',
          ],
          exclude: ['test/envoy/**', 'node_modules/**', ...leftOut],
          testTimeout: 60_000,
          // Some hooks compile a kernel: ten seconds are little where other work runs.
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'envoy',
          include: ['test/envoy/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
