// API keys: the servers they go to, and errors about a missing one.
import type { LlmError } from '@patchbay/core'
import { expect, it, onTestFinished, vi } from 'vitest'
import { type OllamaOptions, ollama } from './index.js'

/** What is sent to a server that refuses it, and the error. */
async function refusedBy(baseURL: string, key: string, options: OllamaOptions = {}) {
  vi.stubEnv('OLLAMA_API_KEY', key)
  onTestFinished(() => void vi.unstubAllEnvs())
  let sent: string | null = null
  const fetch = async (_: unknown, { headers }: RequestInit = {}) => {
    sent = new Headers(headers).get('authorization')
    return Response.json({ error: 'unauthorized' }, { status: 401 })
  }
  const llm = ollama('tiny', { ...options, baseURL, retry: false, fetch: fetch as typeof globalThis.fetch })
  const { code, message } = (await llm.chat('x').catch((error: unknown) => error)) as LlmError
  expect(code).toBe('authentication')
  return { sent, message }
}

it('the key of the environment goes to ollama.com only, and the error of another server says that no key was sent', async () => {
  expect(await refusedBy('https://ollama.com', 'k-env')).toMatchObject({
    sent: 'Bearer k-env',
    message: expect.stringContaining('Check the key.'),
  })
  for (const host of [
    'https://api.ollama.com',
    'http://ollama.com',
    'https://ollama.com.',
    'https://h.example',
  ])
    expect(await refusedBy(host, 'k-env')).toMatchObject({
      sent: null,
      message: expect.stringMatching(/No key was sent: .* Pass apiKey/),
    })
  expect(await refusedBy('https://ollama.com', '')).toMatchObject({
    sent: null,
    message: expect.stringContaining('No key was sent'),
  })
})

it('a password in the address, a given key and a header are sent instead of it', async () => {
  for (const host of ['ollama.com', 'api.ollama.com', 'h.example']) {
    expect(await refusedBy(`https://user:pw@${host}`, 'k-env')).toMatchObject({
      sent: `Basic ${btoa('user:pw')}`,
      message: expect.stringContaining('Check the key.'),
    })
    expect((await refusedBy(`https://${host}`, 'k-env', { apiKey: 'mine' })).sent).toBe('Bearer mine')
    for (const name of ['authorization', 'Authorization', 'AUTHORIZATION'])
      for (const more of [{}, { apiKey: 'mine' }]) {
        const options = { ...more, headers: { [name]: 'Acme mine' } }
        expect((await refusedBy(`https://${host}`, 'k-env', options)).sent).toBe('Acme mine')
      }
  }
})
