// A conversation started on one provider continues on any other, and back: all ordered pairs of backends, against test servers
// of their protocols and the real local worker.
import { claude } from '@patchbay/claude'
import { type Message, type Provider, runTools, tool } from '@patchbay/core'
import { local } from '@patchbay/local'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import type { FaultServer } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { simulateAnthropic } from '../../packages/claude/test/server.js'
import { simulateOllama } from '../../packages/ollama/test/server.js'
import { simulateOpenAI } from '../../packages/openai/test/server.js'

interface Side {
  provider: Provider
  /** What it was asked last; the local worker has no wire to look at. */
  asked: () => unknown[] | undefined
}

const names = ['claude', 'chat completions', 'responses', 'ollama', 'local'] as const
const sides = new Map<string, Side>()
const servers: FaultServer[] = []

beforeAll(async () => {
  const serve = async (play: () => Promise<FaultServer>, make: (url: string) => Provider): Promise<Side> => {
    const server = await play()
    servers.push(server)
    return {
      provider: make(server.url),
      asked() {
        const { messages, input } = server.requests.at(-1)?.json as {
          messages?: unknown[]
          input?: unknown[]
        }
        return messages ?? input
      },
    }
  }
  const apiKey = 'k'
  sides.set(
    'claude',
    await serve(simulateAnthropic, (baseURL) => claude('claude-sonnet-4-5', { apiKey, baseURL })),
  )
  sides.set(
    'chat completions',
    await serve(simulateOpenAI, (baseURL) => openai('gpt-x', { apiKey, baseURL })),
  )
  sides.set(
    'responses',
    await serve(simulateOpenAI, (baseURL) => openai('gpt-x', { apiKey, baseURL, api: 'responses' })),
  )
  sides.set('ollama', await serve(simulateOllama, (baseURL) => ollama('tiny', { baseURL })))
  sides.set('local', { provider: local(), asked: () => undefined })
})

afterAll(async () => {
  for (const { provider } of sides.values()) await provider.close()
  for (const server of servers) await server.close()
})

const weather = tool({
  name: 'get_weather',
  description: 'Get the current weather in a city.',
  input: z.object({ city: z.string().max(20) }),
  run: () => ({ temperature: 21, condition: 'sunny' }),
})
const tools = [weather]
/** A turn that is to be an answer. */
const talk = { tools, toolChoice: 'none' as const }
const side = (name: string) => sides.get(name) as Side

/** A turn of thinking where the model can, a tool call, its result, an answer. */
async function begin({ provider }: Side): Promise<Message[]> {
  const { reasoning, options } = await provider.capabilities()
  const thought = await provider.chat({
    messages: 'What is the capital of France?',
    ...(reasoning === true && { reasoning: 'low' }),
  })
  const opening: Message[] = [{ role: 'user', content: 'What is the capital of France?' }, thought.message]
  const { messages } = await runTools(provider, {
    messages: [...opening, 'What is the weather in Lima?'],
    tools,
    ...(options?.toolChoice !== false && { toolChoice: 'required' }),
  }).result()
  return messages
}

const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const))

describe('a conversation', () => {
  it.each(pairs)('goes from %s to %s and back, and loses nothing', async (from, to) => {
    const home = side(from)
    const history = await begin(home)
    expect(history.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
      'tool',
      'assistant',
    ])
    await home.provider.chat({ messages: [...history, 'Count from 1 to 12.'], ...talk })
    const alone = home.asked()

    const away = await side(to).provider.chat({ messages: [...history, 'Count from 1 to 12.'], ...talk })
    expect(away.text).not.toBe('')
    // What anybody could read is there for the other one too, save thinking, which is its maker's.
    const seen = JSON.stringify(side(to).asked() ?? history)
    for (const words of ['capital of France', 'Lima', 'sunny', 'Paris', 'get_weather'])
      expect(seen).toContain(words)

    const back = await home.provider.chat({
      messages: [...history, 'Count from 1 to 12.', away.message, 'What is the capital of France?'],
      ...talk,
    })
    expect(back.text).not.toBe('')
    // The first provider finds its own turns, opaque state included, as if nobody else had been there.
    if (alone !== undefined) expect(home.asked()?.slice(0, alone.length)).toEqual(alone)
  })

  it.each(names)('with an image goes to %s, or is refused there before the wire', async (name) => {
    const { provider } = side(name)
    const image = { type: 'image', data: new Uint8Array([137, 80, 78, 71]), mediaType: 'image/png' } as const
    const history: Message[] = [
      { role: 'user', content: [{ type: 'text', text: 'What is the capital of France?' }, image] },
      { role: 'assistant', content: [{ type: 'refusal', text: 'I would rather not say.' }] },
    ]
    const messages = [...history, 'What is the capital of France?']
    const { vision } = await provider.capabilities()
    if (vision === false) {
      await expect(provider.chat(messages)).rejects.toMatchObject({ code: 'unsupported' })
      const response = await provider.chat({ messages, onUnsupported: 'warn' })
      expect(response.warnings).toMatchObject([{ feature: 'vision' }])
    } else {
      await provider.chat(messages)
      expect(JSON.stringify(side(name).asked())).toContain('rather not say')
    }
  })
})
