// The answer to one request on undici's connection pool: its handler, and the body that is read from it.
import type { ReadableStreamReadResult } from 'node:stream/web'
import { UpstreamResponse } from './upstream-response.js'

// Bytes that wait for the reader before the socket waits too.
const maxBuffered = 64 * 1024

/** What undici 7 and later pass to a handler. */
interface Controller {
  abort(reason: Error): void
  pause(): void
  resume(): void
}

/** The promise that a body has ended. */
interface Closing {
  promise: Promise<void>
  resolve: () => void
  reject: (error: unknown) => void
}

type Bytes = Uint8Array<ArrayBuffer>
type Read = ReadableStreamReadResult<Bytes>

/**
 * Has both forms of undici's handlers: Node 20 and 22 call the first, Node 24 and later the second.
 * Source: undici.nodejs.org/#/docs/api/Dispatcher, November 2026.
 */
export class UpstreamAnswer {
  readonly #signal: AbortSignal | undefined
  #resolve: (response: Response) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  readonly #response = new Promise<Response>((resolve, reject) => {
    this.#resolve = resolve
    this.#reject = reject
  })
  readonly #chunks: Bytes[] = []
  #buffered = 0
  #isPaused = false
  #hasBegun = false
  #ended = false
  #failure: { error: unknown } | undefined
  #waiting: { resolve: (read: Read) => void; reject: (error: unknown) => void } | undefined
  #closed: Closing | undefined
  #abort: ((reason: Error) => void) | undefined
  #resume: () => void = () => {}

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
    signal?.addEventListener('abort', this.#onAbort)
  }

  /** The response, once its headers are there. */
  response(): Promise<Response> {
    return this.#response
  }

  /** The next bytes of the body. Must not be called again before it has settled. */
  read(): Promise<Read> {
    const value = this.#chunks.shift()
    if (value !== undefined) {
      this.#buffered -= value.byteLength
      if (this.#isPaused && this.#buffered < maxBuffered) {
        this.#isPaused = false
        this.#resume()
      }
      return Promise.resolve({ done: false, value })
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  /** Settles when nothing more comes. */
  closed(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    if (this.#ended) return Promise.resolve()
    if (this.#closed === undefined) {
      let settle: Omit<Closing, 'promise'> | undefined
      const promise = new Promise<void>((resolve, reject) => {
        settle = { resolve, reject }
      })
      this.#closed = { promise, resolve: () => settle?.resolve(), reject: (error) => settle?.reject(error) }
    }
    return this.#closed.promise
  }

  /** Ends the request: nothing more is read. */
  cancel(): void {
    this.#chunks.length = 0
    if (this.#ended || this.#failure !== undefined) return
    // For the reader that is the end, and no failure.
    this.#end()
    this.#abort?.(new DOMException('The body was cancelled.', 'AbortError'))
  }

  // Node 20 and 22.

  onConnect(abort: (reason: Error) => void): void {
    this.#abort = abort
    if (this.#failure !== undefined) abort(asError(this.#failure.error))
  }

  onHeaders(status: number, raw: readonly Bytes[], resume: () => void, statusText: string): boolean {
    this.#resume = resume
    const headers: [string, string][] = []
    for (let at = 0; at + 1 < raw.length; at += 2) headers.push([latin1(raw[at]), latin1(raw[at + 1])])
    this.#begin(status, headers, statusText)
    return true
  }

  onData(chunk: Bytes): boolean {
    this.#take(chunk)
    return !this.#isPaused
  }

  onComplete(): void {
    this.#end()
  }

  onError(cause: unknown): void {
    // As `fetch` fails, so that errors are recognised alike.
    this.#fail(new TypeError(this.#hasBegun ? 'terminated' : 'fetch failed', { cause }))
  }

  // Node 24 and later.

  onRequestStart(controller: Controller): void {
    this.#resume = () => controller.resume()
    this.onConnect((reason) => controller.abort(reason))
  }

  onResponseStart(
    _: Controller,
    status: number,
    headers: Record<string, string | string[]>,
    statusText = '',
  ): void {
    const entries = Object.entries(headers).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    )
    this.#begin(status, entries, statusText)
  }

  onResponseData(controller: Controller, chunk: Bytes): void {
    this.#take(chunk)
    if (this.#isPaused) controller.pause()
  }

  onResponseEnd(): void {
    this.#end()
  }

  onResponseError(_: Controller, error: unknown): void {
    this.onError(error)
  }

  #begin(status: number, headers: [string, string][], statusText: string): void {
    // Another one follows, as after 100 or 103.
    if (status < 200) return
    this.#hasBegun = true
    try {
      this.#resolve(new UpstreamResponse(this, status, statusText, new Headers(headers)))
    } catch (error) {
      // A header that no response may have.
      this.#fail(error)
    }
  }

  #take(chunk: Bytes): void {
    if (this.#ended) return
    const waiting = this.#waiting
    if (waiting !== undefined) {
      this.#waiting = undefined
      waiting.resolve({ done: false, value: chunk })
      return
    }
    this.#chunks.push(chunk)
    this.#buffered += chunk.byteLength
    if (this.#buffered >= maxBuffered) this.#isPaused = true
  }

  #end(): void {
    this.#ended = true
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#waiting?.resolve({ done: true, value: undefined })
    this.#waiting = undefined
    this.#closed?.resolve()
  }

  #fail(error: unknown): void {
    if (this.#ended || this.#failure !== undefined) return
    this.#failure = { error }
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#reject(error)
    this.#waiting?.reject(error)
    this.#waiting = undefined
    this.#closed?.reject(error)
    this.#abort?.(asError(error))
  }

  readonly #onAbort = (): void => {
    // What has arrived is not read any more.
    this.#chunks.length = 0
    this.#fail(this.#signal?.reason)
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}

function latin1(bytes: Bytes | undefined): string {
  return Buffer.from(bytes ?? []).toString('latin1')
}
