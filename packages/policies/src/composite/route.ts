// Each request to a provider that can answer it: `route`.
import {
  type CallOptions,
  type Capabilities,
  type Capability,
  type ChatInput,
  LlmError,
  type OptionName,
  type PreparedChat,
  type Provider,
} from '@patchbay/core'
import { missingFor, preparedOf, requestOf } from '@patchbay/core/wrap'
import { chatTokens } from '../limits/token-estimate.js'
import { called } from '../middleware/call-deadline.js'
import type { Chat, Incoming, Passing } from '../middleware/interception.js'
import { doors } from '../middleware/policy-coverage.js'
import { priceOf } from '../money/cost.js'
import { type Price, published } from '../money/prices.js'
import { type Candidate, Candidates } from './candidates.js'
import { Several, type SeveralOptions } from './composite.js'
import { nameOf } from './failover.js'

/** Options of `route`. */
export interface RouteOptions extends SeveralOptions {
  /**
   * Who of those that can comes first. `order`: that of the list (default). `cost`: the cheapest for this request. Or a
   * function that gives one of them, several in order, or `undefined` for the order of the list.
   */
  by?: 'order' | 'cost' | ((request: ChatInput, able: Provider[]) => Chosen | Promise<Chosen>)
  /** US dollars per million tokens, by model, for `cost`; they win over the table that comes with this package. */
  prices?: Record<string, Price>
}

/** Whom a function chose. */
export type Chosen = Provider | Provider[] | undefined

/**
 * Asks somebody who can: who has what the request needs (tools, images, a schema, options) and room for it. The others
 * who can stand by. With `onUnsupported: 'warn'`, one who cannot do all of it is asked where nobody can.
 * @throws {LlmError} `config` for an empty list; calls fail with `no-route` and the reason for each where nobody
 *   can, or with `context-length` where it is only too long for all
 */
export function route(candidates: readonly [Provider, ...Candidate[]], options: RouteOptions = {}): Provider {
  return new Routed(new Candidates('route', candidates), options)
}

interface Able {
  at: number
  provider: Provider
}

class Routed extends Several {
  protected override readonly doors = doors.route
  constructor(
    candidates: Candidates,
    private readonly options: RouteOptions,
  ) {
    super(candidates, options)
  }

  protected override async enter(call: Incoming): Promise<Passing> {
    return call.kind === 'capabilities' ? { answer: (left) => this.#togetherCan(left) } : super.enter(call)
  }

  /** What any of them can. One that cannot be made, or cannot be asked, can do nothing. */
  async #togetherCan(options: CallOptions): Promise<Capabilities> {
    const all = await Promise.all(
      Array.from({ length: this.candidates.size }, async (_, at) => {
        try {
          return await (await this.candidates.open(at)).capabilities(options)
        } catch {
          return undefined
        }
      }),
    )
    const known = all.filter((one) => one !== undefined)
    return known.length === 0 ? this.inner.capabilities(options) : known.reduce(together)
  }

  protected async order(call: Chat): Promise<number[]> {
    const { request } = call
    const chat = await preparedOf(request, this)
    const able: Able[] = []
    const lacking: Able[] = []
    // They come last, and whoever asks them then tells why they cannot be.
    const unmade: number[] = []
    const reasons: string[] = []
    let onlyRoom = true
    for (let at = 0; at < this.candidates.size; at++) {
      try {
        const provider = await this.candidates.open(at)
        const capabilities = await known(provider, call)
        const missing = capabilities === undefined ? [] : missingFor(chat, capabilities)
        const tooSmall = capabilities && noRoom(chat, capabilities)
        if (missing.length === 0 && tooSmall === undefined) able.push({ at, provider })
        else if (tooSmall === undefined) lacking.push({ at, provider })
        if (missing.length > 0) onlyRoom = false
        reasons.push(`${nameOf(provider)} ${tooSmall ?? `has no ${missing.join(', ')}`}`)
      } catch (cause) {
        if (call.patience.stopped !== undefined) throw call.patience.stopped
        onlyRoom = false
        unmade.push(at)
        reasons.push((cause as Error).message.replace(/\.$/, ''))
      }
    }
    const chosen = able.length === 0 && requestOf(request, this).onUnsupported === 'warn' ? lacking : able
    if (chosen.length === 0)
      throw new LlmError(
        onlyRoom ? 'context-length' : 'no-route',
        `Nobody can answer this request: ${reasons.join('; ')}. Add a provider that can, or ask for less.`,
        { provider: this.provider, model: this.model },
      )
    return [...(await this.#sorted(chosen, request, chat)), ...unmade]
  }

  async #sorted(able: Able[], request: ChatInput, chat: PreparedChat): Promise<number[]> {
    const { by = 'order' } = this.options
    const all = able.map(({ at }) => at)
    if (by === 'order') return all
    if (by === 'cost') {
      const cost = new Map(able.map(({ at, provider }) => [at, this.#cost(provider, chat)]))
      return all.sort((a, b) => (cost.get(a) ?? 0) - (cost.get(b) ?? 0) || a - b)
    }
    const providers = able.map(({ provider }) => provider)
    const chosen = [(await called('route.by', () => by(request, providers), this)) ?? providers].flat()
    const order = chosen.flatMap((provider) =>
      able.filter((one) => one.provider === provider).map(({ at }) => at),
    )
    if (order.length > 0) return [...order, ...all.filter((at) => !order.includes(at))]
    throw new LlmError(
      'no-route',
      'The function of route.by chose nobody who can answer. It must give one of the providers it was given.',
      { provider: this.provider, model: this.model },
    )
  }

  /** By estimate; one whose price nobody knows comes last. */
  #cost({ model }: Provider, chat: PreparedChat): number {
    const price = priceOf(model, { ...published, ...this.options.prices })
    if (price === undefined) return Number.MAX_VALUE
    return chatTokens(chat) * price.input + (chat.maxOutputTokens ?? 1000) * price.output
  }
}

/** What it can; nothing where it cannot be asked just now. */
async function known(provider: Provider, { options, patience }: Chat): Promise<Capabilities | undefined> {
  try {
    return await patience.wait(provider.capabilities(patience.left(options)))
  } catch (error) {
    if (patience.stopped !== undefined) throw error
    return undefined
  }
}

const better = (a: Capability, b: Capability): Capability =>
  a === true || b === true ? true : a === 'unknown' || b === 'unknown' ? 'unknown' : false

/** What one of two can. */
function together(a: Capabilities, b: Capabilities): Capabilities {
  const names = ['tools', 'vision', 'files', 'audio', 'json', 'reasoning', 'embed'] as const
  const options = Object.entries(a.options ?? {}).filter(
    ([name, can]) => can === false && b.options?.[name as OptionName] === false,
  )
  const largest = (x: number | undefined, y: number | undefined) =>
    x === undefined || y === undefined ? undefined : Math.max(x, y)
  const contextWindow = largest(a.contextWindow, b.contextWindow)
  const maxOutput = largest(a.maxOutput, b.maxOutput)
  return {
    ...(Object.fromEntries(names.map((name) => [name, better(a[name], b[name])])) as Pick<
      Capabilities,
      (typeof names)[number]
    >),
    options: Object.fromEntries(options),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutput !== undefined && { maxOutput }),
  }
}

// Estimates are on the high side. One who only may be too small is asked: he knows, and there is a next one.
const surely = 0.6

function noRoom(chat: PreparedChat, { contextWindow, maxOutput }: Capabilities): string | undefined {
  const output = chat.maxOutputTokens ?? 0
  if (maxOutput !== undefined && output > maxOutput) return `gives at most ${maxOutput} tokens`
  const needed = Math.ceil(chatTokens(chat) * surely) + output
  return contextWindow !== undefined && needed > contextWindow
    ? `has room for ${contextWindow} tokens, not for about ${needed}`
    : undefined
}
