import { defineConfig } from 'tsup'
import { options } from '../../tsup.base.js'

export default defineConfig([
  { ...options(['src/index.ts']), platform: 'node', shims: true },
  // The worker runs in a process of its own and is never imported; the engine it loads is ESM only.
  {
    ...options({ worker: 'src/worker/main.ts' }),
    platform: 'node',
    format: ['esm'],
    dts: false,
    clean: false,
  },
])
