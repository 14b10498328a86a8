// How every package is tested: from the sources, with no build in between.
import { defineConfig } from 'vitest/config'

const conditions = ['@patchbay/source']

export const tests = (more: { globalSetup?: string[]; testTimeout?: number } = {}) =>
  defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      typecheck: { enabled: true, include: ['src/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
      reporters: ['default', ['json', { outputFile: '.cache/test.json' }]],
      // Most tests wait for sockets and processes; vitest's own choice would run one file at a time on two cores.
      maxWorkers: '100%',
      // No test is about its time: a busy machine takes longer.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // A test that checked nothing has proved nothing.
      expect: { requireAssertions: true, poll: { timeout: 20_000 } },
      ...more,
    },
  })
