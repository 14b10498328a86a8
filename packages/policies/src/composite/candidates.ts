// Several providers, some of them made when their turn comes.
import { isLlmError, LlmError, type Provider } from '@patchbay/core'

/** A provider, or how to get it when its turn comes. */
export type Candidate = Provider | (() => Provider | Promise<Provider>)

export class Candidates {
  readonly first: Provider
  readonly size: number
  readonly #makers: (() => Promise<Provider>)[]
  readonly #given = new WeakMap<Provider, Provider>()
  readonly #opened = new Map<number, Promise<Provider>>()

  /**
   * `put` stands around each of them.
   * @throws {LlmError} `config` for an empty list
   */
  constructor(
    policy: string,
    [first, ...rest]: readonly Candidate[],
    put: (provider: Provider, at: number) => Provider = (provider) => provider,
  ) {
    if (first === undefined || typeof first === 'function')
      throw new LlmError('config', `${policy}() needs at least one provider: ${policy}([first, second]).`)
    const around = (provider: Provider, at: number) => {
      const outer = put(provider, at)
      this.#given.set(outer, provider)
      return outer
    }
    this.first = around(first, 0)
    this.size = rest.length + 1
    this.#makers = [
      async () => this.first,
      ...rest.map(
        (candidate, index) => async () =>
          around(typeof candidate === 'function' ? await made(candidate, index + 1) : candidate, index + 1),
      ),
    ]
  }

  /** @throws {LlmError} why it cannot be made; `config` for what is no `LlmError` */
  open(at: number): Promise<Provider> {
    const known = this.#opened.get(at)
    if (known !== undefined) return known
    const opening = (this.#makers[at] as () => Promise<Provider>)()
    this.#opened.set(at, opening)
    // The next call may find one that could not be made.
    opening.catch(() => this.#opened.delete(at))
    return opening
  }

  /** What it was in the list. */
  given(provider: Provider): Provider {
    return this.#given.get(provider) ?? provider
  }

  /** Closes those that were made. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled([this.first, ...this.#opened.values()])
    const all = new Set(opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
    await Promise.all([...all].map((provider) => provider.close()))
  }
}

async function made(make: () => Provider | Promise<Provider>, at: number): Promise<Provider> {
  try {
    return await make()
  } catch (cause) {
    if (isLlmError(cause)) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new LlmError('config', `Candidate ${at} cannot be made: ${why}. Mend it, or leave it out.`, {
      cause,
    })
  }
}
