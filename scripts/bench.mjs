// `npm run bench [-- NAMES [OPTIONS]]`: builds, and runs these benchmarks one after the other; without names, all.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const all = [
  'overhead',
  'weight',
  'large',
  'local',
  'callers',
  'routing',
  'gateway',
  'event-loop',
  'shared',
  'pools',
  'page',
]
const args = process.argv.slice(2)
const names = args.filter((arg) => all.includes(arg))
const options = args.slice(names.length)
if (options[0]?.startsWith('-') === false) {
  process.stderr.write(`There is no benchmark "${options[0]}". There are ${all.join(', ')}.\n`)
  process.exit(2)
}
const run = (script, ...rest) => {
  const { status } = spawnSync(process.execPath, [script, ...rest], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
run('scripts/turbo.mjs', 'run', 'build', '--filter=!@patchbay/docs', '--output-logs=errors-only')
for (const name of names.length > 0 ? names : all) {
  process.stderr.write(`\n== ${name}\n`)
  run('scripts/run-ts.mjs', `benchmarks/src/${name}.ts`, ...options)
}
