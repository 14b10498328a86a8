// Property test of masking: any text, any policies in any order, any operation. Secrets reach neither the model nor a log, and
// come back whole.
import { log, mask } from '@patchbay/policies'
import { coverage } from '../../packages/policies/src/middleware/policy-coverage.js'
import { standIn, ways } from '../../packages/policies/test/operations.js'
import { quiet } from '../../packages/policies/test/quiet.js'
import { Broken } from './broken.js'

const secret = 'ann.the.secret@example.com'
const names = Object.keys(quiet) as (keyof typeof quiet)[]

/** @throws where a law is broken */
export async function throughPolicies(bytes: Uint8Array): Promise<void> {
  const text = `${new TextDecoder().decode(bytes)}\n${secret}\n`
  // Which way, and which policies within the mask and around it, is part of what is fed.
  const pick = (at: number, most: number) => (bytes[at % Math.max(1, bytes.length)] ?? 0) % most
  const { provider, asked } = standIn()
  const lines: string[] = []
  const write = (fields: object, message: string) => lines.push(JSON.stringify({ ...fields, message }))
  const inside = quiet[names[pick(1, names.length)] as keyof typeof quiet]
  const around = quiet[names[pick(5, names.length)] as keyof typeof quiet]
  const outer = log(around(mask(inside(provider), { media: 'allow' })), {
    logger: { info: write, warn: write, error: write },
  })
  const way = ways[pick(9, ways.length)] as (typeof ways)[number]
  if (way.door === 'batches' && way.name !== 'batches.submit') await outer.batches.submit([text])
  const answer = await way.ask(outer, text)
  if (JSON.stringify(asked).includes(secret)) throw new Broken(`${way.name} tells a secret to the service`)
  if (coverage.log[way.door] === 'applies' && lines.length === 0)
    throw new Broken(`${way.name} loses it silently`)
  if (lines.join().includes(secret)) throw new Broken(`${way.name} tells a secret to the log`)
  const said = JSON.stringify(answer ?? null)
  if (said.includes('echo: ') && !said.includes(JSON.stringify(`echo: ${text}`)))
    throw new Broken(`${way.name} does not give back what was taken out: ${said}`)
}
