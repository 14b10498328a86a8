// Writes schema.json, which editors read. Run from the root: node scripts/run-ts.mjs packages/config/scripts/write-schema.ts
import { writeFileSync } from 'node:fs'
import { publishedSchema } from '../src/file/schema.js'

writeFileSync('packages/config/schema.json', `${JSON.stringify(publishedSchema(), null, 2)}\n`)
