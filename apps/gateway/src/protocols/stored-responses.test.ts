// Stored responses that are continued: their lifetime, their size, and a store that cannot be reached.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@patchbay/config'
import type { StateStore } from '@patchbay/policies'
import { mockProvider } from '@patchbay/testing'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { serve } from '../index.js'
import { ResponseStore } from './responses/response-store.js'

afterEach(() => vi.useRealTimers())

const hour = 3_600_000

async function world(shared?: string) {
  const loaded = await loadConfig({ config: { ...(shared !== undefined && { shared }) }, user: false })
  const gateway = await serve({ loaded, otherwise: () => mockProvider(), port: 0 })
  onTestFinished(() => gateway.close())
  const post = (body: object) =>
    fetch(`${gateway.url}/v1/responses`, {
      method: 'POST',
      body: JSON.stringify({ model: 'default', ...body }),
    })
  const get = (id: string) => fetch(`${gateway.url}/v1/responses/${id}`)
  return { post, get }
}

it.each([
  'memory',
  'a folder',
])('after an hour they are gone from %s, for reading and for going on', async (where) => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-kept-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const { post, get } = await world(where === 'memory' ? undefined : folder)
  vi.useFakeTimers({ toFake: ['Date'] })
  const { id, output } = (await (await post({ input: 'Hi' })).json()) as {
    id: string
    output: { id: string }[]
  }
  const item = { type: 'item_reference', id: output[0]?.id }
  const goOn = async () => [
    (await get(id)).status,
    (await post({ input: 'More', previous_response_id: id })).status,
    (await post({ input: [item, { role: 'user', content: 'More' }] })).status,
  ]
  vi.setSystemTime(Date.now() + hour - 1000)
  expect(await goOn()).toEqual([200, 200, 200])
  vi.setSystemTime(Date.now() + 2000)
  expect(await goOn()).toEqual([404, 404, 400])
})

it('an item is no response, and a name of a key no part of an id', async () => {
  const { post, get } = await world()
  const { output } = (await (await post({ input: 'Hi' })).json()) as { output: { id: string }[] }
  const id = output[0]?.id ?? ''
  expect((await get(id)).status).toBe(404)
  expect((await post({ input: 'More', previous_response_id: id })).status).toBe(404)
  const kept = new ResponseStore(async () => undefined)
  await kept.save('a:b', { response: { id: 'c', output: [] }, messages: [] })
  expect(await kept.response('a', 'b:c')).toBeUndefined()
  expect(await kept.response('a:b', 'c')).toBeDefined()
})

it('are bounded in bytes, whatever their letters, and the oldest go first', async () => {
  const kept = new ResponseStore(async () => undefined)
  const text = '長'.repeat(1024 * 1024)
  const keep = (id: string) =>
    kept.save('', { response: { id, output: [] }, messages: [{ role: 'user', content: text }] })
  // Three bytes each.
  for (let at = 0; at < 30; at++) await keep(`resp_${at}`)
  const there = await Promise.all(Array.from({ length: 30 }, (_, at) => kept.response('', `resp_${at}`)))
  const left = there.flatMap((one, at) => (one === undefined ? [] : [at]))
  expect(left.length * 3).toBeLessThanOrEqual(64)
  expect(left.length * 3).toBeGreaterThan(56)
  expect(left.at(-1)).toBe(29)
  expect(left).toEqual(Array.from({ length: left.length }, (_, at) => 30 - left.length + at))
})

it('one that is too large pushes nobody out', async () => {
  const kept = new ResponseStore(async () => undefined)
  await kept.save('', { response: { id: 'a', output: [] }, messages: [{ role: 'user', content: 'x' }] })
  const messages = [{ role: 'user' as const, content: 'x'.repeat(65 * 1024 * 1024) }]
  await kept.save('', { response: { id: 'b', output: [] }, messages })
  expect([await kept.response('', 'b'), (await kept.response('', 'a'))?.messages]).toEqual([
    undefined,
    [{ role: 'user', content: 'x' }],
  ])
})

it('bytes come back as base64, large ones too', async () => {
  const kept = new ResponseStore(async () => undefined)
  const data = new Uint8Array(400_000).fill(7)
  await kept.save('', {
    response: { id: 'a', output: [] },
    messages: [{ role: 'user', content: [{ type: 'file', data, mediaType: 'text/plain' }] }],
  })
  const [message] = (await kept.response('', 'a'))?.messages ?? []
  expect(message?.content).toEqual([
    { type: 'file', data: Buffer.from(data).toString('base64'), mediaType: 'text/plain' },
  ])
})

describe('a store', () => {
  it.each<[string, Partial<StateStore>]>([
    ['that fails', { get: () => Promise.reject(new Error('Socket closed at 10.0.0.7:6379')) }],
    ['that never answers', { get: () => new Promise(() => {}) }],
  ])('%s is told with 503, and in time', async (_, store) => {
    const { Shared } = await import('@patchbay/config')
    const swap = () => Promise.resolve(true)
    const state = vi.spyOn(Shared.prototype, 'state').mockResolvedValue({ swap, ...store } as StateStore)
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => {
      state.mockRestore()
      log.mockRestore()
    })
    const { post, get } = await world()
    // An answer is an answer all the same.
    const other = post({ input: 'Hi' })
    for (const response of await Promise.all([
      get('resp_x'),
      post({ input: 'Hi', previous_response_id: 'resp_x' }),
    ])) {
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({
        error: {
          message: expect.stringMatching(/cannot be reached\. Try again later/),
          code: 'network',
        },
      })
    }
    expect(log).toHaveBeenCalledWith(expect.stringContaining("gateway's shared store"))
    expect((await other).status).toBe(200)
  })
})
