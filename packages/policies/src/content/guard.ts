// What may be asked, and what may be answered: `guard`.
import {
  type BatchResult,
  type CallOptions,
  type ChatEvent,
  type ChatInput,
  type ChatResponse,
  isLlmError,
  LlmError,
  type Part,
  type Provider,
  type TranscribeResponse,
} from '@patchbay/core'
import { preparedOf } from '@patchbay/core/wrap'
import { called } from '../middleware/call-deadline.js'
import type { Chat, Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'
import { textsOf } from './map-texts.js'
import { isTextual, type MediaPart } from './media.js'
import { withPartial } from './partial-response.js'

/** What a check looks at. */
export interface Checked {
  /** All that is asked, or what was answered so far. */
  text: string
  /** Of what is no chat, and of a result of a batch, it is `''`. */
  request: ChatInput
  /** The whole answer, at its end. */
  response?: ChatResponse
  options: CallOptions
}

/** Nothing where all is well; the reason where it is not. A check that throws ends the call. */
export type Check = (what: Checked) => string | undefined | Promise<string | undefined>

/** Options of `guard`. */
export interface GuardOptions {
  /**
   * Before anything is sent. The text is all texts of the request, a line each: those of text files, of schemas and of
   * options for the provider too.
   */
  input?: Check | Check[]
  /** Before the caller sees anything of it. The text is that of the answer and the inputs of its tool calls. */
  output?: Check | Check[]
  /**
   * How a stream is checked: at its `end`, until when nothing is shown, or each time so many characters have come; those
   * are shown once they have passed, and the whole is checked again at the end. Default `'end'`.
   */
  every?: 'end' | number
}

/**
 * Refuses requests and answers that fail a check, with `content-filtered` and the reason. What was answered and did not
 * pass is nowhere in the error.
 */
export function guard(provider: Provider, options: GuardOptions): Provider {
  return new Guard(provider, options)
}

/** A check that refuses texts with one of these words or patterns. Words are compared as whole words, in any case. */
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
    patterns.some((pattern) => pattern.test(text)) ? 'it holds a word that is denied' : undefined
}

/** A check that refuses texts of more characters. */
export function atMost(characters: number): Check {
  return ({ text }) => (text.length > characters ? `it has more than ${characters} characters` : undefined)
}

class Guard extends Around {
  protected override readonly doors = doors.guard
  readonly #input: Check[]
  readonly #output: Check[]
  readonly #every: number

  constructor(inner: Provider, { input = [], output = [], every = 'end' }: GuardOptions) {
    super(inner)
    this.#input = [input].flat()
    this.#output = [output].flat()
    this.#every = every === 'end' ? Number.POSITIVE_INFINITY : every
  }

  protected async enter(call: Incoming): Promise<Passing> {
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
    const { messages, tools, output, providerOptions } = await preparedOf(request, this)
    const content = messages.flatMap((message) => message.content.map(withText))
    const text = linesOf([content, tools, output?.schema ?? [], providerOptions])
    await this.#check(this.#input, 'request', { text, request, options }, where)
  }

  /** One that does not pass is a failure of its own; the others are shown. */
  async #result(result: BatchResult, options: CallOptions): Promise<BatchResult> {
    const { index, response, error } = result
    if (response === undefined)
      return error.partial === undefined || this.#output.length === 0
        ? result
        : { index, error: withPartial(error, undefined) }
    try {
      await this.#check(this.#output, 'answer', { text: allOf(response), request: '', response, options })
      return result
    } catch (thrown) {
      if (!isLlmError(thrown, 'content-filtered')) throw thrown
      return { index, error: thrown }
    }
  }

  #chat({ request, options }: Chat): Passing {
    if (this.#output.length === 0) return {}
    let held: ChatEvent[] = []
    let text = ''
    let checked = 0
    const seen = { text: '', reasoning: '' }
    const release = () => {
      const shown = held
      held = []
      for (const event of shown)
        if (event.type === 'text' || event.type === 'reasoning') seen[event.type] += event.text
      return shown
    }
    return {
      event: async (event) => {
        held.push(event)
        if (event.type === 'text' || event.type === 'reasoning') text += event.text
        if (event.type === 'tool-call-delta') text += event.json
        if (text.length - checked < this.#every) return []
        checked = text.length
        await this.#check(this.#output, 'answer', { text, request, options })
        return release()
      },
      done: async (answer) => {
        const response = answer as ChatResponse
        await this.#check(this.#output, 'answer', { text: allOf(response), request, response, options })
        return response
      },
      rest: release,
      // What had arrived beyond that was not checked.
      error: (error) =>
        error.partial === undefined ? error : withPartial(error, shownOf(error.partial, seen)),
    }
  }

  async #check(checks: Check[], what: 'request' | 'answer', subject: Checked, where = ''): Promise<void> {
    for (const check of checks) {
      const reason = await called('guard', () => check(subject), this)
      if (reason === undefined) continue
      const { provider, model } = this
      throw new LlmError(
        'content-filtered',
        `${where}This ${what} ${what === 'request' ? 'was not sent' : 'is not shown'}: ${String(reason).replace(/\.$/, '')}. Ask differently.`,
        { provider, model },
      )
    }
  }
}

/** With all of it that can be read: the text of a file, and what a block holds that only its provider understands. */
function withText(part: Part): unknown {
  if (part.type === 'tool-result' && Array.isArray(part.output))
    return { ...part, output: part.output.map(withText) }
  if (part.type === 'provider-block') return { ...part, opaque: part.opaque?.data }
  const { data, mediaType } = part as MediaPart
  if (data === undefined || !isTextual(mediaType)) return part
  const bytes = typeof data === 'string' ? Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0)) : data
  return { ...part, data: new TextDecoder().decode(bytes) }
}

/** All that was answered. */
function allOf({ reasoning, text, toolCalls }: ChatResponse): string {
  const inputs = toolCalls.map(({ input }) => linesOf(input))
  return [reasoning, text, ...inputs].filter((one) => one !== '').join('\n')
}

function linesOf(value: unknown): string {
  return textsOf(value).join('\n')
}

/** As much of it as the caller has seen; nothing where that is nothing. */
function shownOf(partial: ChatResponse, seen: { text: string; reasoning: string }): ChatResponse | undefined {
  const content = (['reasoning', 'text'] as const).flatMap((type) =>
    seen[type] === '' ? [] : [{ type, text: seen[type] }],
  )
  return content.length === 0
    ? undefined
    : { ...partial, ...seen, toolCalls: [], message: { role: 'assistant', content } }
}
