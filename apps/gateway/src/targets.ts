// From the name of a model to who answers: configured providers, each connected when it is first asked.
import { connectTo, type Loaded } from '@patchbay/config'
import { LlmError, type Provider } from '@patchbay/core'

export class Targets {
  readonly #loaded: Loaded
  readonly #strict: boolean
  readonly #otherwise: (() => Provider | Promise<Provider>) | undefined
  readonly #open = new Map<string, Promise<Provider>>()

  /** `otherwise` answers where nothing is configured. */
  constructor(loaded: Loaded, strict: boolean, otherwise?: () => Provider | Promise<Provider>) {
    this.#loaded = loaded
    this.#strict = strict
    this.#otherwise = otherwise
  }

  /** The names clients may ask for. */
  get names(): string[] {
    const { providers } = this.#loaded
    return providers.size > 0 ? [...providers.keys()] : ['default']
  }

  /**
   * Who answers for this name: a configured one, or the default for `default` and for names nobody knows.
   * @throws {LlmError} `not-found` for those, where names are strict; `config` for what cannot be connected
   */
  get(name: string | undefined): Promise<Provider> {
    const { providers } = this.#loaded
    const known = name !== undefined && providers.has(name) ? name : ''
    if (known === '' && this.#strict && name !== undefined && name !== 'default')
      throw new LlmError(
        'not-found',
        `There is no model ${JSON.stringify(name)}. There are ${this.names.join(', ')}.`,
      )
    const open = this.#open.get(known)
    if (open !== undefined) return open
    const opening = this.#connect(known)
    this.#open.set(known, opening)
    // The next request may find it.
    opening.catch(() => this.#open.delete(known))
    return opening
  }

  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#open.values())
    await Promise.all(all.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
  }

  async #connect(name: string): Promise<Provider> {
    if (name !== '') return connectTo(this.#loaded, name)
    const nobody = this.#loaded.providers.size === 0 && !process.env.PATCHBAY_PROVIDER
    return nobody && this.#otherwise !== undefined ? this.#otherwise() : connectTo(this.#loaded)
  }
}
