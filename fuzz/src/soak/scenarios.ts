// What an app does again and again, each with other words, keys and tenants, and all on one signal that outlives it. Memory
// is the same after a thousand times. A new policy, loop, bridge, batch or store gets a line here.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { languageModel } from '@patchbay/ai-sdk'
import {
  type CallOptions,
  generateObject,
  type Provider,
  runTools,
  streamElements,
  streamObject,
  type Tool,
} from '@patchbay/core'
import { chatModel } from '@patchbay/langchain'
import { mcpTools } from '@patchbay/mcp'
import { openai } from '@patchbay/openai'
import {
  batch,
  batchResults,
  breaker,
  budget,
  type CacheStore,
  cache,
  cascade,
  denied,
  fallback,
  fileState,
  guard,
  hedge,
  learn,
  limit,
  loadBalance,
  log,
  mask,
  memoryCache,
  memoryState,
  priced,
  redisState,
  replay,
  route,
  type StateStore,
  semanticCache,
  trace,
} from '@patchbay/policies'
import { generateText, streamText } from 'ai'
import { type Answers, answering } from './provider.js'

/** One thing that is done many times. */
export interface Scenario {
  call(index: number, signal: AbortSignal): Promise<unknown>
  close?(): Promise<unknown>
}

type Make = () => Scenario | Promise<Scenario>

// Bounded so low that the bound is met before it is measured.
const few = { max: 20 }
const store = () => memoryCache(few)
const state = () => memoryState(few)
const many = (answers: Answers = {}): [Provider, Provider] => [
  answering({ provider: 'first', ...answers }),
  answering({ provider: 'second' }),
]
const options = (index: number, signal: AbortSignal) => ({
  signal,
  metadata: { key: `key ${index}`, tenant: `tenant ${index}` },
})
/** These know the last thousand keys or conversations, more than are asked here: so they meet the same again. */
const remembering = new Set(['budget', 'semanticCache'])
const fewOwners = 20

const policies: Record<string, (answers: Answers) => Provider> = {
  'a provider alone': answering,
  batch: (answers) => batch(answering(answers), { state: state() }),
  breaker: (answers) => breaker(answering(answers), { state: state(), failures: Number.MAX_SAFE_INTEGER }),
  budget: (answers) =>
    budget(answering(answers), { limits: [{ per: 'day', each: 'key', tokens: 1e9 }], state: state() }),
  cache: (answers) => cache(answering(answers), { store: store() }),
  cascade: (answers) => cascade(many(answers)),
  fallback: (answers) => fallback(many(answers)),
  guard: (answers) =>
    guard(answering(answers), { input: denied(['bomb']), output: denied(['bomb']), every: 4 }),
  hedge: (answers) => hedge(many(answers), { delay: 5 }),
  learn: (answers) => learn(many(answers), { state: state() }),
  limit: (answers) => limit(answering(answers), { concurrency: 4, requestsPerMinute: 1e9, state: state() }),
  loadBalance: (answers) => loadBalance(many(answers), { by: 'latency' }),
  log: (answers) =>
    log(answering(answers), { logger: { info() {}, warn() {}, error() {}, debug() {} } as never }),
  mask: (answers) => mask(answering(answers)),
  priced: (answers) => priced(answering(answers), { 'soak-1': { input: 1, output: 1 } }),
  route: (answers) => route(many(answers)),
  semanticCache: (answers) =>
    semanticCache(answering(answers), {
      embedder: answering({ provider: 'vectors' }),
      store: store(),
      max: 10,
    }),
  trace: (answers) => trace(answering(answers)),
}

/** How a policy is met, in turns: asked, read as a stream and left in the middle, left at once, and failing. */
const ways: [Answers, (provider: Provider, index: number, options: CallOptions) => Promise<unknown>][] = [
  [{}, (provider, index, options) => provider.chat(`question ${index}`, options)],
  [
    { slow: true },
    async (provider, index, options) => {
      for await (const event of provider.stream(`question ${index}`, options))
        if (event.type === 'text') break
    },
  ],
  [
    { slow: true },
    async (provider, index, options) => {
      const own = new AbortController()
      const call = provider.chat(`question ${index}`, { ...options, signal: own.signal })
      await new Promise(setImmediate)
      own.abort()
      await call.catch(() => {})
    },
  ],
  [
    { fails: true },
    (provider, index, options) => provider.chat(`question ${index}`, options).catch(() => {}),
  ],
]

const tools: Tool[] = [
  {
    name: 'add',
    description: 'Adds.',
    input: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
    run: (input) => String((input as { a: number; b: number }).a),
  },
]
const list = {
  type: 'object',
  properties: { value: { type: 'array', items: { type: 'string' } } },
  required: ['value'],
} as const

async function readAll(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

/** A store that answers after its caller has left. */
function slowStore(): CacheStore {
  const kept = memoryCache(few)
  return {
    async get(key) {
      await new Promise((resolve) => setTimeout(resolve, 2))
      return kept.get(key)
    },
    set: kept.set,
  }
}

/** A server of tools with sessions, and a stream for each that is open until its client ends it. */
function forgetting(): { fetch: typeof fetch; forget(): void } {
  let session = 0
  const streams = new Set<ReadableStreamDefaultController>()
  const answers: Record<string, object> = {
    initialize: {
      protocolVersion: '2025-06-18',
      capabilities: { tools: {} },
      serverInfo: { name: 'soak', version: '1' },
    },
    'tools/list': { tools: [{ name: 'a', inputSchema: { type: 'object' } }] },
    'tools/call': { content: [{ type: 'text', text: 'done' }] },
  }
  return {
    forget: () => session++,
    async fetch(_, { method, headers, body, signal } = {}) {
      if (method === 'GET')
        return new Response(
          new ReadableStream({
            start(controller) {
              streams.add(controller)
              signal?.addEventListener('abort', () => {
                streams.delete(controller)
                controller.error(signal.reason)
              })
            },
          }),
          { headers: { 'content-type': 'text/event-stream' } },
        )
      const asked = JSON.parse(String(body)) as { id?: number; method: string }
      const isOpen = new Headers(headers).get('mcp-session-id') === `${session}`
      if (asked.method !== 'initialize' && !isOpen) return new Response('Session not found', { status: 404 })
      if (asked.id === undefined) return new Response(null, { status: 202 })
      return Response.json(
        { jsonrpc: '2.0', id: asked.id, result: answers[asked.method] },
        { headers: { 'mcp-session-id': `${session}` } },
      )
    },
  }
}

const change = (kept: StateStore) => ({
  call: async (index: number) => {
    await kept.swap(`key ${index}`, await kept.get(`key ${index}`), 'x'.repeat(200), 1)
  },
})

const others: Record<string, Make> = {
  'cache: callers who leave while it looks up': () => {
    const provider = cache(answering(), { store: slowStore() })
    return {
      call: (index) =>
        provider.chat(`question ${index} ${'long '.repeat(40)}`, { timeout: 1 }).catch(() => {}),
    }
  },
  'cache: vectors': () => {
    const provider = cache(answering(), { store: store() })
    return { call: (index, signal) => provider.embed(`text ${index}`, options(index, signal)) }
  },
  'replay: calls that are not on the cassette': () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-soak-'))
    const provider = replay(answering(), { file: join(folder, 'none.json') })
    return {
      call: (index) => provider.chat(`question ${index}`).catch(() => {}),
      close: async () => rmSync(folder, { recursive: true, force: true }),
    }
  },
  'loops: runTools': () => {
    const provider = answering()
    return {
      call: (index, signal) =>
        runTools(provider, { messages: `question ${index}`, tools }, options(index, signal)).result(),
    }
  },
  'loops: generateObject': () => {
    const provider = answering({ json: true })
    return {
      call: (index, signal) => generateObject(provider, list, `question ${index}`, options(index, signal)),
    }
  },
  'loops: generateObject with new schemas': () => {
    const provider = answering({ json: true })
    return {
      call: (index, signal) =>
        generateObject(
          provider,
          { ...list, title: `schema ${index}` },
          `question ${index}`,
          options(index, signal),
        ),
    }
  },
  'loops: streamObject': () => {
    const provider = answering({ json: true })
    return {
      call: (index, signal) =>
        readAll(streamObject(provider, list, `question ${index}`, options(index, signal))),
    }
  },
  'loops: streamElements': () => {
    const provider = answering({ json: true })
    return {
      call: (index, signal) =>
        readAll(
          streamElements(provider, { type: 'string' }, `question ${index}`, options(index, signal)),
        ).catch(() => {}),
    }
  },
  'bridges: AI SDK': () => {
    const model = languageModel(answering())
    return { call: (index, abortSignal) => generateText({ model, prompt: `question ${index}`, abortSignal }) }
  },
  'bridges: AI SDK, streamed': () => {
    const model = languageModel(answering())
    return {
      call: (index, abortSignal) =>
        readAll(streamText({ model, prompt: `question ${index}`, abortSignal }).textStream),
    }
  },
  'bridges: LangChain': () => {
    const model = chatModel(answering())
    return { call: (index, signal) => model.invoke(`question ${index}`, { signal }) }
  },
  'bridges: MCP': async () => {
    const server = process.env.PATCHBAY_SOAK_MCP
    if (server === undefined) throw new Error('PATCHBAY_SOAK_MCP is the program of a server.')
    const served = await mcpTools({ command: process.execPath, args: [server] })
    const weather = served.tools.find(({ name }) => name === 'weather_now')
    return {
      call: async (index, signal) =>
        weather?.run?.({ city: `city ${index}` }, { signal, id: `${index}`, messages: [] }),
      close: () => served.close(),
    }
  },
  'bridges: MCP, of a server that forgets its sessions': async () => {
    const server = forgetting()
    const served = await mcpTools({ url: 'http://127.0.0.1:9/mcp', fetch: server.fetch })
    return {
      call: async (index, signal) => {
        server.forget()
        await served.tools[0]?.run?.({}, { signal, id: `${index}`, messages: [] })
      },
      close: () => served.close(),
    }
  },
  'batches: our own queue': () => {
    const provider = batch(answering())
    return {
      call: async (index) => {
        const id = await provider.batches.submit([`question ${index}`, `other ${index}`])
        await readAll(batchResults(provider, id, { every: 1 }))
      },
    }
  },
  'batches: of a service': () => {
    const answer = (id: string) =>
      JSON.stringify({
        id,
        object: 'batch',
        status: 'in_progress',
        request_counts: { total: 1, completed: 0, failed: 0 },
      })
    const provider = openai('gpt-5', {
      apiKey: 'none',
      fetch: async (url) =>
        new Response(answer(String(url).split('/').at(-1) ?? ''), {
          headers: { 'content-type': 'application/json' },
        }),
    })
    return { call: (index) => provider.batches.status(`batch_${index}`) }
  },
  'stores: memory': () => change(state()),
  'stores: files': () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-soak-'))
    return {
      ...change(fileState(folder)),
      close: async () => rmSync(folder, { recursive: true, force: true }),
    }
  },
  'stores: a Redis that does not answer': () => {
    // A few at a time: what was sent and is not answered is kept by the client, not by us.
    const store = redisState({ sendCommand: () => new Promise(() => {}) }, { timeout: 1 })
    return { call: (index) => store.get(`key ${index % 20}`).catch(() => {}) }
  },
}

/** All of them, by their names. */
export const scenarios: Record<string, Make> = {
  ...Object.fromEntries(
    Object.entries(policies).map(([name, make]): [string, Make] => [
      `policies: ${name}`,
      () => {
        const all = ways.map(([answers, call]) => ({ provider: make(answers), call }))
        return {
          async call(index, signal) {
            const { provider, call } = all[index % all.length] as (typeof all)[number]
            const owner = remembering.has(name) ? index % fewOwners : index
            await call(provider, index, options(owner, signal))
          },
          close: () => Promise.all(all.map(({ provider }) => provider.close())),
        }
      },
    ]),
  ),
  ...others,
}
