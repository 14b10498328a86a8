// Stop texts for models whose API has none: the answer ends before the first of them. The model may write on; that is dropped.
import type {
  CallOptions,
  ChatEvent,
  ChatRequest,
  ChatResponse,
  ChatStream,
  LlmError,
  Part,
  Provider,
} from '@patchbay/core'
import { type ChatEventSource, StreamForwarder, streamOf } from '@patchbay/core/wrap'

/** What answers one request. */
interface Answering {
  chat(): Promise<ChatResponse>
  stream(): ChatStream
}

/** The provider with the request; if its API is known to have no `stop`, the answer is cut here. */
export async function answering(
  provider: Provider,
  request: ChatRequest,
  options: CallOptions,
): Promise<Answering> {
  const { stop, ...rest } = request
  // Anything but a list of texts is refused by the provider.
  const isList = Array.isArray(stop) && stop.every((text) => typeof text === 'string')
  const stops = isList ? stop.filter((text) => text !== '') : []
  const asItIs = {
    chat: () => provider.chat(request, options),
    stream: () => provider.stream(request, options),
  }
  // Log-probabilities belong to tokens, which a cut would split.
  if (stops.length === 0 || request.logprobs || request.output !== undefined) return asItIs
  const { options: accepted } = await provider.capabilities(options)
  if (accepted?.stop !== false) return asItIs
  return {
    chat: async () => cut(await provider.chat(rest, options), stops),
    stream: () => streamOf(new CutStream(() => provider.stream(rest, options), provider, stops)),
  }
}

/**
 * The stop text that ends first, and where it begins: a stream stops there, however its pieces come. Of those that end together, the
 * longest.
 */
function firstOf(stops: readonly string[], text: string): { at: number; stop: string } | undefined {
  let found: { at: number; stop: string; end: number } | undefined
  for (const stop of stops) {
    const at = text.indexOf(stop)
    if (at < 0) continue
    const end = at + stop.length
    if (found === undefined || end < found.end || (end === found.end && at < found.at))
      found = { at, stop, end }
  }
  return found
}

/** How much of the end of a text may be the beginning of a stop text. */
function heldLength(stops: readonly string[], text: string): number {
  const longest = Math.max(...stops.map(({ length }) => length)) - 1
  for (let length = Math.min(longest, text.length); length > 0; length -= 1)
    if (stops.some((stop) => stop.startsWith(text.slice(-length)))) return length
  return 0
}

function cut(response: ChatResponse, stops: readonly string[]): ChatResponse {
  const content: Part[] = []
  for (const part of response.message.content) {
    const found = part.type === 'text' ? firstOf(stops, part.text) : undefined
    if (part.type !== 'text' || found === undefined) {
      content.push(part)
      continue
    }
    content.push({ type: 'text', text: part.text.slice(0, found.at) })
    const text = content.map((one) => (one.type === 'text' ? one.text : '')).join('')
    const toolCalls = response.toolCalls.filter(({ id }) =>
      content.some((one) => one.type === 'tool-call' && one.id === id),
    )
    return {
      ...response,
      message: { ...response.message, content },
      text,
      toolCalls,
      finishReason: toolCalls.length > 0 ? 'tool-calls' : 'stop',
      stopSequence: found.stop,
    }
  }
  return response
}

class CutStream implements ChatEventSource {
  readonly #inner: StreamForwarder
  readonly #ready: ChatEvent[] = []
  #held = ''
  #isCut = false
  /** Thrown once what was held is shown. */
  #failure: unknown

  constructor(
    open: () => ChatStream,
    provider: Provider,
    private readonly stops: readonly string[],
  ) {
    this.#inner = new StreamForwarder(open, provider, (response) => cut(response, stops))
  }

  async next(): Promise<ChatEvent | undefined> {
    for (;;) {
      const ready = this.#ready.shift()
      if (ready !== undefined) return ready
      if (this.#failure !== undefined) throw this.#failure
      const event = await this.#read()
      if (event === undefined) return undefined
      if (event === 'failed') this.#showHeld()
      else if (event.type === 'text') this.#text(event.text)
      else if (event.type === 'finish' || !this.#isCut) {
        this.#showHeld()
        this.#ready.push(event)
      }
    }
  }

  responseOnly(): void {
    this.#inner.responseOnly()
  }

  stop(error: LlmError): void {
    this.#inner.stop(error)
  }

  leave(): LlmError {
    return this.#inner.leave()
  }

  async #read(): Promise<ChatEvent | 'failed' | undefined> {
    try {
      return await this.#inner.next()
    } catch (error) {
      this.#failure = error
      return 'failed'
    }
  }

  #text(more: string): void {
    if (this.#isCut) return
    const text = this.#held + more
    const found = firstOf(this.stops, text)
    this.#isCut = found !== undefined
    const shown = found?.at ?? text.length - heldLength(this.stops, text)
    this.#show(text.slice(0, shown))
    this.#held = this.#isCut ? '' : text.slice(shown)
  }

  #showHeld(): void {
    this.#show(this.#held)
    this.#held = ''
  }

  #show(text: string): void {
    if (text !== '') this.#ready.push({ type: 'text', text })
  }
}
