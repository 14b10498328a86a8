// Capabilities that a server reports: asked for only when the app asks, laid over what is known, and cached.
import { expect, it } from 'vitest'
import { can, failureOf, world } from '../../test/world.js'
import { LlmError } from '../index.js'

it('what a server reports is laid over what is known, option by option, and asked for once', async () => {
  let asked = 0
  const known = { ...can, options: { seed: true, topK: false as const } }
  const { provider } = world(
    [],
    {},
    {
      capabilities: () => known,
      reportedCapabilities: async () => {
        asked++
        return { contextWindow: 4096, vision: false, options: { topK: true } }
      },
    },
  )
  const expected = { ...can, vision: false, contextWindow: 4096, options: { seed: true, topK: true } }
  expect(await provider.capabilities()).toEqual(expected)
  expect(await provider.capabilities()).toEqual(expected)
  expect(asked).toBe(1)
})

it('a report that fails is not cached', async () => {
  let asked = 0
  const { provider } = world(
    [],
    { retry: false },
    {
      reportedCapabilities: async () => {
        if (asked++ === 0) throw new LlmError('network', 'Gone.')
        return { contextWindow: 4096 }
      },
    },
  )
  expect((await failureOf(provider.capabilities())).code).toBe('network')
  expect(await provider.capabilities()).toMatchObject({ contextWindow: 4096, tools: true })
})
