// The capabilities of a provider's model: fetched once for all calls that wait for them, and cached. Loaded with the first call that
// depends on them.
import type { Backend, CallContext } from '../contract/backend.js'
import type { CallOptions } from '../contract/call-options.js'
import type { Capabilities } from '../contract/capabilities.js'
import { readCallerValue } from '../request/caller-objects.js'
import { onAbort } from './abort-listener.js'

type StatusListener = CallContext['status']

/** Runs attempts of a call of its own, with the provider's retries and time limits. */
type RunAttempts = <T>(options: CallOptions, attempt: (context: CallContext) => Promise<T>) => Promise<T>

export class CapabilityCache {
  readonly #listeners = new Set<StatusListener>()
  readonly #backend: Backend
  readonly #runAttempts: RunAttempts
  #abort = new AbortController()
  #request: Promise<Capabilities> | undefined
  #reported: Partial<Capabilities> | undefined
  /** The capabilities, once they are fetched. */
  known: Capabilities | undefined

  constructor(backend: Backend, runAttempts: RunAttempts) {
    this.#backend = backend
    this.#runAttempts = runAttempts
  }

  /** Options of the call that waits for the capabilities: the one that fetches them has its own retries. */
  callOptions(options: CallOptions): CallOptions | Promise<CallOptions> {
    return readCallerValue('The options', () => ({ ...options, retry: false as const }))
  }

  /** The capabilities, and over them what the server reports; a failure is not cached. */
  async withReported({ status, signal }: CallContext, options: CallOptions): Promise<Capabilities> {
    if (this.known === undefined) onAbort(signal, () => this.cancel(status))
    const known = this.known ?? (await this.fetch(status))
    if (this.#backend.reportedCapabilities === undefined) return known
    // In the call of this caller: the abort of one must not fail the others.
    this.#reported ??= await this.#runAttempts(
      { ...options, signal },
      async (context) => (await this.#backend.reportedCapabilities?.(context)) ?? {},
    )
    return { ...known, ...this.#reported, options: { ...known.options, ...this.#reported.options } }
  }

  /** The capabilities; a failure is not cached. The listener gets the status events until `cancel`. */
  async fetch(listener: StatusListener): Promise<Capabilities> {
    this.#listeners.add(listener)
    // In a call of its own, so that the abort of one caller does not fail the others.
    this.#request ??= this.#runAttempts(
      {
        onStatus: (status) => {
          for (const each of this.#listeners) each(status)
        },
        signal: this.#abort.signal,
      },
      async (context) => this.#backend.capabilities(context),
    )
    const request = this.#request
    try {
      this.known = await request
      return this.known
    } catch (error) {
      if (this.#request === request) this.#request = undefined
      throw error
    } finally {
      this.cancel(listener)
    }
  }

  /** The capabilities, or the backend's limits if they cannot be fetched now. */
  fetchKnown(listener: StatusListener): Promise<Capabilities | undefined> {
    return this.fetch(listener).catch(() => this.#backend.limits)
  }

  /** The listener no longer waits. Without any listener, the request is aborted. */
  cancel(listener: StatusListener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0 || this.known !== undefined) return
    this.#request = undefined
    this.#abort.abort()
    this.#abort = new AbortController()
  }
}
