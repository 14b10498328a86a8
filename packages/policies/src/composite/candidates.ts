// Candidates of a composite provider; some are created only when they are first needed.
import { isLlmError, LlmError, type Provider } from '@patchbay/core'

/** A provider, or a function that creates it when it is first needed. */
export type Candidate = Provider | (() => Provider | Promise<Provider>)

export class Candidates {
  readonly first: Provider
  readonly size: number
  readonly #factories: (() => Promise<Provider>)[]
  readonly #unwrapped = new WeakMap<Provider, Provider>()
  readonly #opening = new Map<number, Promise<Provider>>()

  /**
   * `wrap` is put around each candidate.
   * @throws {LlmError} `config` for an empty list, and for anything else in its place
   */
  constructor(
    policy: string,
    candidates: readonly Candidate[],
    wrap: (provider: Provider, at: number) => Provider = (provider) => provider,
  ) {
    const [first, ...rest] = Array.isArray(candidates) ? candidates : []
    if (first === undefined || typeof first === 'function')
      throw new LlmError('config', `${policy}() needs at least one provider: ${policy}([first, second]).`)
    const wrapped = (provider: Provider, at: number) => {
      const outer = wrap(provider, at)
      this.#unwrapped.set(outer, provider)
      return outer
    }
    this.first = wrapped(first, 0)
    this.size = rest.length + 1
    this.#factories = [
      async () => this.first,
      ...rest.map(
        (candidate, index) => async () =>
          wrapped(
            typeof candidate === 'function' ? await create(candidate, index + 1) : candidate,
            index + 1,
          ),
      ),
    ]
  }

  /** The candidate at this position. @throws {LlmError} why it cannot be created; `config` for other errors */
  open(at: number): Promise<Provider> {
    const known = this.#opening.get(at)
    if (known !== undefined) return known
    const opening = (this.#factories[at] as () => Promise<Provider>)()
    this.#opening.set(at, opening)
    // A failure is not cached: the next call may succeed.
    opening.catch(() => this.#opening.delete(at))
    return opening
  }

  /** The candidate as it was in the list, without its wrapper. */
  unwrapped(provider: Provider): Provider {
    return this.#unwrapped.get(provider) ?? provider
  }

  /** Closes the candidates that were created. */
  async close(): Promise<void> {
    const results = await Promise.allSettled([this.first, ...this.#opening.values()])
    const all = new Set(results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
    await Promise.all([...all].map((provider) => provider.close()))
  }
}

async function create(make: () => Provider | Promise<Provider>, at: number): Promise<Provider> {
  try {
    return await make()
  } catch (cause) {
    if (isLlmError(cause)) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new LlmError(
      'config',
      `Candidate ${at} cannot be created: ${why}. Fix it, or remove it from the list.`,
      {
        cause,
      },
    )
  }
}
