import { defineConfig } from 'tsup'
import { options } from '../../tsup.base.js'

export default defineConfig({
  ...options({
    index: 'src/index.ts',
    'wire/index': 'src/wire/index.ts',
    'wrap/index': 'src/provider-kit/index.ts',
    'messages/index': 'src/messages/index.ts',
    'http/index': 'src/http/index.ts',
    'json-schema': 'src/schema/json-schema.ts',
  }),
  // It has no CommonJS of its own, so it becomes a part of ours.
  noExternal: ['jsonriver'],
})
