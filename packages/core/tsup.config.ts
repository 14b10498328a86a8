import { defineConfig } from 'tsup'
import { options } from '../../tsup.base.js'

export default defineConfig({
  ...options(['src/index.ts', 'src/wire/index.ts', 'src/wrap/index.ts', 'src/json-schema.ts']),
  // It has no CommonJS of its own, so it becomes a part of ours.
  noExternal: ['jsonriver'],
})
