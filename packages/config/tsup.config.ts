import { defineConfig } from 'tsup'
import { options } from '../../tsup.base.js'

// Split, the CommonJS build would make `require` of `import()`, which cannot load ES modules.
export default defineConfig({ ...options(['src/index.ts']), splitting: false })
