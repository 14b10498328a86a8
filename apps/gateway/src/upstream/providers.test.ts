// The providers of the gateway send their requests through `upstreamFetch`: the platform's `fetch` would add a header of its own.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadConfig } from '@patchbay/config'
import { expect, test } from 'vitest'
import { gateway } from '../server/gateway.js'

test.each(['openai', 'claude', 'ollama'] as const)('%s asks without the layers of fetch', async (use) => {
  const asked: (string | undefined)[] = []
  const service = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers['sec-fetch-mode']}`)
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"No."}}')
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const baseURL = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  const config = { default: 'one', providers: { one: { use, model: 'some-model', baseURL, apiKey: 'none' } } }
  const { fetch: answer, close } = gateway({ loaded: await loadConfig({ config, user: false }) })
  const body = JSON.stringify({ model: 'one', messages: [{ role: 'user', content: 'Hi' }] })
  await answer(new Request('http://127.0.0.1/v1/chat/completions', { method: 'POST', body }))
  expect(asked).toContain('POST undefined')
  expect(asked.filter((one) => !one?.endsWith(' undefined'))).toEqual([])
  await close()
  service.close().closeAllConnections()
})
