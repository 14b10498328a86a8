// How the page is built: from the sources of this repository, with all it needs in files of its own.
import { defineConfig } from 'vite'

export default defineConfig({
  resolve: { conditions: ['@patchbay/source', 'module', 'browser', 'production'] },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
})
