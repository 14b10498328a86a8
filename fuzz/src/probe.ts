// `npm run probe -- anthropic [--url URL] [--model NAME]`: asks a real service, with the key of the environment, whether it still
// refuses what our rules say. Exits with 1 if a rule no longer holds, and with 2 without a key.
import { parseArgs } from 'node:util'
import type { ServiceName } from '../../packages/testing/src/services/index.js'
import { addresses, probe } from './services/probe.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string' }, model: { type: 'string' } },
})
const [given = ''] = positionals
const names: string[] = given === 'openai' ? ['openai-chat', 'openai-responses'] : [given]
const known = names.filter((name): name is ServiceName => Object.hasOwn(addresses, name))
if (known.length < names.length)
  stop(`There is no service "${given}". There are openai, ${Object.keys(addresses).join(', ')}.`)

let accepted = 0
for (const name of known) {
  const { base: usual, key: variable } = addresses[name]
  const base = values.url ?? (usual || process.env.AZURE_OPENAI_ENDPOINT)
  const key = variable && process.env[variable]
  if (variable !== undefined && !key)
    stop(
      `${name} was not asked: there is no key. Set ${variable}. The requests that it refuses cost nothing.`,
    )
  if (!base) stop(`${name} has no usual address. Pass --url.`)
  const counts = { holds: 0, accepted: 0, unclear: 0 }
  const { model } = values
  try {
    for await (const { rule, outcome, status, words } of probe(name, {
      base: base.replace(/\/$/, ''),
      ...(key && { key }),
      ...(model !== undefined && { model }),
    })) {
      counts[outcome]++
      if (outcome === 'accepted')
        say(
          `NO LONGER HOLDS  ${rule.id}: ${rule.refuses}\n  accepted with ${status}; source: ${rule.source}, ${rule.date}`,
        )
      else say(`${outcome.padEnd(16)} ${rule.id}${outcome === 'unclear' ? `\n  ${status} ${words}` : ''}`)
    }
  } catch (error) {
    stop((error as Error).message)
  }
  accepted += counts.accepted
  say(
    `${name}: ${counts.holds} rules hold, ${counts.accepted} no longer hold, ${counts.unclear} are unclear.\n`,
  )
}
process.exitCode = accepted > 0 ? 1 : 0

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function stop(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}
