// One round of the overhead benchmark, in a process of its own: one client against the upstream, its CPU time printed.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { Provider } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import { breaker, budget, limit, log, pipe, priced } from '@patchbay/policies'

export type Client = 'floor' | 'patchbay' | 'policy' | 'policies' | 'openai' | 'ai' | 'langchain'

const [who, url = '', peers = ''] = process.argv.slice(2)
const streams = 120
const firstCalls = 150
const calls = 2000
const tokens = 500

/** Reads a stream and gives the number of pieces; asks and gives the length of the text. */
interface Way {
  stream(): Promise<number>
  call(): Promise<number>
}

async function peer(name: string): Promise<Record<string, never>> {
  return import(pathToFileURL(createRequire(`${peers}/package.json`).resolve(name)).href)
}

/** What has to be done at least: fetch, split lines, parse JSON, take the delta. */
const floor: Way = {
  async stream() {
    const response = await ask(true)
    const decoder = new TextDecoder()
    let rest = ''
    let pieces = 0
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
        if (JSON.parse(line.slice(6)).choices[0]?.delta.content) pieces++
      }
    }
    return pieces
  },
  async call() {
    return (
      ((await (await ask(false)).json()) as { choices: { message: { content: string } }[] }).choices[0]
        ?.message.content.length ?? 0
    )
  },
}

function ask(stream: boolean): Promise<Response> {
  const body = { model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }], stream }
  return fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function make(client: string | undefined): Promise<Way> {
  const baseURL = url
  const apiKey = 'k'
  if (client === 'floor') return floor
  if (client === 'patchbay' || client === 'policy' || client === 'policies') {
    const bare = openai('gpt-x', { baseURL, apiKey })
    const llm = client === 'patchbay' ? bare : client === 'policy' ? breaker(bare) : withFive(bare)
    return {
      async stream() {
        let pieces = 0
        for await (const _ of llm.stream('Hi').text) pieces++
        return pieces
      },
      // With a limit, as an app that does not stream would set one: a longer answer is streamed in any case.
      call: async () => (await llm.chat({ messages: 'Hi', maxOutputTokens: 1000 })).text.length,
    }
  }
  if (client === 'openai') {
    const { default: OpenAI } = await import('openai')
    const sdk = new OpenAI({ baseURL, apiKey })
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    return {
      async stream() {
        let pieces = 0
        for await (const chunk of await sdk.chat.completions.create({
          model: 'gpt-x',
          messages,
          stream: true,
        }))
          if (chunk.choices[0]?.delta.content) pieces++
        return pieces
      },
      call: async () =>
        (await sdk.chat.completions.create({ model: 'gpt-x', messages })).choices[0]?.message.content
          ?.length ?? 0,
    }
  }
  if (client === 'ai') {
    const { streamText, generateText } = (await peer('ai')) as unknown as {
      streamText(options: object): { textStream: AsyncIterable<string> }
      generateText(options: object): Promise<{ text: string }>
    }
    const { createOpenAI } = (await peer('@ai-sdk/openai')) as unknown as {
      createOpenAI(options: object): { chat(model: string): object }
    }
    const model = createOpenAI({ baseURL, apiKey }).chat('gpt-x')
    return {
      async stream() {
        let pieces = 0
        for await (const _ of streamText({ model, prompt: 'Hi' }).textStream) pieces++
        return pieces
      },
      call: async () => (await generateText({ model, prompt: 'Hi' })).text.length,
    }
  }
  const { ChatOpenAI } = (await peer('@langchain/openai')) as unknown as {
    ChatOpenAI: new (
      options: object,
    ) => {
      stream(text: string): Promise<AsyncIterable<{ content: string }>>
      invoke(text: string): Promise<{ content: string }>
    }
  }
  const chain = new ChatOpenAI({ model: 'gpt-x', apiKey, configuration: { baseURL } })
  return {
    async stream() {
      let pieces = 0
      for await (const { content } of await chain.stream('Hi')) if (content !== '') pieces++
      return pieces
    },
    call: async () => (await chain.invoke('Hi')).content.length,
  }
}

function withFive(provider: Provider): Provider {
  const nowhere = { info() {}, warn() {}, error() {} }
  return pipe(
    provider,
    priced,
    (inner) => breaker(inner),
    (inner) => limit(inner, { concurrency: 100, requestsPerMinute: 1e9 }),
    (inner) => budget(inner, { limits: [{ per: 'run', tokens: 1e12 }] }),
    (inner) => log(inner, { logger: nowhere }),
  )
}

async function cost(
  work: () => Promise<number>,
  warmUp: number,
  times: number,
  expected: number,
): Promise<number> {
  for (let turn = 0; turn < warmUp; turn++) await work()
  const before = process.cpuUsage()
  for (let turn = 0; turn < times; turn++) {
    const got = await work()
    if (got !== expected) throw new Error(`${who} got ${got} of ${expected}`)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / times
}

const way = await make(who)
process.stdout.write(
  JSON.stringify({
    tokenUs: (await cost(way.stream, 10, streams, tokens)) / tokens,
    firstCallUs: await cost(way.call, 10, firstCalls, tokens * 5),
    callUs: await cost(way.call, calls, calls, tokens * 5),
  }),
)
process.exit(0)
