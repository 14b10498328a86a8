// How every package is tested: from the sources, with no build in between.
import { configDefaults, defineConfig } from 'vitest/config'

// `npm test` leaves out what drives browsers or fleets, soaks, and long runs of random input, which `npm run test:slow`
// does; vitest called by hand runs any file.
const slow = '**/*.slow.test.ts'
const script = process.env.npm_lifecycle_event
const onlySlow = script === 'test:slow'
const conditions = ['@patchbay/source']

export const tests = (more: { globalSetup?: string[]; testTimeout?: number } = {}) =>
  defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      include: onlySlow ? [slow] : ['src/**/*.test.ts', 'test/**/*.test.ts'],
      exclude: script === 'test' ? [...configDefaults.exclude, slow] : configDefaults.exclude,
      typecheck: { enabled: !onlySlow, include: ['src/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
      reporters: [
        'default',
        ['json', { outputFile: onlySlow ? '.cache/test-slow.json' : '.cache/test.json' }],
      ],
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
