#!/usr/bin/env node
// What npm links as `patchbay`. It is there before the program is built, or npm would link nothing in a checkout. It runs on every
// Node that has modules, to say so on one that is too old: the program would not even load there.
import { existsSync } from 'node:fs'

const [major, minor] = process.versions.node.split('.').map(Number)
const program = new URL('../dist/index.js', import.meta.url)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `patchbay needs Node 20.19 or newer; this is ${process.versions.node}. Install one from https://nodejs.org.\n`,
  )
  process.exitCode = 1
} else if (existsSync(program)) await import(program.href)
else {
  process.stderr.write('patchbay is not built yet. Run npm start once.\n')
  process.exitCode = 1
}
