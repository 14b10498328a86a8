// The capabilities of a provider's model: fetched once for all calls that wait for them, and cached. Loaded with the first call that
// depends on them.
import type { CallContext } from '../contract/backend.js'
import type { CallOptions } from '../contract/call-options.js'
import type { Capabilities } from '../contract/capabilities.js'

type StatusListener = CallContext['status']

export class CapabilityCache {
  readonly #listeners = new Set<StatusListener>()
  readonly #run: (options: CallOptions) => Promise<Capabilities>
  readonly #report: (options: CallOptions) => Promise<Partial<Capabilities> | undefined>
  #abort = new AbortController()
  #request: Promise<Capabilities> | undefined
  #reported: Partial<Capabilities> | undefined
  #isComplete = false

  /**
   * @param run fetches the capabilities, in a call of its own
   * @param report fetches what the server reports, if the backend can
   */
  constructor(
    run: (options: CallOptions) => Promise<Capabilities>,
    report: (options: CallOptions) => Promise<Partial<Capabilities> | undefined>,
  ) {
    this.#run = run
    this.#report = report
  }

  /** The capabilities, and over them what the server reports; a failure is not cached. */
  async withReported(known: Capabilities, options: CallOptions): Promise<Capabilities> {
    const reported = (this.#reported ??= (await this.#report(options)) ?? {})
    if (Object.keys(reported).length === 0) return known
    return { ...known, ...reported, options: { ...known.options, ...reported.options } }
  }

  /** The capabilities; a failure is not cached. The listener gets the status events until `cancel`. */
  async fetch(listener: StatusListener): Promise<Capabilities> {
    this.#listeners.add(listener)
    // In a call of its own, so that the abort of one caller does not fail the others.
    this.#request ??= this.#run({
      onStatus: (status) => {
        for (const each of this.#listeners) each(status)
      },
      signal: this.#abort.signal,
    })
    const request = this.#request
    try {
      const capabilities = await request
      this.#isComplete = true
      return capabilities
    } catch (error) {
      if (this.#request === request) this.#request = undefined
      throw error
    } finally {
      this.cancel(listener)
    }
  }

  /** The listener no longer waits. Without any listener, the request is aborted. */
  cancel(listener: StatusListener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0 || this.#isComplete) return
    this.#request = undefined
    this.#abort.abort()
    this.#abort = new AbortController()
  }
}
