// The event loop stays free: no request of at most 20 MiB blocks others while it is read or its answer is written.
import { type Capabilities, defineProvider } from '@patchbay/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hostile } from '../../test/hostile.js'
import { mostMs, posted, postedCalmly } from '../../test/loop.js'
import { over } from '../../test/served.js'
import type { GatewayServer } from '../index.js'

/** It says what it is told to, and looks at nothing: what is measured is the gateway. */
let says = 'ok'
const quick = () =>
  defineProvider({
    provider: 'quick',
    model: 'quick-1',
    capabilities: () =>
      ({ tools: true, vision: true, files: true, audio: true, json: true, embed: true }) as Capabilities,
    async *chat() {
      yield { type: 'text', text: says }
      yield { type: 'finish', response: { finishReason: 'stop' } }
    },
    async embed({ input }) {
      return {
        vectors: input.map(() => new Float32Array(1536).fill(0.123)),
        usage: {},
        model: 'quick-1',
        provider: 'quick',
      }
    },
  })

let gateway: GatewayServer
beforeAll(async () => {
  gateway = await over(quick)
  // The thread is there.
  await posted(`${gateway.url}/v1/embeddings`, JSON.stringify({ input: Array(300).fill('x') }))
})
afterAll(() => gateway.close())

it.each(Object.entries(hostile))('%s', async (_, [path, body]) => {
  const { told, longest, turns } = await postedCalmly(gateway.url + path, body())
  expect(told).toMatch(/^(200|400) \d+$/)
  expect(turns).toBeGreaterThan(0)
  expect(longest).toBeLessThan(mostMs)
})

it.each([
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }] }],
  ['/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: 'x' }] }],
  ['/v1/responses', { input: 'x' }],
  ['/api/chat', { messages: [{ role: 'user', content: 'x' }], stream: false }],
])('an answer of 20 MiB, whole: %s', async (path, body) => {
  says = '"long" '.repeat(3 * 1024 * 1024)
  const { told, longest } = await postedCalmly(gateway.url + path, JSON.stringify(body))
  says = 'ok'
  const [status, bytes] = told.split(' ').map(Number)
  expect(status).toBe(200)
  expect(bytes).toBeGreaterThan(20 * 1024 * 1024)
  expect(longest).toBeLessThan(mostMs)
})

it.each(['float', 'base64'])('two thousand vectors as %s', async (encoding_format) => {
  const body = { input: Array.from({ length: 2000 }, () => 'x'), encoding_format }
  const { told, longest } = await postedCalmly(`${gateway.url}/v1/embeddings`, JSON.stringify(body))
  expect(told).toMatch(/^200 /)
  expect(longest).toBeLessThan(mostMs)
})

it('others are answered while a large body is read', async () => {
  let healthy = 0
  let done = false
  const asking = (async () => {
    while (!done) {
      expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
      healthy++
    }
  })()
  const [path, body] = hostile['one string of quotes'] as [string, () => string]
  const { told } = await posted(gateway.url + path, body())
  done = true
  await asking
  expect(told).toMatch(/^200 /)
  expect(healthy).toBeGreaterThan(5)
})
