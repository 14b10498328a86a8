// Mock provider: scripted answers and a record of its requests. It is made by `defineProvider` like all others.
import {
  type Backend,
  type BackendEvent,
  type BackendSpeechEvent,
  type CallContext,
  type Capabilities,
  type ChatResponse,
  defineProvider,
  type JsonSchema,
  LlmError,
  type PreparedChat,
  type PreparedImage,
  type PreparedSpeak,
  type Provider,
  type ProviderOptions,
  type TokenLogprob,
  type TopLogprob,
  type Usage,
} from '@patchbay/core'
import { fromBase64 } from '@patchbay/core/wire'

export { type FakeClock, fakeClock } from './fake-clock.js'

/** One answer, piece by piece. All times are in milliseconds, by the provider's clock. */
export interface MockScript {
  /** Streamed word by word. */
  text?: string
  reasoning?: string
  toolCalls?: { id?: string; name: string; input: unknown }[]
  /** Exactly these events instead of text, reasoning and tool calls; a `finish` is added when there is none. */
  events?: BackendEvent[]
  /** Before the first event. */
  delay?: number
  /** Before each further event. */
  interval?: number
  /** Thrown after the events, in place of the finish. */
  error?: unknown
  /** Ends without a finish, as a cut connection looks to a careless backend. */
  cut?: boolean
  finishReason?: ChatResponse['finishReason']
  usage?: ChatResponse['usage']
}

/** A text, an error to throw, a script, or a function of the request that gives one of them. */
export type MockAnswer =
  | string
  | Error
  | MockScript
  | ((request: PreparedChat, context: CallContext) => MockAnswer)

/** Options of `mockProvider`. */
export interface MockOptions extends ProviderOptions {
  /** Given in order, one a call (an attempt that is tried again counts). Then, or without any, the mock echoes. */
  answers?: MockAnswer[] | undefined
  /** What follows the last answer: the mock echoes the question (`'echo'`, the default), or fails with `invalid-request` (`'fail'`). */
  exhausted?: 'echo' | 'fail' | undefined
  /** Default `'mock'`. */
  provider?: string
  /** Default `'mock-1'`. */
  model?: string
  /**
   * The vectors of `embed`: `true` for vectors of 8 numbers, each made of the words of its text, so that texts with the same words are
   * similar; a function for your own. Default: no embeddings.
   */
  embeddings?: true | ((text: string) => readonly number[]) | undefined
  /** Default: everything, as far as the mock can play it; embeddings with the option `embeddings`. */
  capabilities?: Partial<Capabilities> | undefined
}

/** A provider that answers by script. */
export interface MockProvider extends Provider {
  /** What the backend was asked, in order, one entry an attempt. */
  readonly requests: readonly PreparedChat[]
  /** Attempts running now. */
  readonly running: number
  /** The most attempts that ever ran at once. */
  readonly peak: number
  /** Adds answers to the end of the queue. */
  answer(...answers: MockAnswer[]): void
}

/** Makes a mock provider. Prompts of `image` and texts of `speak` are answered by the same script: see `chat`. */
export function mockProvider(options: MockOptions = {}): MockProvider {
  const backend = new MockBackend(options)
  const provider = defineProvider(backend, options)
  return Object.defineProperties(provider, {
    requests: { get: () => backend.requests },
    running: { get: () => backend.running },
    peak: { get: () => backend.peak },
    answer: { value: (...answers: MockAnswer[]) => void backend.answers.push(...answers) },
  }) as MockProvider
}

class MockBackend implements Backend {
  readonly provider: string
  readonly model: string
  readonly answers: MockAnswer[]
  readonly requests: PreparedChat[] = []
  readonly #capabilities: Capabilities
  readonly #exhausted: 'echo' | 'fail'
  readonly embed?: NonNullable<Backend['embed']>
  #asked = 0
  running = 0
  peak = 0

  constructor(options: MockOptions) {
    this.provider = options.provider ?? 'mock'
    this.model = options.model ?? 'mock-1'
    this.answers = [...(options.answers ?? [])]
    const all = { tools: true, vision: true, files: true, audio: true, json: true, reasoning: true }
    const { embeddings, exhausted = 'echo' } = options
    this.#exhausted = exhausted
    this.#capabilities = {
      ...{ ...all, embed: embeddings !== undefined, contextWindow: 100_000 },
      ...options.capabilities,
    }
    if (embeddings === undefined) return
    const vectorOf = embeddings === true ? wordVector : embeddings
    this.embed = async ({ input }) => ({
      vectors: input.map((text) => Float32Array.from(vectorOf(text))),
      usage: { inputTokens: input.reduce((sum, text) => sum + words(text).length, 0) },
      model: this.model,
    })
  }

  capabilities(): Capabilities {
    return this.#capabilities
  }

  async *chat(request: PreparedChat, context: CallContext): AsyncIterable<BackendEvent> {
    this.requests.push(request)
    this.peak = Math.max(this.peak, ++this.running)
    try {
      let answer = this.answers.shift() ?? (this.#exhausted === 'fail' ? this.#noAnswer() : echo)
      this.#asked++
      while (typeof answer === 'function') answer = answer(request, context)
      if (answer instanceof Error) throw answer
      const script = typeof answer === 'string' ? { text: answer } : answer
      const events = limited(script.events ?? eventsOf(script, request), request)
      let tokens = 0
      let finished = false
      for (const [index, event] of events.entries()) {
        const ms = index === 0 ? script.delay : script.interval
        if (ms !== undefined) await pause(context, ms)
        if (event.type === 'text' || event.type === 'reasoning' || event.type === 'tool-call') tokens++
        finished = event.type === 'finish'
        yield event
      }
      const ms = events.length === 0 ? script.delay : script.interval
      if (ms !== undefined) await pause(context, ms)
      if (script.error !== undefined) throw script.error
      if (finished || script.cut) return
      const length = request.maxOutputTokens !== undefined && tokens >= request.maxOutputTokens
      const finishReason = script.finishReason ?? (length ? 'length' : 'stop')
      yield {
        type: 'finish',
        response: {
          finishReason,
          usage: { inputTokens: countWords(request), outputTokens: tokens, ...script.usage },
        },
      }
    } finally {
      this.running--
    }
  }

  #noAnswer(): LlmError {
    return new LlmError(
      'invalid-request',
      `The mock has no answer left: ${this.#asked} were given, and it was asked again. Add one to answers, or call answer().`,
    )
  }

  /** One pixel, whose revised prompt is the text of the answer. */
  async image({ prompt, n }: PreparedImage, context: CallContext) {
    let revisedPrompt = ''
    let usage: Usage = {}
    for await (const event of this.chat(chatOf(prompt), context)) {
      if (event.type === 'text') revisedPrompt += event.text
      if (event.type === 'finish') usage = event.response.usage ?? {}
    }
    const image = { data: fromBase64(pixel), mediaType: 'image/png', revisedPrompt }
    return { images: Array.from({ length: n }, () => ({ ...image })), usage, model: this.model }
  }

  /** Each word of the answer as UTF-8 is a piece of audio: no sound, but a test can read it. */
  async *speak({ text }: PreparedSpeak, context: CallContext): AsyncGenerator<BackendSpeechEvent> {
    yield { type: 'start', mediaType: 'audio/x-mock', model: this.model }
    for await (const event of this.chat(chatOf(text), context)) {
      if (event.type === 'text') yield { type: 'audio', audio: new TextEncoder().encode(event.text) }
      if (event.type === 'finish') yield { type: 'finish', usage: event.response.usage ?? {} }
    }
  }

  async countTokens(request: PreparedChat): Promise<number> {
    return countWords(request)
  }
}

const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

/** The chat that a prompt or a text stands for in the script. */
function chatOf(text: string): PreparedChat {
  return { messages: [{ role: 'user', content: [{ type: 'text', text }] }], tools: [], providerOptions: {} }
}

function eventsOf(
  { reasoning = '', text = '', toolCalls = [] }: MockScript,
  { logprobs }: PreparedChat,
): BackendEvent[] {
  return [
    ...words(reasoning).map((word): BackendEvent => ({ type: 'reasoning', text: word })),
    ...words(text).map(
      (word): BackendEvent => ({
        type: 'text',
        text: word,
        ...(logprobs !== undefined && { logprobs: [logprobOf(word, logprobs)] }),
      }),
    ),
    ...toolCalls.map(
      ({ id, name, input }, index): BackendEvent => ({
        type: 'tool-call',
        id: id ?? `call_${index + 1}`,
        name,
        input,
      }),
    ),
  ]
}

/** Each word is a token with half of the probability; of the other half, each alternative has half of what is left. */
function logprobOf(token: string, alternatives: number): TokenLogprob {
  const likely = (text: string, halves: number): TopLogprob => ({
    token: text,
    logprob: halves * Math.log(0.5),
    bytes: [...new TextEncoder().encode(text)],
  })
  const top = Array.from({ length: alternatives }, (_, index) =>
    likely(index === 0 ? token : `${token.trimEnd()}${index}`, index + 1),
  )
  return { ...likely(token, 1), top }
}

function limited(events: BackendEvent[], { maxOutputTokens }: PreparedChat): BackendEvent[] {
  return maxOutputTokens === undefined ? events : events.slice(0, maxOutputTokens)
}

/** Plays the last user message back, or the simplest thing that fits what was asked for. */
function echo(request: PreparedChat): MockAnswer {
  const tool = request.tools.find(({ name }) =>
    typeof request.toolChoice === 'object'
      ? name === request.toolChoice.name
      : request.toolChoice === 'required',
  )
  if (tool !== undefined) return { toolCalls: [{ name: tool.name, input: sample(tool.schema) }] }
  if (request.output !== undefined) return JSON.stringify(sample(request.output.schema ?? { type: 'object' }))
  return textOf(request.messages.findLast(({ role }) => role !== 'assistant'))
}

/** A value that fits a simple schema. */
function sample(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  switch ([schema.type].flat()[0]) {
    case 'string':
      return 'text'
    case 'number':
    case 'integer':
      return typeof schema.minimum === 'number' ? schema.minimum : 1
    case 'boolean':
      return true
    case 'array':
      return []
    case 'null':
      return null
    default: {
      const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)
      return Object.fromEntries(properties.map(([name, property]) => [name, sample(property)]))
    }
  }
}

function textOf(message: PreparedChat['messages'][number] | undefined): string {
  return (message?.content ?? []).map((part) => ('text' in part ? part.text : `[${part.type}]`)).join('')
}

/** Each word counts for one of eight numbers; the vector has the length 1. */
function wordVector(text: string): number[] {
  const vector = Array<number>(8).fill(0)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) {
    let hash = 7
    for (const character of word) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003
    vector[hash % 8] = (vector[hash % 8] ?? 0) + 1
  }
  const length = Math.hypot(...vector)
  return vector.map((count) => count / length)
}

function words(text: string): string[] {
  return text.match(/\S*\s*/g)?.filter((word) => word !== '') ?? []
}

function countWords({ messages }: PreparedChat): number {
  return messages.reduce((sum, message) => sum + words(textOf(message)).length, 0)
}

async function pause({ clock, signal }: CallContext, ms: number): Promise<void> {
  if (signal.aborted) throw signal.reason
  let onAbort: () => void = () => {}
  let cancel: () => void = () => {}
  try {
    await new Promise<void>((resolve, reject) => {
      onAbort = () =>
        reject(signal.reason instanceof Error ? signal.reason : new LlmError('aborted', 'aborted'))
      signal.addEventListener('abort', onAbort)
      cancel = clock.timer(ms, resolve)
    })
  } finally {
    cancel()
    signal.removeEventListener('abort', onAbort)
  }
}
