// Isolation between keys: allowed providers, and cached answers.

import { loadConfig } from '@patchbay/config'
import { cache } from '@patchbay/policies'
import { mockProvider } from '@patchbay/testing'
import { expect, it, onTestFinished, vi } from 'vitest'
import { served } from '../../test/served.js'
import { newKey } from '../index.js'
import { serve } from './serve.js'

const [alice, bob] = [newKey(), newKey()]
const keys = { alice: { hash: alice.hash }, bob: { hash: bob.hash } }

it('an answer kept for one key is not given to another, whatever that one says of itself', async () => {
  const inner = mockProvider({ answers: ['for alice', 'for bob', 'for bob as alice'] })
  const gateway = await served(cache(inner), { keys })
  const ask = async (key: string, metadata?: object) => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }], ...(metadata && { metadata }) }),
    })
    const { choices } = (await response.json()) as { choices: { message: { content: string } }[] }
    return choices[0]?.message.content
  }
  expect(await ask(alice.key)).toBe('for alice')
  expect(await ask(alice.key)).toBe('for alice')
  expect(await ask(bob.key)).toBe('for bob')
  expect(await ask(bob.key, { tenant: JSON.stringify(['alice', '']) })).toBe('for bob as alice')
  expect(inner.requests).toHaveLength(3)
})

it('a key asks by default only whom it may ask, also where the environment names the default', async () => {
  vi.stubEnv('PATCHBAY_PROVIDER', 'b')
  onTestFinished(() => void vi.unstubAllEnvs())
  const config = {
    default: 'a',
    providers: { a: { use: 'local' as const }, b: { use: 'local' as const } },
    gateway: { keys: { alice: { hash: alice.hash, providers: ['a'] } } },
  }
  const gateway = await serve({ port: 0, loaded: await loadConfig({ config, user: false }) })
  onTestFinished(() => gateway.close())
  const ask = (model?: string) =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${alice.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...(model && { model }), messages: [{ role: 'user', content: 'Hi' }] }),
    })
  expect((await ask('b')).status).toBe(403)
  expect((await ask()).status).toBe(403)
  expect((await ask('nobody-knows')).status).toBe(403)
  expect((await ask('a')).status).toBe(200)
})
