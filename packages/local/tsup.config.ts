import { defineConfig } from 'tsup'
import { options } from '../../tsup.base.js'

export default defineConfig([
  { ...options(['src/index.ts']), platform: 'node', shims: true },
  // These entries load the engine, which is ESM only, into the app's own process.
  {
    ...options({ prompt: 'src/prompt.ts', answer: 'src/answer.ts' }),
    platform: 'node',
    format: ['esm'],
    clean: false,
  },
  // The worker runs in a process of its own and is never imported; the engine it loads is ESM only.
  {
    ...options({ worker: 'src/worker/main.ts' }),
    platform: 'node',
    format: ['esm'],
    dts: false,
    clean: false,
  },
])
