// `guard`: checks of requests and answers.
import {
  type BatchResult,
  type CallOptions,
  type ChatEvent,
  type ChatInput,
  type ChatResponse,
  type ImageRequest,
  isLlmError,
  LlmError,
  type Part,
  type Provider,
  type SpeakRequest,
  type TranscribeResponse,
} from '@patchbay/core'
import { prepareFor } from '@patchbay/core/wrap'
import { runCallback } from '../middleware/callbacks.js'
import type { ChatCall, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { textsOf } from './map-texts.js'
import { isTextual, type MediaPart } from './media.js'
import { withPartial } from './partial-response.js'

/** Input of a check. */
export interface CheckInput {
  /** All texts of the request, or the answer so far. */
  text: string
  /** The chat request; `''` for other calls and for results of a batch. */
  request: ChatInput
  /** The complete answer, at its end only. */
  response?: ChatResponse
  /** The caller's options. */
  options: CallOptions
}

/** Returns nothing to pass, or the reason to refuse. If it throws, the call fails. */
export type Check = (input: CheckInput) => string | undefined | Promise<string | undefined>

/** Options of `guard`. */
export interface GuardOptions {
  /**
   * Checks of a request, run before anything is sent. Their text is all texts of the request, one a line, including text files,
   * schemas and `providerOptions`. Default: none.
   */
  input?: Check | Check[] | undefined
  /** Checks of an answer, run before the caller sees it. Their text is the answer and the inputs of its tool calls. Default: none. */
  output?: Check | Check[] | undefined
  /**
   * When a stream is checked. `'end'`: once, and nothing is shown before. A number: each time this many characters have arrived;
   * they are shown after they have passed, and the complete answer is checked again at the end. Default `'end'`.
   */
  every?: 'end' | number | undefined
}

/** The policy with these options, for `pipe`. */
export function guard(options: GuardOptions): Policy
/**
 * Refuses requests and answers that fail a check. A refused answer is not part of the error.
 * @throws {LlmError} calls fail with `content-filtered` and the reason
 *
 * @example
 * const llm = guard(provider, { input: atMost(10_000), output: denied(['secret project']) })
 */
export function guard(provider: Provider, options: GuardOptions): Provider
export function guard(first?: Provider | GuardOptions, second?: GuardOptions): Provider | Policy {
  return policyOf(
    'guard',
    guardOptionNames,
    [first, second],
    (provider, options) => new Guard(provider, options),
  )
}

const guardOptionNames: OptionNames<GuardOptions> = { input: true, output: true, every: true }

/** A check that refuses texts with one of these words (whole words, case-insensitive) or patterns. */
export function denied(words: readonly (string | RegExp)[]): Check {
  const patterns = words.map((word) =>
    typeof word === 'string'
      ? new RegExp(
          `(?<![\\p{L}\\p{N}])${word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(?![\\p{L}\\p{N}])`,
          'iu',
        )
      : new RegExp(word.source, word.flags.replace(/[gy]/g, '')),
  )
  return ({ text }) =>
    patterns.some((pattern) => pattern.test(text)) ? 'it contains a denied word' : undefined
}

/** A check that refuses texts of more than this many characters. */
export function atMost(characters: number): Check {
  return ({ text }) => (text.length > characters ? `it has more than ${characters} characters` : undefined)
}

class Guard extends Middleware {
  protected override readonly coverage = coverage.guard
  readonly #input: Check[]
  readonly #output: Check[]
  readonly #every: number

  constructor(inner: Provider, { input = [], output = [], every = 'end' }: GuardOptions) {
    super(inner)
    this.#input = [input].flat()
    this.#output = [output].flat()
    this.#every = every === 'end' ? Number.POSITIVE_INFINITY : every
  }

  protected async intercept(call: PolicyCall): Promise<Interception> {
    const { kind, options } = call
    switch (kind) {
      case 'chat':
      case 'countTokens':
        await this.#checkRequest(call.request, options)
        return kind === 'chat' ? this.#chat(call) : {}
      case 'batches.submit':
        for (const [index, request] of call.request.entries())
          await this.#checkRequest(request, options, `requests[${index}]: `)
        return {}
      case 'batches.results':
        return { result: (result) => this.#result(result, options) }
      case 'embed':
      case 'rerank':
        await this.#check(this.#input, 'request', { text: linesOf(call.request), request: '', options })
        return {}
      case 'image':
      case 'speak':
        await this.#check(this.#input, 'request', {
          text: linesOf(textsOfMedia(call.request)),
          request: '',
          options,
        })
        return {}
      case 'transcribe':
        await this.#check(this.#input, 'request', { text: linesOf(call.request), request: '', options })
        return {
          done: async (answer) => {
            const { text } = answer as TranscribeResponse
            await this.#check(this.#output, 'answer', { text, request: '', options })
            return answer
          },
        }
      default:
        return {}
    }
  }

  async #checkRequest(request: ChatInput, options: CallOptions, where = ''): Promise<void> {
    if (this.#input.length === 0) return
    const { messages, tools, output, providerOptions } = await prepareFor(request, this)
    const content = messages.flatMap((message) => message.content.map(withText))
    const text = linesOf([content, tools, output?.schema ?? [], providerOptions])
    await this.#check(this.#input, 'request', { text, request, options }, where)
  }

  /** A result that does not pass becomes an error of its own; the others are shown. */
  async #result(result: BatchResult, options: CallOptions): Promise<BatchResult> {
    const { index, response, error } = result
    if (response === undefined)
      return error.partial === undefined || this.#output.length === 0
        ? result
        : { index, error: withPartial(error, undefined) }
    try {
      await this.#check(this.#output, 'answer', {
        text: answerText(response),
        request: '',
        response,
        options,
      })
      return result
    } catch (thrown) {
      if (!isLlmError(thrown, 'content-filtered')) throw thrown
      return { index, error: thrown }
    }
  }

  #chat({ request, options }: ChatCall): Interception {
    if (this.#output.length === 0) return {}
    let held: ChatEvent[] = []
    let text = ''
    let checkedLength = 0
    const shown = { text: '', reasoning: '' }
    const release = () => {
      const released = held
      held = []
      for (const event of released)
        if (event.type === 'text' || event.type === 'reasoning') shown[event.type] += event.text
      return released
    }
    return {
      event: async (event) => {
        held.push(event)
        if (event.type === 'text' || event.type === 'reasoning') text += event.text
        if (event.type === 'tool-call-delta') text += event.json
        if (text.length - checkedLength < this.#every) return []
        checkedLength = text.length
        await this.#check(this.#output, 'answer', { text, request, options })
        return release()
      },
      done: async (answer) => {
        const response = answer as ChatResponse
        await this.#check(this.#output, 'answer', { text: answerText(response), request, response, options })
        return response
      },
      flush: release,
      // Text that was not shown was not checked, so it is not part of the error.
      error: (error) =>
        error.partial === undefined ? error : withPartial(error, shownPart(error.partial, shown)),
    }
  }

  async #check(checks: Check[], what: 'request' | 'answer', input: CheckInput, where = ''): Promise<void> {
    for (const check of checks) {
      const reason = await runCallback('guard', () => check(input), this)
      if (reason === undefined) continue
      const { provider, model } = this
      throw new LlmError(
        'content-filtered',
        `${where}This ${what} ${what === 'request' ? 'was not sent' : 'is not shown'}: ${String(reason).replace(/\.$/, '')}. Change the request.`,
        { provider, model },
      )
    }
  }
}

/** The part with everything readable as text: text files decoded, and the content of provider blocks. */
function withText(part: Part): unknown {
  if (part.type === 'tool-result' && Array.isArray(part.output))
    return { ...part, output: part.output.map(withText) }
  if (part.type === 'provider-block') return { ...part, opaque: part.opaque?.data }
  const { data, mediaType } = part as MediaPart
  if (data === undefined || !isTextual(mediaType)) return part
  const bytes = typeof data === 'string' ? Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0)) : data
  return { ...part, data: new TextDecoder().decode(bytes) }
}

/** All texts of an answer. */
function answerText({ reasoning, text, toolCalls }: ChatResponse): string {
  const inputs = toolCalls.map(({ input }) => linesOf(input))
  return [reasoning, text, ...inputs].filter((one) => one !== '').join('\n')
}

/** The request for an image or for speech, without the images to edit. */
function textsOfMedia(request: string | ImageRequest | SpeakRequest): unknown {
  if (typeof request === 'string' || !('images' in request)) return request
  const { images: _, mask: __, ...rest } = request
  return rest
}

function linesOf(value: unknown): string {
  return textsOf(value).join('\n')
}

/** The part of an answer that the caller has seen; `undefined` if that is nothing. */
function shownPart(
  partial: ChatResponse,
  shown: { text: string; reasoning: string },
): ChatResponse | undefined {
  const content = (['reasoning', 'text'] as const).flatMap((type) =>
    shown[type] === '' ? [] : [{ type, text: shown[type] }],
  )
  const { logprobs: _, ...rest } = partial
  return content.length === 0
    ? undefined
    : { ...rest, ...shown, toolCalls: [], message: { role: 'assistant', content } }
}
