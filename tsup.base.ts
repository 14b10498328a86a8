// How every package is built: ESM and CommonJS with types, from the given entries.
import type { Options } from 'tsup'

export const options = (entry: NonNullable<Options['entry']>): Options => ({
  entry,
  format: ['esm', 'cjs'],
  // tsup 8 sets `baseUrl`, which TypeScript 6 refuses unless told to look away.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  splitting: true,
  sourcemap: true,
  clean: true,
  target: 'node20',
  platform: 'neutral',
})
