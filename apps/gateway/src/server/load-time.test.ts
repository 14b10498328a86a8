// How long the model of a request took to load, told to the client apart from the rest.
import { loadConfig } from '@patchbay/config'
import { local } from '@patchbay/local'
import { expect, it, onTestFinished } from 'vitest'
import { served } from '../../test/served.js'
import { serve } from '../index.js'

const ask = (url: string, fields: { stream?: boolean; model?: string }) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...fields, max_tokens: 2, messages: [{ role: 'user', content: 'Hi' }] }),
  })

it('says how long a local model took to load, with the answer that waited for it', async () => {
  // Threads are measured: they are part of loading, and on a new machine most of it.
  const model = local({ cacheDir: false })
  const { url } = await served(model)
  const began = performance.now()
  const first = await ask(url, { stream: true })
  const waited = performance.now() - began
  const [, ms] = /^load;dur=(\d+)$/.exec(first.headers.get('server-timing') ?? '') ?? []
  // All that the worker counts, and the start of its process, which it cannot count.
  expect(Number(ms)).toBeGreaterThanOrEqual(model.stats().loaded?.loadMs ?? Number.POSITIVE_INFINITY)
  expect(Number(ms)).toBeLessThanOrEqual(waited)
  await first.text()
  const second = await ask(url, { stream: false })
  expect(second.status).toBe(200)
  expect(second.headers.get('server-timing')).toBeNull()
})

it('loads the default model once, whether it is named or not', async () => {
  const config = { default: 'pico', providers: { pico: { use: 'local' as const, threads: 1 } } }
  const gateway = await serve({ loaded: await loadConfig({ config, user: false }), port: 0 })
  onTestFinished(() => gateway.close())
  const timings: (string | null)[] = []
  for (const fields of [{}, { model: 'pico' }, { model: 'default' }]) {
    const answer = await ask(gateway.url, fields)
    expect(answer.status).toBe(200)
    timings.push(answer.headers.get('server-timing'))
  }
  expect(timings).toEqual([expect.stringMatching(/^load;dur=/), null, null])
})
