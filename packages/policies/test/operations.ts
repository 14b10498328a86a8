// A provider of every kind of call that remembers its requests, and every way to call one.
import {
  type BatchResult,
  type CallOptions,
  type ChatInput,
  type ChatResponse,
  LlmError,
  type Provider,
  type SpeechEvent,
  type SpeechResponse,
} from '@patchbay/core'
import { requestWithDefaults, speechStreamOf, streamOf } from '@patchbay/core/wrap'
import type { Coverage, Operation } from '../src/index.js'

/** One call that came. */
export interface AskedFor {
  name: string
  input: unknown
  options: CallOptions | undefined
}

/** A provider that answers everything, by saying again what it was asked; or fails with this, or throws at once. */
export function standIn({
  fails,
  throws,
  forgets = false,
  name = 'stand-in',
  model = 'stand-in-1',
}: {
  fails?: LlmError
  throws?: Error
  /** Keeps nothing of what it was asked. */
  forgets?: boolean
  name?: string
  model?: string
} = {}): { provider: Provider; asked: AskedFor[]; answers: unknown[] } {
  const asked: AskedFor[] = []
  const answers: unknown[] = []
  const batches = new Map<string, readonly ChatInput[]>()
  let made = 0
  const usage = { inputTokens: 3, outputTokens: 4 }
  const of = { provider: name, model, usage }
  function come<T>(way: string, input: unknown, options: CallOptions | undefined, answer: T): T {
    if (!forgets) asked.push({ name: way, input, options })
    if (throws !== undefined) throw throws
    if (!forgets) answers.push(answer)
    return answer
  }
  async function once<T>(answer: T): Promise<T> {
    if (fails !== undefined) throw fails
    return answer
  }
  const response = (text: string): ChatResponse => ({
    ...of,
    message: { role: 'assistant', content: [{ type: 'text', text }] },
    text,
    reasoning: '',
    toolCalls: [],
    finishReason: 'stop',
    timing: { firstTokenMs: 1, totalMs: 2 },
    attempts: 1,
    warnings: [],
  })
  const echo = (request: ChatInput) => `echo: ${textOf(request)}`
  const provider: Provider = {
    provider: name,
    model,
    defaults: {},
    chat: (request: ChatInput, options?: CallOptions) => provider.stream(request, options).response(),
    stream: (request: ChatInput, options?: CallOptions) => {
      const text = echo(request)
      const answer = come('stream', request, options, response(text))
      const events = [
        { type: 'start' as const, provider: name, model, warnings: [] },
        { type: 'text' as const, text },
        { type: 'finish' as const, response: answer },
      ]
      let stopped: LlmError | undefined
      let watched = true
      return streamOf({
        async next() {
          if (stopped !== undefined) throw stopped
          if (fails !== undefined) throw fails
          return watched ? events.shift() : events.splice(0).at(-1)
        },
        responseOnly: () => void (watched = false),
        stop: (error) => void (stopped = error),
        leave: () => (stopped = new LlmError('aborted', 'left', { partial: response('') })),
      })
    },
    embed: (input, options) =>
      once(come('embed', input, options, { ...of, vectors: [new Float32Array([1, 0])] })),
    rerank: (request, options) => once(come('rerank', request, options, { ...of, scores: [1] })),
    transcribe: (request, options) =>
      once(
        come('transcribe', request, options, { ...of, text: `echo: ${request.prompt ?? ''}`, segments: [] }),
      ),
    image: (request, options) => {
      const prompt = typeof request === 'string' ? request : request.prompt
      const image = {
        data: Uint8Array.of(1, 2),
        mediaType: 'image/png',
        ...(prompt !== '' && { revisedPrompt: `echo: ${prompt}` }),
      }
      return once(come('image', request, options, { ...of, images: [image] }))
    },
    speak: (request, options) =>
      speechStreamOf(
        async () => {
          const audio = Uint8Array.of(3, 4)
          const response = { ...of, audio, mediaType: 'audio/mpeg' }
          const answer = await once(come('speak', request, options, response))
          return (async function* (): AsyncGenerator<SpeechEvent, void> {
            yield { type: 'start', provider: name, model, mediaType: 'audio/mpeg' }
            yield { type: 'audio', audio }
            yield { type: 'finish', response: answer }
          })()
        },
        { options: {} },
      ),
    countTokens: (request, options) => once(come('countTokens', request, options, 5)),
    models: (options) => once(come('models', undefined, options, [{ id: 'as it is' }])),
    capabilities: (options) => {
      const unknown = 'unknown' as const
      const can = {
        tools: unknown,
        vision: unknown,
        files: unknown,
        audio: unknown,
        json: unknown,
        reasoning: unknown,
        embed: unknown,
      }
      // Policies look at them by themselves too; that is no call of anybody's.
      return options?.headers === undefined
        ? Promise.resolve(can)
        : once(come('capabilities', undefined, options, can))
    },
    batches: {
      available: true,
      submit: async (requests, options) => {
        const id = come('batches.submit', requests, options, `batch-${++made}`)
        if (fails === undefined) batches.set(id, requests)
        return once(id)
      },
      status: (id, options) => {
        const total = batches.get(id)?.length ?? 0
        const status = { state: 'ended' as const, total, answered: total, failed: 0 }
        return once(come('batches.status', id, options, status))
      },
      async *results(id, options) {
        const requests = batches.get(id) ?? []
        const all = requests.map(
          (request, index): BatchResult => ({ index, response: response(echo(request)) }),
        )
        if (forgets) batches.delete(id)
        yield* await once(come('batches.results', id, options, all))
      },
      cancel: (id, options) => once(come('batches.cancel', id, options, undefined)),
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
  return { provider, asked, answers }
}

function textOf(request: ChatInput): string {
  const { messages } = requestWithDefaults(request, {})
  const all = typeof messages === 'string' ? [messages] : messages
  return all
    .map((message) => (typeof message === 'string' ? message : message.content))
    .map((content) =>
      typeof content === 'string'
        ? content
        : content.map((part) => ('text' in part ? part.text : '')).join(''),
    )
    .join(' ')
}

/** One way to ask a provider; `input` is what of a text reaches it where nobody changes it. */
export interface Way {
  name: string
  door: Operation
  ask(provider: Provider, text: string, options?: CallOptions): Promise<unknown>
  input(text: string): string
}

/** Speech of the mock, with the text that it is made of. */
function readable(response: SpeechResponse) {
  return response.mediaType === 'audio/x-mock'
    ? { ...response, text: new TextDecoder().decode(response.audio) }
    : response
}

const theText = (text: string) => text
const noText = () => ''

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const value of values) list.push(value)
  return list
}

/** Every way there is; a new door of `Provider` does not compile without one. */
const byDoor: Record<Operation, Omit<Way, 'door'>[]> = {
  chat: [
    { name: 'chat', ask: (provider, text, options) => provider.chat(text, options), input: theText },
    {
      name: 'stream',
      input: theText,
      ask: async (provider, text, options) => {
        const stream = provider.stream(text, options)
        for await (const _ of stream);
        return stream.response()
      },
    },
  ],
  embed: [{ name: 'embed', ask: (provider, text, options) => provider.embed(text, options), input: theText }],
  rerank: [
    {
      name: 'rerank',
      input: theText,
      ask: (provider, text, options) => provider.rerank({ query: text, documents: [text] }, options),
    },
  ],
  transcribe: [
    {
      name: 'transcribe',
      input: theText,
      ask: (provider, text, options) =>
        provider.transcribe({ audio: new Uint8Array([1]), mediaType: 'audio/wav', prompt: text }, options),
    },
  ],
  image: [
    {
      name: 'image',
      input: theText,
      ask: (provider, text, options) => provider.image({ prompt: text }, options),
    },
  ],
  speak: [
    {
      name: 'speak',
      input: theText,
      ask: async (provider, text, options) => readable(await provider.speak({ text }, options).response()),
    },
    {
      name: 'speak, streamed',
      input: theText,
      ask: async (provider, text, options) => {
        const stream = provider.speak({ text }, options)
        for await (const _ of stream);
        return readable(await stream.response())
      },
    },
  ],
  countTokens: [
    {
      name: 'countTokens',
      ask: (provider, text, options) => provider.countTokens(text, options),
      input: theText,
    },
  ],
  models: [{ name: 'models', ask: (provider, _, options) => provider.models(options), input: noText }],
  capabilities: [
    {
      name: 'capabilities',
      input: noText,
      ask: (provider, _, options) => provider.capabilities({ headers: {}, ...options }),
    },
  ],
  batches: [
    {
      name: 'batches.submit',
      ask: (provider, text, options) => provider.batches.submit([text], options),
      input: theText,
    },
    {
      name: 'batches.status',
      ask: (provider, _, options) => provider.batches.status('batch-1', options),
      input: noText,
    },
    {
      name: 'batches.results',
      ask: (provider, _, options) => all(provider.batches.results('batch-1', options)),
      input: noText,
    },
    {
      name: 'batches.cancel',
      ask: (provider, _, options) => provider.batches.cancel('batch-1', options),
      input: noText,
    },
  ],
}

export const ways: Way[] = (Object.keys(byDoor) as Operation[]).flatMap((door) =>
  byDoor[door].map((way) => ({ ...way, door })),
)

/** Each way into a provider, with what a policy does there. */
export function walk(
  row: Readonly<Record<Operation, Coverage>>,
): [stand: Coverage, name: string, way: Way][] {
  return ways.map((way) => [row[way.door], way.name, way])
}
