// How long the model of a request took to load, told to the client apart from the rest.
import { expect, it } from 'vitest'
import { bundled, served } from '../../test/served.js'

it('says how long a local model took to load, with the answer that waited for it', async () => {
  const { url } = await served(bundled())
  const ask = (stream: boolean) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ stream, max_tokens: 2, messages: [{ role: 'user', content: 'Hi' }] }),
    })
  const began = performance.now()
  const first = await ask(true)
  const waited = performance.now() - began
  const [, ms] = /^load;dur=(\d+)$/.exec(first.headers.get('server-timing') ?? '') ?? []
  expect(Number(ms)).toBeGreaterThan(0)
  expect(Number(ms)).toBeLessThanOrEqual(waited)
  await first.text()
  const second = await ask(false)
  expect(second.status).toBe(200)
  expect(second.headers.get('server-timing')).toBeNull()
})
