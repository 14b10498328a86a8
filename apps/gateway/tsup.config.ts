import { defineConfig } from 'tsup'
import { options } from '../../tsup.base.js'

// `shims`: the page's files are found from here, in CommonJS too.
export default defineConfig({ ...options(['src/index.ts']), platform: 'node', shims: true })
