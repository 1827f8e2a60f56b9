import { defineConfig } from 'vitest/config';

/** One fault after another: they measure recovery, and share the machine with nobody. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/faults/**/*.fault.ts'],
    setupFiles: ['test/setup.ts'],
    globalSetup: ['test/services/global-setup.ts'],
    testTimeout: 900_000,
    hookTimeout: 120_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
