// `route`: sends each request to a provider that supports it.
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
import { missingFeaturesFor, prepareFor, requestWithDefaults } from '@patchbay/core/wrap'
import { runCallback } from '../middleware/callbacks.js'
import type { ChatCall, Interception, PolicyCall } from '../middleware/interception.js'
import { checkOptions, type OptionNames } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { priceAt } from '../money/cost.js'
import { type Price, type PriceLookup, pricesFor } from '../money/prices.js'
import { chatTokens, errorOf } from '../tokens/chat-tokens.js'
import { type Candidate, Candidates } from './candidates.js'
import { type CompositeOptions, CompositeProvider } from './composite.js'
import { labelOf } from './failover.js'
import type { MediaCall } from './media-failover.js'

/** Options of `route`. */
export interface RouteOptions extends CompositeOptions {
  /**
   * Which of the providers that support the request comes first. `order`: the first in the list. `cost`: the cheapest for this
   * request. A function returns one of `able`, several in order, or `undefined` for the order of the list. Default `'order'`.
   */
  by?:
    | 'order'
    | 'cost'
    | ((request: ChatInput, able: Provider[]) => RouteChoice | Promise<RouteChoice>)
    | undefined
  /** Prices by model for `cost`, in US dollars per million tokens; they win over the table of this package. */
  prices?: Record<string, Price> | undefined
}

/** What a function for `by` returns. */
export type RouteChoice = Provider | Provider[] | undefined

/**
 * Calls a provider that supports the request (its tools, those of its service too, images, schema and options) and has enough context for
 * it. The other providers that support it are tried if that one fails. With `onUnsupported: 'warn'`, a provider that supports only part
 * of the request is called if no other can. Images and speech go to the first provider that is known to make them, then to those of
 * which it is not known, whatever `by` says; the other operations to the first of the list.
 * @throws {LlmError} `config` for an empty list; calls fail with `no-route` and the reason for each provider, or with
 *   `context-length` if the request is only too long
 *
 * @example
 * const llm = route([small, large], { by: 'cost' })
 */
export function route(candidates: readonly [Provider, ...Candidate[]], options: RouteOptions = {}): Provider {
  checkOptions('route', options, routeOptionNames)
  return new Router(new Candidates('route', candidates), options)
}

const routeOptionNames: OptionNames<RouteOptions> = { by: true, prices: true, when: true, clock: true }

interface AbleCandidate {
  at: number
  provider: Provider
}

class Router extends CompositeProvider {
  protected override readonly coverage = coverage.route
  constructor(
    candidates: Candidates,
    private readonly options: RouteOptions,
  ) {
    super(candidates, options)
  }

  protected override async intercept(call: PolicyCall): Promise<Interception> {
    return call.kind === 'capabilities'
      ? { answer: (remaining) => this.#combinedCapabilities(remaining) }
      : super.intercept(call)
  }

  /** What at least one provider can do. Providers that cannot be created or asked are left out. */
  async #combinedCapabilities(options: CallOptions): Promise<Capabilities> {
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
    return known.length === 0 ? this.inner.capabilities(options) : known.reduce(combined)
  }

  protected async order(call: ChatCall): Promise<number[]> {
    const { request } = call
    const chat = await prepareFor(request, this)
    const able: AbleCandidate[] = []
    const lacking: AbleCandidate[] = []
    // Tried last; the error of the attempt then tells why they cannot be created.
    const unavailable: number[] = []
    const reasons: string[] = []
    let onlyTooLong = true
    for (let at = 0; at < this.candidates.size; at++) {
      try {
        const provider = await this.candidates.open(at)
        const capabilities = await knownCapabilities(provider, call)
        const missing = capabilities === undefined ? [] : missingFeaturesFor(chat, capabilities)
        const tooLong = capabilities && contextProblem(chat, capabilities, provider.model)
        if (missing.length === 0 && tooLong === undefined) able.push({ at, provider })
        else if (tooLong === undefined) lacking.push({ at, provider })
        if (missing.length > 0) onlyTooLong = false
        reasons.push(`${labelOf(provider)} ${tooLong ?? `has no ${missing.join(', ')}`}`)
      } catch (cause) {
        if (call.deadline.stopped !== undefined) throw call.deadline.stopped
        onlyTooLong = false
        unavailable.push(at)
        reasons.push((cause as Error).message.replace(/\.$/, ''))
      }
    }
    const chosen =
      able.length === 0 && requestWithDefaults(request, this).onUnsupported === 'warn' ? lacking : able
    if (chosen.length === 0)
      throw new LlmError(
        onlyTooLong ? 'context-length' : 'no-route',
        `No provider supports this request: ${reasons.join('; ')}. Add a provider that does, or change the request.`,
        { provider: this.provider, model: this.model },
      )
    return [...(await this.#inOrder(chosen, request, chat)), ...unavailable]
  }

  /** Those known to make images or speech, then those of which it is not known: few models make any. */
  protected override async mediaOrder(call: MediaCall): Promise<number[]> {
    const [feature, product] =
      call.kind === 'image' ? (['image', 'images'] as const) : (['speech', 'speech'] as const)
    const able: number[] = []
    const perhaps: number[] = []
    const reasons: string[] = []
    for (let at = 0; at < this.candidates.size; at++) {
      try {
        const provider = await call.deadline.wait(this.candidates.open(at))
        const can = (await knownCapabilities(provider, call))?.[feature] ?? 'unknown'
        if (can === true) able.push(at)
        else if (can === 'unknown') perhaps.push(at)
        reasons.push(`${labelOf(provider)} makes no ${product}`)
      } catch {
        if (call.deadline.stopped !== undefined) throw call.deadline.stopped
        // The attempt tells why it cannot be created.
        perhaps.push(at)
      }
    }
    if (able.length + perhaps.length > 0) return [...able, ...perhaps]
    throw new LlmError(
      'no-route',
      `No provider supports this request: ${reasons.join('; ')}. Add a provider that does.`,
      { provider: this.provider, model: this.model },
    )
  }

  async #inOrder(able: AbleCandidate[], request: ChatInput, chat: PreparedChat): Promise<number[]> {
    const { by = 'order' } = this.options
    const all = able.map(({ at }) => at)
    if (by === 'order') return all
    if (by === 'cost') {
      const { prices = {} } = this.options
      const costs = able.map(
        async ({ at, provider }) =>
          [at, estimatedCost(provider, chat, await pricesFor(provider, prices))] as const,
      )
      const cost = new Map(await Promise.all(costs))
      return all.sort((a, b) => (cost.get(a) ?? 0) - (cost.get(b) ?? 0) || a - b)
    }
    const providers = able.map(({ provider }) => provider)
    const chosen = [(await runCallback('route.by', () => by(request, providers), this)) ?? providers].flat()
    const order = chosen.flatMap((provider) =>
      able.filter((one) => one.provider === provider).map(({ at }) => at),
    )
    if (order.length > 0) return [...order, ...all.filter((at) => !order.includes(at))]
    throw new LlmError(
      'no-route',
      'The route.by function chose none of the providers that support the request. It must return one of those it was given.',
      { provider: this.provider, model: this.model },
    )
  }
}

/** A provider with unknown price comes last. */
function estimatedCost({ model }: Provider, chat: PreparedChat, priceOf: PriceLookup): number {
  const input = chatTokens(chat, model)
  const prices = priceOf(model)
  const price = prices && priceAt(input, prices)
  if (price === undefined) return Number.MAX_VALUE
  return input * price.input + (chat.maxOutputTokens ?? 1000) * price.output
}

/** The capabilities; `undefined` if the provider cannot be asked now. */
async function knownCapabilities(
  provider: Provider,
  { options, deadline }: Pick<PolicyCall, 'options' | 'deadline'>,
): Promise<Capabilities | undefined> {
  try {
    return await deadline.wait(provider.capabilities(deadline.remaining(options)))
  } catch (error) {
    if (deadline.stopped !== undefined) throw error
    return undefined
  }
}

const better = (a: Capability = 'unknown', b: Capability = 'unknown'): Capability =>
  a === true || b === true ? true : a === 'unknown' || b === 'unknown' ? 'unknown' : false

/** What at least one of two providers can do. */
function combined(a: Capabilities, b: Capabilities): Capabilities {
  const names = ['tools', 'vision', 'files', 'audio', 'json', 'reasoning', 'embed'] as const
  const options = Object.entries(a.options ?? {}).filter(
    ([name, can]) => can === false && b.options?.[name as OptionName] === false,
  )
  const largest = (x: number | undefined, y: number | undefined) =>
    x === undefined || y === undefined ? undefined : Math.max(x, y)
  const serverTools = [...new Set([...(a.serverTools ?? []), ...(b.serverTools ?? [])])]
  const contextWindow = largest(a.contextWindow, b.contextWindow)
  const maxOutput = largest(a.maxOutput, b.maxOutput)
  return {
    ...(Object.fromEntries(names.map((name) => [name, better(a[name], b[name])])) as Pick<
      Capabilities,
      (typeof names)[number]
    >),
    ...Object.fromEntries(
      (['image', 'speech', 'prefill'] as const)
        .filter((name) => a[name] !== undefined || b[name] !== undefined)
        .map((name) => [name, better(a[name], b[name])]),
    ),
    ...(serverTools.length > 0 && { serverTools }),
    options: Object.fromEntries(options),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutput !== undefined && { maxOutput }),
  }
}

function contextProblem(
  chat: PreparedChat,
  { contextWindow, maxOutput }: Capabilities,
  model: string,
): string | undefined {
  const output = chat.maxOutputTokens ?? 0
  if (maxOutput !== undefined && output > maxOutput) return `gives at most ${maxOutput} tokens`
  // A provider that only may be too small is still tried: it knows exactly, and there is a next one.
  const needed = Math.ceil(chatTokens(chat, model) * (1 - errorOf(model))) + output
  return contextWindow !== undefined && needed > contextWindow
    ? `has room for ${contextWindow} tokens, not for about ${needed}`
    : undefined
}
