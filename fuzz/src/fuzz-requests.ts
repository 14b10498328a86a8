// `npm run fuzz:requests [-- --runs 10000] [--seed N] [--target NAME]`: random conversations for every backend, API and family of
// models, judged by the strict services. Prints what was accepted of how many, and each rule that a request broke. `--write` notes it in
// fuzz/README.md.
import { parseArgs } from 'node:util'
import { judge } from './services/judge.js'
import { writeRun } from './services/runs-table.js'
import { open, targets } from './services/targets.js'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    target: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  },
})
const [runs, seed] = [Number(values.runs), Number(values.seed)]
const names = values.target ?? Object.keys(targets)
let broke = 0
for (const name of names) {
  if (!Object.hasOwn(targets, name))
    throw new Error(`There is no target "${name}". There are ${Object.keys(targets).join(', ')}.`)
  // Fresh services each time: they remember every request.
  const all = await open({ inMemory: true })
  const start = performance.now()
  const { broken, unavoidable, asked, accepted } = await judge(all, name, { seed, runs })
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  const rules = Object.entries(broken)
  broke += rules.length + unavoidable.length
  process.stdout.write(
    `${name}: ${accepted} of ${asked} accepted, the rest refused before the wire; ${rules.length} rules broken (seed ${seed}, ${seconds} s)\n`,
  )
  if (values.write) writeRun(name, { runs, asked, accepted, broken: rules.length + unavoidable.length, seed })
  for (const [rule, words] of rules) process.stdout.write(`  ${rule}: ${words}\n`)
  for (const message of unavoidable) process.stdout.write(`  in spite of onUnsupported 'warn': ${message}\n`)
}
process.exitCode = broke > 0 ? 1 : 0
