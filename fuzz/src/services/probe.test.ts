// The probe, with strict services in place of the real ones: it sees which rules hold, and which no longer do.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { faultServer } from '@patchbay/testing'
import { expect, it, onTestFinished } from 'vitest'
import { hosts, type ServiceName } from '../../../packages/testing/src/services/hosts.js'
import { rulesOf, strictService } from '../../../packages/testing/src/services/index.js'
import { probe } from './probe.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))

it.each(Object.keys(hosts) as ServiceName[])('all rules hold at the strict service of %s', async (name) => {
  const service = await strictService(name)
  onTestFinished(() => service.close())
  const outcomes: string[] = []
  for await (const { rule, outcome } of probe(name, { base: `${service.url}/v1`, key: 'sk-strict' }))
    outcomes.push(`${outcome} ${rule.id}`)
  expect(outcomes).toEqual(rulesOf(name).map(({ id }) => `holds ${id}`))
  // One request for each, refused by that rule.
  expect(service.refused.map(({ rule }) => rule)).toEqual(rulesOf(name).map(({ id }) => id))
})

async function run(args: string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['scripts/run-ts.mjs', 'fuzz/src/probe.ts', ...args], {
    cwd: root,
    env: { ...process.env, ANTHROPIC_API_KEY: '', OPENAI_API_KEY: '', ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      out += chunk
    })
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, out }
}

it('says which rules no longer hold, and which the service answers with something else', async () => {
  const answers = [
    { status: 200, body: '{}' },
    { status: 404, body: 'no such model for sk-secret' },
    { status: 400, body: '{}' },
  ]
  let turn = 0
  const server = await faultServer(() => answers[Math.min(turn++, 2)] ?? {})
  onTestFinished(() => server.close())
  const { code, out } = await run(['anthropic', '--url', `${server.url}/v1`], {
    ANTHROPIC_API_KEY: 'sk-secret',
  })
  const [first, second] = rulesOf('anthropic')
  expect(code).toBe(1)
  expect(out).toContain(`NO LONGER HOLDS  ${first?.id}`)
  expect(out).toMatch(new RegExp(`unclear +${second?.id}\n  404 no such model for …`))
  expect(out).toContain(`${rulesOf('anthropic').length - 2} rules hold, 1 no longer hold, 1 are unclear.`)
  expect(server.requests[0]?.headers['x-api-key']).toBe('sk-secret')
})

it('says that there is no key, that a key is refused, and which services there are', async () => {
  expect(await run(['anthropic'], {})).toMatchObject({
    code: 2,
    out: expect.stringContaining('ANTHROPIC_API_KEY'),
  })
  expect(await run(['openai'], {})).toMatchObject({ code: 2, out: expect.stringContaining('OPENAI_API_KEY') })
  expect(await run(['nobody'], {})).toMatchObject({
    code: 2,
    out: expect.stringContaining('There are openai, anthropic'),
  })
  const server = await faultServer({ status: 401, body: 'bad key' })
  onTestFinished(() => server.close())
  const refused = await run(['groq', '--url', server.url], { GROQ_API_KEY: 'sk-secret' })
  expect(refused.code).toBe(2)
  expect(refused.out).toContain('groq refused the key: bad key')
  expect(server.requests).toHaveLength(1)
})
