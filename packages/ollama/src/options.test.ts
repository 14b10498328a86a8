// Options of ollama(): wrong names are refused before anything is sent.
import { expect, it } from 'vitest'
import { failureOf } from '../test/wire.js'
import { ollama } from './index.js'

it.each([
  ['baseUrl', /Did you mean baseURL/],
  ['host', /Did you mean baseURL/],
  ['keep_alive', /Did you mean keepAlive/],
])('a wrong option of the factory is refused with the right name: %s', (name, message) => {
  expect(() => ollama('m', { [name]: 1 } as never)).toThrow(message)
})

it.each<[string, object, RegExp]>([
  [
    'in another spelling',
    { keepAlive: '5m' },
    /providerOptions\.ollama\.keepAlive .*Did you mean keep_alive/,
  ],
  [
    'that belongs in options',
    { num_ctx: 8192 },
    /ignored by the server\. Write providerOptions\.ollama\.options\.num_ctx/,
  ],
  [
    'of options in another spelling',
    { options: { numCtx: 8192 } },
    /ollama\.options\.numCtx .*Did you mean num_ctx/,
  ],
])('a field that the server would ignore in silence is refused: %s', async (_, fields, message) => {
  const sent: unknown[] = []
  const fetch = async (url: unknown) => {
    sent.push(url)
    return Response.json({ error: 'no answer' }, { status: 400 })
  }
  const llm = ollama('m', { fetch: fetch as typeof globalThis.fetch, retry: false })
  const request = { messages: 'x', providerOptions: { ollama: fields } }
  expect(await failureOf(llm.chat(request as never))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringMatching(message),
  })
  expect(sent).toEqual([])
})
