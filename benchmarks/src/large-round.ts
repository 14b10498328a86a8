// One round of the benchmark of large things, in a process of its own: one client, one kind, one size; CPU time and memory are printed.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { claude } from '@patchbay/claude'
import { type MessageInput, type Provider, streamObject, tool } from '@patchbay/core'
import { gemini } from '@patchbay/gemini'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'

export type Kind = 'text' | 'tool' | 'list' | 'talk'
export type Client = 'floor' | 'patchbay' | 'claude' | 'ollama' | 'gemini' | 'openai' | 'ai'

const [who = '', kind = '', size = '', url = '', peers = ''] = process.argv.slice(2)
const characters = Number(size)
const baseURL = url
const host = url.replace('/v1', '')
const apiKey = 'k'

/** A conversation of that many messages; what answers is of no length. */
const conversation = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    role: at % 2 === 0 ? ('user' as const) : ('assistant' as const),
    content: `Message ${at}: some words, as many as people write when they talk to each other about a thing.`,
  })).concat({ role: 'user', content: 'And now?' })
const messages = kind === 'talk' ? conversation(characters) : [{ role: 'user' as const, content: 'Hi' }]
const model = `${kind}-${kind === 'talk' ? 1 : characters}`
const save = {
  name: 'save',
  description: 'Saves a text.',
  parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] } as const,
}
const element = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    name: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    text: { type: 'string' },
  },
  required: ['id', 'name', 'tags', 'text'],
  additionalProperties: false,
} as const
const list = {
  type: 'object',
  properties: { elements: { type: 'array', items: element } },
  required: ['elements'],
  additionalProperties: false,
} as const

/** What came, in characters; of a list, in elements. */
type Ask = () => Promise<number>

async function peer<Module>(name: string): Promise<Module> {
  return import(pathToFileURL(createRequire(`${peers}/package.json`).resolve(name)).href)
}

/** The same for each of our providers. */
function askOf(llm: Provider): Ask {
  return async () => {
    if (kind === 'list') {
      const run = streamObject(llm, list, { messages: messages as MessageInput[] })
      for await (const _ of run) {
      }
      const { object } = await run.result()
      return (object as { elements: unknown[] }).elements.length
    }
    const tools =
      kind === 'tool'
        ? [tool({ name: save.name, description: save.description, input: save.parameters })]
        : []
    const stream = llm.stream({ messages: messages as MessageInput[], tools })
    for await (const _ of stream) {
    }
    const { text, toolCalls } = await stream.response()
    return kind === 'tool' ? (toolCalls[0]?.input as { text: string }).text.length : text.length
  }
}

const ways: Record<string, () => Promise<Ask>> = {
  /** fetch, lines, JSON, and the deltas joined; a list is parsed at the end alone. */
  floor: async () => async () => {
    const tools = [{ type: 'function', function: save }]
    const body = { model, messages, stream: true, ...(kind === 'tool' && { tools }) }
    const response = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const decoder = new TextDecoder()
    let rest = ''
    let text = ''
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
        const delta = JSON.parse(line.slice(6)).choices[0]?.delta
        text += delta?.content ?? delta?.tool_calls?.[0]?.function.arguments ?? ''
      }
    }
    if (kind === 'list') return JSON.parse(text).elements.length
    return kind === 'tool' ? JSON.parse(text).text.length : text.length
  },
  patchbay: async () => askOf(openai(model, { baseURL, apiKey, api: 'chat' })),
  claude: async () => askOf(claude(model, { baseURL: host, apiKey })),
  ollama: async () => askOf(ollama(model, { baseURL: host })),
  gemini: async () => askOf(gemini(model, { baseURL: host, apiKey })),
  openai: async () => {
    const { default: OpenAI } = await import('openai')
    const sdk = new OpenAI({ baseURL, apiKey })
    return async () => {
      const tools = [{ type: 'function' as const, function: save }]
      const stream = sdk.chat.completions.stream({ model, messages, ...(kind === 'tool' && { tools }) })
      for await (const _ of stream) {
      }
      const message = (await stream.finalChatCompletion()).choices[0]?.message
      const text = message?.content ?? ''
      if (kind === 'list') return JSON.parse(text).elements.length
      const call = message?.tool_calls?.[0]
      return kind === 'tool' && call?.type === 'function'
        ? JSON.parse(call.function.arguments).text.length
        : text.length
    }
  },
  ai: async () => {
    const { streamText, Output, jsonSchema, tool } = await peer<{
      streamText(options: object): {
        fullStream: AsyncIterable<unknown>
        partialOutputStream: AsyncIterable<unknown>
        text: Promise<string>
        output: Promise<{ elements: unknown[] }>
        toolCalls: Promise<{ input: { text: string } }[]>
      }
      Output: { object(options: object): object }
      jsonSchema(schema: object): object
      tool(options: object): object
    }>('ai')
    const { createOpenAI } = await peer<{ createOpenAI(options: object): { chat(model: string): object } }>(
      '@ai-sdk/openai',
    )
    const llm = createOpenAI({ baseURL, apiKey }).chat(model)
    return async () => {
      const tools = {
        save: tool({ description: save.description, inputSchema: jsonSchema(save.parameters) }),
      }
      const output = Output.object({ schema: jsonSchema(list) })
      const result = streamText({
        model: llm,
        messages,
        ...(kind === 'tool' && { tools }),
        ...(kind === 'list' && { output }),
      })
      for await (const _ of kind === 'list' ? result.partialOutputStream : result.fullStream) {
      }
      if (kind === 'list') return (await result.output).elements.length
      return kind === 'tool'
        ? ((await result.toolCalls)[0]?.input.text.length ?? 0)
        : (await result.text).length
    }
  },
}

const ask = await ways[who]?.()
if (ask === undefined) throw new Error(`There is no client "${who}".`)
let peakMb = 0
const sampler = setInterval(() => (peakMb = Math.max(peakMb, process.memoryUsage.rss() / 2 ** 20)), 50)
const before = process.cpuUsage()
const came = await ask()
const { user, system } = process.cpuUsage(before)
clearInterval(sampler)
peakMb = Math.max(peakMb, process.resourceUsage().maxRSS / 1024)
const least = kind === 'list' ? characters / 100 : kind === 'talk' ? 4 : characters
if (came < least) throw new Error(`${who} got ${came} of ${least}`)
process.stdout.write(JSON.stringify({ seconds: (user + system) / 1e6, peakMb }))
process.exit(0)
