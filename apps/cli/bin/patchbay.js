#!/usr/bin/env node
// What npm links as `patchbay`. It is there before the program is built, or npm would link nothing in a checkout.
import { existsSync } from 'node:fs'

const program = new URL('../dist/index.js', import.meta.url)
if (existsSync(program)) await import(program.href)
else {
  process.stderr.write('patchbay is not built yet. Run npm start once.\n')
  process.exitCode = 1
}
