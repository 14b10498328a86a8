// Errors of a proxy that wants a password (HTTP 407) name the proxy, not the service, the model or the key.
import type { LlmError } from '@patchbay/core'
import { expect, it } from 'vitest'
import { type Options, remotes, serve, thrownBy } from './backends.js'

const answers = {
  page: '<html>Corp proxy: log in first</html>',
  'error like a service’s': JSON.stringify({ error: { message: 'Corp proxy: log in first' } }),
}

it.each(
  Object.entries(remotes),
)('through %s has all that it says, where fetch gives it', async (_, remote) => {
  for (const body of Object.values(answers)) {
    const { url, requests } = await serve({ status: 407, body })
    const fail = (more: Partial<Options>) =>
      thrownBy(
        remote.make({ baseURL: url, ...more }).chat({ messages: 'Hi', maxOutputTokens: 20 }),
      ) as Promise<LlmError>
    const own = await fail({ fetch: async () => new Response(body, { status: 407 }) })
    expect(own).toMatchObject({ code: 'network', status: 407, retryable: false, responseBody: body })
    expect(own.message).toMatch(/Corp proxy: log in first.* A proxy asks for a user and password\./)
    // Node's own drops it, and all it says with it.
    const { message } = await fail({})
    expect(message).toMatch(/\(HTTP 407\): a proxy asks for a user and password/)
    // Ollama is asked for the model's capabilities first.
    expect(new Set(requests.map(({ path }) => path)).size).toBe(requests.length)
  }
})
