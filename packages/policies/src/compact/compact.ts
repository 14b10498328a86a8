// `compact`: a conversation that nears the context window is sent with a summary of its beginning, or without it.
import { type ChatRequest, type Clock, LlmError, type Message, type Provider } from '@patchbay/core'
import { withoutRaw } from '@patchbay/core/wire'
import { prepareFor, requestWithDefaults } from '@patchbay/core/wrap'
import { withNotes } from '../composite/attempts.js'
import { runCallbackSync } from '../middleware/callbacks.js'
import type { ChatCall, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { chatTokens } from '../tokens/chat-tokens.js'
import type { CountedChat } from '../tokens/request-tokens.js'
import { Account } from './account.js'
import { type Checkpoint, Checkpoints } from './checkpoints.js'
import { Summaries } from './summaries.js'
import { contentOf, cutOf, replaced, tokensOf, type Unit, unitsOf } from './units.js'

/** Options of `compact`. */
export interface CompactOptions {
  /**
   * A conversation of more tokens is compacted: above 1 a number of tokens, up to 1 a share of the context window. Default 0.8.
   */
  at?: number | undefined
  /** How much of its end stays as it is, in the same units; less than `at`. Default 0.25, or a third of an `at` in tokens. */
  keep?: number | undefined
  /** `'summary'`: a summary stands for its beginning. `'trim'`: a note that it was left out. Default `'summary'`. */
  by?: 'summary' | 'trim' | undefined
  /** Writes the summaries. It is not closed with the policy. Default: the provider itself. */
  summarizer?: Provider | undefined
  /** Added to the instructions for summaries: `'Keep all order numbers.'`. Default: none. */
  instructions?: string | undefined
  /** Messages that are always sent as they are. A tool call is pinned with its result. Default: none. */
  pinned?: ((message: Message) => boolean) | undefined
  /** The context window in tokens. Default: what `capabilities()` reports. */
  window?: number | undefined
  /**
   * `'estimate'`: tokens are estimated from the length of the texts. `'provider'`: `countTokens` is asked when the estimate comes
   * near `at`, one more request. Default `'estimate'`.
   */
  count?: 'estimate' | 'provider' | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/** The policy with these options, for `pipe`. */
export function compact(options?: CompactOptions): Policy
/**
 * Compacts conversations that near the context window: their beginning is sent as a summary, or left out. System messages, pinned
 * ones, the newest message of the user and the end of the conversation stay as they are; tool calls stay with their results, and
 * reasoning with its answer. A summary is made once and used by all later turns; its tokens are part of the response's `usage`.
 * Each compacted call has a `compacted` status event and a warning. The caller's conversation is not changed.
 * @throws {LlmError} `config` for an `at` or `keep` that is not above 0, or a `keep` that is not below `at`
 *
 * @example
 * const llm = compact(provider, { at: 0.8, keep: 0.25, summarizer: claude('claude-haiku-4-5') })
 */
export function compact(provider: Provider, options?: CompactOptions): Provider
export function compact(first?: Provider | CompactOptions, second?: CompactOptions): Provider | Policy {
  return policyOf(
    'compact',
    compactOptionNames,
    [first, second],
    (provider, options) => new Compact(provider, options),
  )
}

const compactOptionNames: OptionNames<CompactOptions> = {
  at: true,
  keep: true,
  by: true,
  summarizer: true,
  instructions: true,
  pinned: true,
  window: true,
  count: true,
  clock: true,
}

// No model has a smaller context window.
const smallestWindow = 1024
// Fewer messages have no beginning to leave out.
const fewest = 3

/** A conversation, measured in tokens. */
interface Measured {
  units: Unit[]
  /** What is no message: system text, tools, the form of the answer. */
  fixed: number
  /** The most of a request, and of the end of the conversation that stays as it is. */
  at: number
  keep: number
}

class Compact extends Middleware {
  protected override readonly coverage = coverage.compact
  // A request of the client's own protocol is passed on as long as it is not compacted.
  protected override readonly passesRaw = true
  readonly #checkpoints = new Checkpoints()
  readonly #summaries: Summaries | undefined
  readonly #at: number
  readonly #keep: number
  /** The window is needed, and neither the options nor the provider tell it. */
  #windowUnknown = false

  constructor(
    inner: Provider,
    private readonly options: CompactOptions,
  ) {
    super(inner, options.clock)
    const { at = 0.8, keep = at > 1 ? at / 3 : 0.25, window, by = 'summary' } = options
    for (const [name, value] of Object.entries({ at, keep, window }))
      if (value !== undefined && !(value > 0 && value < Number.POSITIVE_INFINITY))
        throw new LlmError('config', `compact: ${name} must be a number above 0, not ${value}.`)
    if (at > 1 === keep > 1 && keep >= at)
      throw new LlmError('config', `compact: keep must be less than at, but ${keep} is not less than ${at}.`)
    this.#at = at
    this.#keep = keep
    const { summarizer = inner, instructions, count = 'estimate' } = options
    if (by !== 'summary' && by !== 'trim')
      throw new LlmError('config', `compact: by must be 'summary' or 'trim', not ${String(by)}.`)
    if (count !== 'estimate' && count !== 'provider')
      throw new LlmError('config', `compact: count must be 'estimate' or 'provider', not ${String(count)}.`)
    if (by === 'summary') this.#summaries = new Summaries(summarizer, instructions)
  }

  protected async intercept(call: PolicyCall): Promise<Interception> {
    if (call.kind !== 'chat') return {}
    const request = requestWithDefaults(call.request, this.inner)
    if (!Array.isArray(request.messages) || request.messages.length < fewest) return {}
    const measured = await this.#measure(call, request)
    if (measured === undefined) return { error: (error) => this.#explained(error) }
    const { units } = measured
    const account = new Account()
    const checkpoint = await this.#checkpoint(measured, call, account)
    const left = checkpoint === undefined ? 0 : replaced(units, checkpoint.units).length
    if (checkpoint === undefined || left === 0) return account.interception()
    const { provider, model } = this
    const by = this.#summaries === undefined ? 'trim' : 'summary'
    const how = by === 'trim' ? 'were left out' : 'were sent as a summary'
    account.warn(
      `${left} earlier messages of the conversation ${how}, so that it fits ${model} (${provider}).`,
    )
    call.deadline.notify({ type: 'compacted', by, messages: left })
    if (call.deadline.stopped !== undefined) throw call.deadline.stopped
    const messages = compacted(units, checkpoint)
    return { request: { ...(withoutRaw(request) as ChatRequest), messages }, ...account.interception() }
  }

  /** `undefined` if the conversation is short enough. */
  async #measure(call: ChatCall, request: ChatRequest): Promise<Measured | undefined> {
    const prepared = await prepareFor(call.request, this.inner)
    const { tools, output, messages } = prepared
    const total = this.#tokens(prepared)
    const least = this.#at > 1 ? this.#at : this.#at * (this.options.window ?? smallestWindow)
    if (total < least / 2) return undefined
    // Limits in tokens need no window, and so no question about it.
    const isShare = this.#at <= 1 || this.#keep <= 1
    const window = this.options.window ?? (isShare ? await this.#contextWindow(call) : undefined)
    this.#windowUnknown = isShare && window === undefined
    if (this.#windowUnknown) return undefined
    const tokens = (limit: number) => (limit > 1 ? limit : limit * (window as number))
    // The answer needs room too.
    const room = (window ?? Number.POSITIVE_INFINITY) - (request.maxOutputTokens ?? 0)
    const at = room > 0 ? Math.min(tokens(this.#at), room) : tokens(this.#at)
    const keep = Math.min(tokens(this.#keep), at / 2)
    const scale = (await this.#count(call, total, at)) / total
    if (total * scale <= at) return undefined
    const { pinned = () => false } = this.options
    const size = (message: Message) =>
      scale * this.#tokens({ tools: [], messages: [{ ...message, content: [...contentOf(message)] }] })
    const isPinned = (message: Message) => runCallbackSync('compact.pinned', () => pinned(message), this)
    return {
      units: unitsOf(request.messages as Message[], size, isPinned),
      fixed: scale * this.#tokens({ tools, messages: messages.slice(0, request.system ? 1 : 0), output }),
      at,
      keep,
    }
  }

  /** A request that was too long, although there is this policy. */
  #explained(error: LlmError): LlmError {
    if (error.code !== 'context-length' || !this.#windowUnknown) return error
    const message = `compact() does not know the context window of ${this.model}: set its option window, or at and keep in tokens.`
    return withNotes(error, [{ message }])
  }

  async #contextWindow({ options, deadline }: ChatCall): Promise<number | undefined> {
    const capabilities = this.inner.capabilities(deadline.remaining(options))
    const window = (await deadline.wait(capabilities.catch(() => undefined)))?.contextWindow
    // Servers that do not know it say 0.
    return window !== undefined && window > 0 ? window : undefined
  }

  #tokens(chat: CountedChat): number {
    return chatTokens(chat, this.model)
  }

  /** The provider's count, if it is asked for and the estimate comes near the limit. */
  async #count({ request, options, deadline }: ChatCall, total: number, at: number): Promise<number> {
    if (this.options.count !== 'provider' || total < at / 2) return total
    const counting = this.inner.countTokens(withoutRaw(request), deadline.remaining(options))
    return await deadline.wait(counting.catch(() => total))
  }

  /** What to send in place of the beginning; `undefined` if nothing can be left out, or its summary could not be made. */
  async #checkpoint(
    { units, fixed, at, keep }: Measured,
    call: ChatCall,
    account: Account,
  ): Promise<Checkpoint | undefined> {
    const hashes = await this.#checkpoints.hashes(units)
    const known = this.#checkpoints.find(hashes.slice(0, -1))
    if (known !== undefined && fixed + this.#size(units, known) <= at) return known
    const cut = cutOf(units, keep)
    if (cut <= (known?.units ?? 0) || replaced(units, cut).length === 0) return known
    const name = hashes[cut - 1] as string
    const text =
      this.#summaries === undefined
        ? noteOf(units.slice(0, cut))
        : await this.#summaries.make(name, { known, units: units.slice(0, cut), keep }, call, account)
    // The summary of before still holds.
    if (text === undefined) return known
    this.#checkpoints.set(name, text)
    return { units: cut, text }
  }

  #size(units: readonly Unit[], { units: cut, text }: Checkpoint): number {
    const kept = units.filter(({ verbatim }, index) => verbatim || index >= cut)
    return (
      tokensOf(kept) +
      this.#tokens({ tools: [], messages: [{ role: 'user', content: [{ type: 'text', text }] }] })
    )
  }
}

/** The messages that are sent: leading system messages, the summary, what stays of the beginning, and the end. */
function compacted(units: readonly Unit[], { units: cut, text }: Checkpoint): Message[] {
  const system = units.findIndex(({ messages }) => messages[0]?.role !== 'system')
  const rest = units.slice(system).filter(({ verbatim }, index) => verbatim || system + index >= cut)
  // A mark for a prompt cache goes on marking the end of what stays the same.
  const cache = replaced(units, cut).findLast((message) => message.cache)?.cache
  const summary: Message = { role: 'user', content: text, ...(cache && { cache }) }
  return [...messagesOf(units.slice(0, system)), summary, ...messagesOf(rest)]
}

function messagesOf(units: readonly Unit[]): Message[] {
  return units.flatMap(({ messages }) => messages)
}

function noteOf(units: readonly Unit[]): string {
  const { length } = replaced(units, units.length)
  return `[${length} earlier messages of this conversation were left out because it is long. Ask if you need to know what they said.]`
}
