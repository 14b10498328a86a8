// The contract suite: what every provider must do, whoever serves it. Backends, wrappers and bridges all run it.
import {
  type Capabilities,
  type ChatEvent,
  type ChatInput,
  type ChatRequest,
  type ChatStream,
  type ErrorCode,
  isLlmError,
  type LlmError,
  type Message,
  type Part,
  type Provider,
} from '@patchbay/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** What the suite must know of a provider. */
export interface ContractOptions {
  /** A question with an answer of a few words. Default: the capital of France. */
  short?: string
  /** A question with an answer of at least ten deltas. Default: count from 1 to 12. */
  long?: string
  /** Does the same request give the same text? Default true. */
  deterministic?: boolean
  /** A request to which the model should answer with a tool call. Default: the weather in Lima, with the tool required. */
  toolRequest?: ChatRequest
  /** Bounds a single test, in milliseconds. Default 30,000. */
  timeout?: number
}

/** Makes a fresh provider; the suite closes it. */
export type ContractFactory = () => Provider | Promise<Provider>

const weather: ChatRequest = {
  messages: 'What is the weather in Lima?',
  tools: [
    {
      name: 'get_weather',
      description: 'Get the current weather in a city.',
      input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  ],
  toolChoice: 'required',
}

const person = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 20 }, age: { type: 'integer', minimum: 0, maximum: 150 } },
  required: ['name', 'age'],
  additionalProperties: false,
}

/**
 * Runs the contract against a provider, as vitest tests. What a provider's capabilities rule out is tested to be
 * refused. Export it into your own package's tests to prove a backend or a wrapper.
 */
export function describeProvider(
  name: string,
  factory: ContractFactory,
  options: ContractOptions = {},
): void {
  const {
    short = 'What is the capital of France?',
    long = 'Count from 1 to 12.',
    deterministic = true,
  } = options
  const { toolRequest = weather, timeout = 30_000 } = options

  describe(`the contract: ${name}`, { timeout }, () => {
    let provider: Provider
    let capabilities: Capabilities
    beforeAll(async () => {
      provider = await factory()
      capabilities = await provider.capabilities()
    }, timeout)
    afterAll(() => provider.close(), timeout)

    const failure = async (promise: Promise<unknown>): Promise<LlmError> => {
      const error: unknown = await promise.then(
        () => undefined,
        (thrown) => thrown,
      )
      if (!isLlmError(error))
        expect.fail(`expected an LlmError, got ${error === undefined ? 'an answer' : String(error)}`)
      expect(error.message).toMatch(/\S.*\.$/s)
      expect(error.provider).toBe(provider.provider)
      expect(error.model).toBe(provider.model)
      return error
    }
    const failsWith = async (code: ErrorCode, promise: Promise<unknown>): Promise<LlmError> => {
      const error = await failure(promise)
      expect(error.code).toBe(code)
      return error
    }
    const answers = async (): Promise<void> => expect((await provider.chat(short)).text).not.toBe('')

    describe('a stream', () => {
      it('starts once, finishes once, and its deltas are the text', async () => {
        const events = await all(provider.stream(long))
        expect(events.filter(({ type }) => type === 'start')).toHaveLength(1)
        expect(events.filter(({ type }) => type === 'finish')).toHaveLength(1)
        expect(events[0]).toMatchObject({ type: 'start', provider: provider.provider })
        const { response } = last(events)
        expect(deltas(events, 'text')).toBe(response.text)
        expect(deltas(events, 'reasoning')).toBe(response.reasoning)
        expect(events.filter((event) => event.type === 'text' && event.text === '')).toEqual([])
        expect(events.filter(({ type }) => type === 'text').length).toBeGreaterThan(1)
        expect(partText(response.message.content)).toBe(response.text)
      })

      it('gives what chat gives', async () => {
        const { response } = last(await all(provider.stream(short)))
        const chat = await provider.chat(short)
        expect(Object.keys(chat).sort()).toEqual(Object.keys(response).sort())
        expect(chat.finishReason).toBe(response.finishReason)
        expect(chat.provider).toBe(response.provider)
        expect(chat.model).toBe(response.model)
        if (deterministic) expect(chat.text).toBe(response.text)
      })

      it('can be read as text, or by response(), before, after or instead of its events', async () => {
        const stream = provider.stream(short)
        let text = ''
        for await (const delta of stream.text) text += delta
        const response = await stream.response()
        expect(text).toBe(response.text)
        expect(await stream.response()).toBe(response)

        const half = provider.stream(long)
        const events = half[Symbol.asyncIterator]()
        await events.next()
        expect((await half.response()).finishReason).toBe('stop')
        await expect(events.next()).resolves.toEqual({ done: true, value: undefined })
      })

      it('has one reader', async () => {
        const stream = provider.stream(short)
        const reading = all(stream)
        expect(() => stream[Symbol.asyncIterator]()).toThrow(/already being read/)
        expect(last(await reading).response.text).not.toBe('')
      })

      it('is aborted by leaving its loop', async () => {
        const stream = provider.stream(long)
        for await (const event of stream) if (event.type === 'text') break
        await failsWith('aborted', stream.response())
        await answers()
      })

      it('gives a slow reader the same text', async () => {
        const quick = await provider.chat(long)
        let text = ''
        for await (const delta of provider.stream(long).text) {
          text += delta
          await new Promise((resolve) => setImmediate(resolve))
        }
        if (deterministic) expect(text).toBe(quick.text)
        expect(text).not.toBe('')
      })

      it('does not mix with another one read at the same time', async () => {
        const streams = [provider.stream(long), provider.stream(short)]
        const seen = ['', '']
        const readers = streams.map((stream) => stream.text[Symbol.asyncIterator]())
        for (const open = new Set([0, 1]); open.size > 0; )
          for (const index of open) {
            const next = await (readers[index] as AsyncIterator<string>).next()
            if (next.done) open.delete(index)
            else seen[index] += next.value
          }
        const whole = await Promise.all(streams.map((stream) => stream.response()))
        expect(seen).toEqual(whole.map(({ text }) => text))
        if (deterministic)
          expect(seen).toEqual([(await provider.chat(long)).text, (await provider.chat(short)).text])
      })

      it('that is never read costs nothing', async () => {
        const own = await factory()
        own.stream(short)
        await own.close()
      })
    })

    describe('a response', () => {
      it('says who answered, how long it took and what it used', async () => {
        const response = await provider.chat(short)
        expect(response).toMatchObject({
          provider: provider.provider,
          attempts: 1,
          finishReason: 'stop',
          warnings: [],
        })
        expect(response.message.role).toBe('assistant')
        expect(response.usage.inputTokens).toBeGreaterThan(0)
        expect(response.usage.outputTokens).toBeGreaterThan(0)
        const { firstTokenMs, totalMs } = response.timing
        expect(firstTokenMs).toBeGreaterThanOrEqual(0)
        expect(totalMs).toBeGreaterThanOrEqual(firstTokenMs)
      })

      it('can be appended to the conversation, which goes on', async () => {
        const first = await provider.chat(short)
        const messages: Message[] = [
          { role: 'user', content: short },
          first.message,
          { role: 'user', content: short },
        ]
        const second = await provider.chat({ system: 'You are a helpful assistant.', messages })
        expect(second.text).not.toBe('')
        expect(second.usage.inputTokens ?? 0).toBeGreaterThan(first.usage.inputTokens ?? 0)
      })

      it('is cut at maxOutputTokens, and says so', async ({ skip }) => {
        if (capabilities.options?.maxOutputTokens === false) skip()
        const response = await provider.chat({ messages: long, maxOutputTokens: 3 })
        expect(response.finishReason).toBe('length')
        expect(response.usage.outputTokens ?? 0).toBeLessThanOrEqual(3)
      })

      it('holds for many callers at once, each with its own answer', async () => {
        const responses = await Promise.all(
          Array.from({ length: 12 }, (_, index) => provider.chat(index % 2 ? long : short)),
        )
        for (const { text } of responses) expect(text).not.toBe('')
        if (deterministic) expect(new Set(responses.map(({ text }) => text)).size).toBe(2)
      })
    })

    describe('an abort', () => {
      it('before the call ends it at once', async () => {
        await failsWith('aborted', provider.chat(short, { signal: AbortSignal.abort() }))
        const stream = provider.stream(short)
        stream.abort()
        await failsWith('aborted', all(stream))
      })

      it('before the first event ends it, and leaves the provider well', async () => {
        const controller = new AbortController()
        const call = provider.chat(long, { signal: controller.signal })
        await Promise.resolve()
        controller.abort()
        await failsWith('aborted', call)
        await answers()
      })

      it('between events ends it with what had arrived', async () => {
        const controller = new AbortController()
        const stream = provider.stream(long, { signal: controller.signal })
        let seen = ''
        const error = await failsWith(
          'aborted',
          (async () => {
            for await (const event of stream) {
              if (event.type !== 'text') continue
              seen += event.text
              controller.abort(new Error('enough'))
            }
          })(),
        )
        expect(error.partial?.text.startsWith(seen)).toBe(true)
        expect(error.cause).toMatchObject({ message: 'enough' })
        await failsWith('aborted', stream.response())
        await answers()
      })

      it('after the end changes nothing, and no listener is left', async () => {
        const controller = new AbortController()
        const counted = countListeners(controller.signal)
        const response = await provider.chat(short, { signal: controller.signal })
        for await (const event of provider.stream(long, { signal: controller.signal }))
          if (event.type === 'text') break
        await failure(provider.chat([], { signal: controller.signal }))
        expect(counted()).toBe(0)
        controller.abort()
        expect(response.text).not.toBe('')
      })
    })

    it('an abandoned stream does not keep close() waiting once it is stopped', async () => {
      const own = await factory()
      const aborted = own.stream(long)
      await aborted[Symbol.asyncIterator]().next()
      aborted.abort()
      const late = own.stream(long, { timeout: 100 })
      await late[Symbol.asyncIterator]()
        .next()
        .catch(() => {})
      await own.close()
    })

    describe('a deadline', () => {
      it('before the first event ends the call', async () => {
        await failsWith('timeout', provider.chat(long, { timeout: 0.001, retry: false }))
        await answers()
      })

      it('between events ends it, with what had arrived', async () => {
        const stream = provider.stream(long, { timeout: { total: 1_000 } })
        const started = performance.now()
        const error = await failsWith(
          'timeout',
          (async () => {
            for await (const event of stream)
              if (event.type === 'text') await until(() => performance.now() - started > 1_050)
          })(),
        )
        expect(error.partial?.text).not.toBe('')
        await answers()
      })
    })

    describe('a bad request', () => {
      const bad: [what: string, request: ChatInput, code: ErrorCode][] = [
        ['no messages', [], 'invalid-request'],
        ['an empty message', '', 'invalid-request'],
        [
          'only messages the model may not see',
          [{ role: 'user', content: 'hi', visibility: 'user' }],
          'invalid-request',
        ],
        ['a temperature that is no number', { messages: 'hi', temperature: Number.NaN }, 'invalid-request'],
        ['a negative limit', { messages: 'hi', maxOutputTokens: -1 }, 'invalid-request'],
        [
          'a tool result without its call',
          [{ role: 'tool', content: [{ type: 'tool-result', id: 'x', output: 'y' }] }],
          'invalid-request',
        ],
        [
          'a choice of a tool that is not there',
          { messages: 'hi', toolChoice: { name: 'nothing' } },
          'invalid-request',
        ],
      ]
      it.each(bad)('is refused with a typed error: %s', async (_, request, code) => {
        const error = await failsWith(code, provider.chat(request))
        expect(error.retryable).toBe(false)
      })

      it('of five megabytes gives an answer or a typed error, and the provider lives', async () => {
        const error: unknown = await provider.chat('word '.repeat(1_000_000)).then(
          () => undefined,
          (thrown) => thrown,
        )
        if (error !== undefined)
          expect(['context-length', 'invalid-request']).toContain(isLlmError(error) ? error.code : error)
        await answers()
      })

      it('of any characters is taken as text', async () => {
        const response = await provider.chat({
          messages: 'Zoë 🦀 \u0000 \uD800 <|im_end|> <s>[INST] {{x}} {% y %}\r\n 中文',
          maxOutputTokens: 20,
        })
        expect(response.warnings).toMatchObject([{ code: 'repaired', feature: 'unicode' }])
        expect(response.text.isWellFormed()).toBe(true)
      })
    })

    describe('what a model cannot do', () => {
      const image: Part = { type: 'image', data: 'iVBORw0KGgo=', mediaType: 'image/png' }
      const file: Part = { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf' }
      const audio: Part = { type: 'audio', data: 'UklGRg==', mediaType: 'audio/wav' }
      const asking = (part: Part): ChatRequest => ({
        messages: [{ role: 'user', content: [{ type: 'text', text: short }, part] }],
      })
      const features: [feature: keyof Capabilities, request: ChatRequest][] = [
        ['tools', { ...toolRequest, toolChoice: 'auto' }],
        ['vision', asking(image)],
        ['files', asking(file)],
        ['audio', asking(audio)],
        ['json', { messages: short, output: 'json' }],
        ['reasoning', { messages: short, reasoning: 'low' }],
      ]
      it.each(
        features,
      )('is refused before the wire, or left out with a warning: %s', async (feature, request) => {
        if (capabilities[feature] !== false) return
        const error = await failsWith('unsupported', provider.chat(request))
        expect(error.message).toContain(feature)
        const response = await provider.chat({ ...request, onUnsupported: 'warn' })
        expect(response.warnings).toMatchObject([{ code: 'unsupported', feature }])
        expect(response.text).not.toBe('')
      })

      it('is refused too where it is a whole method', async () => {
        if (capabilities.embed === false) await failsWith('unsupported', provider.embed('text'))
        else
          expect((await provider.embed(['one', 'two'])).vectors.map(({ length }) => length > 0)).toEqual([
            true,
            true,
          ])
      })
    })

    describe('what a model can do', () => {
      it('is JSON by a schema, parsed and valid', async ({ skip }) => {
        if (capabilities.json !== true) skip()
        const response = await provider.chat({
          messages: 'Give me JSON: name Eve, age 30.',
          output: { schema: person },
        })
        expect(response.output).toMatchObject({ name: expect.any(String), age: expect.any(Number) })
        expect(JSON.parse(response.text)).toEqual(response.output)
      })

      it('is a call of a tool, announced, streamed and given whole', async ({ skip }) => {
        if (capabilities.tools !== true) skip()
        const events = await all(provider.stream(toolRequest))
        const { response } = last(events)
        expect(response.finishReason).toBe('tool-calls')
        const [call] = response.toolCalls
        expect(call?.name).toBe(toolRequest.tools?.[0]?.name)
        const own = events.filter((event) => 'id' in event && event.id === call?.id)
        expect(own.map(({ type }) => type).filter((type, index, types) => type !== types[index - 1])).toEqual(
          ['tool-call-start', 'tool-call-delta', 'tool-call'],
        )
        const json = own.map((event) => (event.type === 'tool-call-delta' ? event.json : '')).join('')
        expect(JSON.parse(json)).toEqual(call?.input)
        const result: Message = {
          role: 'tool',
          content: [
            { type: 'tool-result', id: call?.id ?? '', output: '{"temperature": 21, "condition": "sunny"}' },
          ],
        }
        const { messages: question, tools } = toolRequest
        const answer = await provider.chat({
          messages: [...(typeof question === 'string' ? [question] : question), response.message, result],
          ...(tools && { tools }),
        })
        expect(answer.text).not.toBe('')
      })

      it('is counting: hidden messages cost nothing', async () => {
        const shown: Message = { role: 'user', content: short }
        const hidden: Message = { role: 'assistant', content: 'for the eyes of the user', visibility: 'user' }
        const count = await provider.countTokens([shown]).catch((error) => error)
        if (isLlmError(count, 'unsupported')) return
        expect(count).toBeGreaterThan(0)
        expect(await provider.countTokens([hidden, shown])).toBe(count)
      })

      it('is naming its models', async () => {
        const models = await provider.models()
        expect(models.length).toBeGreaterThan(0)
        for (const { id } of models) expect(id).not.toBe('')
      })
    })

    describe('close', () => {
      it('waits for what runs, refuses what comes later, and leaves nothing behind', async () => {
        const before = resources()
        const own = await factory()
        await own.chat(short)
        const running = own.chat(long)
        const closing = own.close()
        expect((await running).finishReason).toBe('stop')
        await closing
        await own.close()
        const error: unknown = await own.chat(short).catch((thrown) => thrown)
        expect(isLlmError(error, 'closed')).toBe(true)
        await until(() => resources() <= before)
      })
    })
  })
}

async function all(stream: ChatStream): Promise<ChatEvent[]> {
  const events: ChatEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

function last(events: ChatEvent[]): Extract<ChatEvent, { type: 'finish' }> {
  const event = events.at(-1)
  if (event?.type !== 'finish') return expect.fail(`the last event is ${event?.type}`)
  return event
}

function deltas(events: ChatEvent[], type: 'text' | 'reasoning'): string {
  return events.map((event) => (event.type === type ? event.text : '')).join('')
}

function partText(parts: Part[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

function countListeners(signal: AbortSignal): () => number {
  const listeners = new Set<unknown>()
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...rest: Parameters<AbortSignal['addEventListener']>) => {
    listeners.add(rest[1])
    addEventListener.apply(signal, rest)
  }
  signal.removeEventListener = (...rest: Parameters<AbortSignal['removeEventListener']>) => {
    listeners.delete(rest[1])
    removeEventListener.apply(signal, rest)
  }
  return () => listeners.size
}

/** Sockets, pipes, processes and timers this process holds. */
function resources(): number {
  return process.getActiveResourcesInfo().filter((kind) => /Timeout|TCP|Pipe|Process|Server/.test(kind))
    .length
}

/** Resolves when it holds; the test's own limit is the only one. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}
