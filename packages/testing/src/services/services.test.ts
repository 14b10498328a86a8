// Strict services: every rule refuses the request that breaks it and accepts the mended one, and the answers can be read.
import { describe, expect, it, onTestFinished } from 'vitest'
import { hosts, type ServiceName } from './hosts.js'
import type { JsonObject, RuleFacts } from './rule.js'
import { rulesOf, strictService } from './strict-service.js'

const names = Object.keys(hosts) as ServiceName[]

async function ask(
  url: string,
  name: ServiceName,
  given: JsonObject,
  more: Readonly<Record<string, string>> = {},
) {
  const apis = hosts[name].apis
  const api = apis.find(({ protocol }) => (protocol === 'responses') === 'input' in given) ?? apis[0]
  const { path = api?.path, ...body } = given
  const headers = {
    'content-type': 'application/json',
    'x-api-key': 'k',
    'api-key': 'k',
    'anthropic-version': '2023-06-01',
    ...(hosts[name].cloud && { authorization: 'Bearer k' }),
    ...more,
  }
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, text: await response.text() }
}

describe.each(names)('%s', (name) => {
  it.each(
    rulesOf(name).map((rule): [string, RuleFacts] => [rule.id, rule]),
  )('refuses only what breaks the rule %s', async (id, rule) => {
    const service = await strictService(name)
    onTestFinished(() => service.close())
    const { breaks, mends, headers, mendsHeaders } = rule.example
    const broken = await ask(service.url, name, breaks, headers)
    expect(service.refused.map((one) => one.rule)).toEqual([id])
    expect(broken.status).toBeGreaterThanOrEqual(400)
    expect(broken.text).toContain(JSON.stringify(service.refused[0]?.message).slice(1, -1))
    const mended = await ask(service.url, name, { ...breaks, ...mends }, mendsHeaders ?? headers)
    expect(service.refused.slice(1)).toEqual([])
    expect(mended.status).toBe(200)
  })

  it('refuses a model that it does not have', async () => {
    const service = await strictService(name, { model: 'mine' })
    onTestFinished(() => service.close())
    expect((await ask(service.url, name, { model: 'other' })).status).toBe(404)
  })
})

it('gives every rule an id of its own, a source and a date', () => {
  const rules = [...new Set(names.flatMap((name) => rulesOf(name)))]
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
  for (const { id, source, date, refuses } of rules) {
    expect(id).toMatch(/^[a-z.-]+\/[a-z0-9-]+$/)
    expect(source).toMatch(/\w{3}/)
    expect(date).toMatch(/^20\d\d-[01]\d$/)
    expect(refuses).toMatch(/[.…]$/)
  }
})

describe('a cloud that has Claude', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/tiff', data: 'AAAA' } }
  const tiff = { max_tokens: 10, messages: [{ role: 'user', content: [image] }] }
  it.each([
    ['bedrock', { ...tiff, anthropic_version: 'bedrock-2023-05-31' }],
    ['vertex', { ...tiff, anthropic_version: 'vertex-2023-10-16' }],
  ] as const)('%s refuses what the Messages API refuses, in its own form', async (name, body) => {
    const service = await strictService(name)
    onTestFinished(() => service.close())
    const { status, text } = await ask(service.url, name, body)
    expect(status).toBe(400)
    expect(service.refused.map(({ rule }) => rule)).toEqual([expect.stringMatching(/^anthropic\//)])
    expect(JSON.parse(text)).toMatchObject(
      name === 'bedrock' ? { message: expect.any(String) } : { error: { type: 'invalid_request_error' } },
    )
  })
})
