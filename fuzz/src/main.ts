// `npm run fuzz [-- --minutes 60] [--target NAME]`: damaged bodies for every decoder in turn, until the time is up. What
// breaks a law is reported, and kept in src/seeds.json with its seed, which the tests run ever after.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { damaged } from './mutate.js'
import { targets } from './targets.js'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, target: { type: 'string' } },
})
const until = Date.now() + Number(values.minutes) * 60_000
const file = fileURLToPath(new URL('../src/seeds.json', import.meta.url))
const chosen = Object.entries(targets).filter(
  ([name]) => values.target === undefined || name === values.target,
)
if (chosen.length === 0)
  throw new Error(`There is no target "${values.target}". There are ${Object.keys(targets).join(', ')}.`)

const cases = new Map<string, number>()
let found = 0
/** What was found already: the same again would only fill the page. */
const reported = new Set<string>()
while (Date.now() < until)
  for (const [name, target] of chosen) {
    const numRuns = 500
    const property = fc.asyncProperty(damaged(target.corpus), ({ bytes, cuts }) => target.check(bytes, cuts))
    const {
      failed,
      seed,
      counterexamplePath: path,
      counterexample,
      errorInstance,
      numRuns: ran,
    } = await fc.check(property, { numRuns })
    cases.set(name, (cases.get(name) ?? 0) + ran)
    if (!failed) continue
    found++
    const said = errorInstance instanceof Error ? `${errorInstance.message} ${errorInstance.cause}` : ''
    if (reported.has(`${name} ${said}`)) continue
    reported.add(`${name} ${said}`)
    const { bytes, cuts } = counterexample?.[0] ?? { bytes: new Uint8Array(), cuts: [[], []] }
    const kept = JSON.parse(readFileSync(file, 'utf8')) as object[]
    writeFileSync(
      file,
      `${JSON.stringify([...kept, { target: name, seed, body: Buffer.from(bytes).toString('base64'), cuts }], null, 2)}\n`,
    )
    process.stdout.write(
      `${name}: seed ${seed}, path ${path}\n${new TextDecoder().decode(bytes.subarray(0, 2000))}\n${errorInstance instanceof Error ? (errorInstance.stack ?? '') : errorInstance}\n${errorInstance instanceof Error && errorInstance.cause instanceof Error ? errorInstance.cause.stack : ''}\n\n`,
    )
  }
for (const [name, count] of cases) process.stdout.write(`${name}: ${count.toLocaleString('en')} cases\n`)
process.exit(found === 0 ? 0 : 1)
