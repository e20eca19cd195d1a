/** Two test projects: `fast` (pure, host and controller) and `envoy` (starts real Envoys, one file at a time). */
import { defineConfig } from 'vitest/config';

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
          exclude: ['test/envoy/**', 'node_modules/**'],
          testTimeout: 60_000,
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
