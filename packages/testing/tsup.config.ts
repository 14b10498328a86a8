import { defineConfig } from 'tsup'
import { options } from '../../tsup.base.js'

export default defineConfig(
  options({ index: 'src/index.ts', mock: 'src/mock.ts', services: 'src/services/index.ts' }),
)
