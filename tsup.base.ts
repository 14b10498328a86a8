// How every package is built: ESM and CommonJS with types, from the given entries.
import { defineConfig, type Options } from 'tsup'

export const build = (entry: string[], more: Options = {}) =>
  defineConfig({
    entry,
    format: ['esm', 'cjs'],
    // tsup 8 sets `baseUrl`, which TypeScript 6 refuses unless told to look away.
    dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
    sourcemap: true,
    clean: true,
    target: 'node20',
    platform: 'neutral',
    ...more,
  })
