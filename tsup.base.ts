// How every package is built, from the given entries: ESM and CommonJS by `npm run build`, their types by `npm run types`.
import type { Options } from 'tsup'

// Types take ten times as long as the code, and only releases and the checks of what users get need them.
const types = process.env.npm_lifecycle_event === 'types'

export const options = (entry: NonNullable<Options['entry']>): Options => ({
  entry,
  format: ['esm', 'cjs'],
  // tsup 8 sets `baseUrl`, which TypeScript 6 refuses unless told to look away.
  dts: types && { only: true, compilerOptions: { ignoreDeprecations: '6.0' } },
  splitting: true,
  sourcemap: true,
  clean: !types,
  target: 'node20',
  platform: 'neutral',
})
