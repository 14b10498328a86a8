// Streams that go on after a lost connection: the service makes the answer in the background, and its events are read on from the last
// one that came. Source: platform.openai.com/docs/guides/background, November 2026; the gateway of Patchbay offers the same.
import { type CallContext, isLlmError, LlmError } from '@patchbay/core'
import { fieldsOf, jsonEvents } from '@patchbay/core/wire'
import type { Server } from '../client.js'
import { isLast } from './events.js'

/** Connections that are lost one after the other, without an event in between, before the call fails. */
const maxLost = 5
const firstPauseMs = 250
/** Milliseconds to tell the service that an answer is no longer wanted. */
const leaveMs = 5000

/**
 * Makes a request whose stream can be taken up again: services make an answer in the background only if they store it.
 * @throws {LlmError} `invalid-request` if `providerOptions` forbid one of these
 */
export function makeResumable(
  body: Record<string, unknown>,
  providerOptions: Readonly<Record<string, unknown>>,
): void {
  const forbidden = ['store', 'background'].find((name) => providerOptions[name] === false)
  if (forbidden !== undefined)
    throw new LlmError(
      'invalid-request',
      `providerOptions.openai.${forbidden}: false and resume do not go together: the service stores an answer until its stream has ended. Leave one of them out.`,
    )
  Object.assign(body, { background: true, store: true })
}

/**
 * The events of a streamed response, each once, over as many connections as needed. An answer that its reader leaves is cancelled, and
 * one that has ended is deleted: nothing stays at the service.
 * @throws {LlmError} the failure of the connection, if it cannot be taken up again
 */
export async function* resumedEvents(
  response: Response,
  server: Server,
  context: SendContext,
): AsyncGenerator<unknown> {
  const place: Place = { lost: 0 }
  let body = response.body ?? undefined
  let hasEnded = false
  try {
    while (body !== undefined && !hasEnded) {
      let failure: unknown
      try {
        for await (const event of jsonEvents(body, isLast)) {
          if (!isNew(place, event)) continue
          hasEnded = isLast(event)
          yield event
        }
      } catch (error) {
        if (!isLost(error)) throw error
        failure = error
      }
      // A connection that ended without the last event was lost, too.
      if (!hasEnded) body = await bodyAfter(place, server, context, failure)
    }
  } finally {
    if (place.id !== undefined) void leave(server, context, place.id, hasEnded)
  }
}

type SendContext = Parameters<Server['send']>[0]

/** How far a stream has come. */
interface Place {
  id?: string
  /** The number of the last event. */
  last?: number
  /** Connections that were lost since. */
  lost: number
}

/**
 * Moves the place on. False for an event that came before: some servers send the stream from its beginning, whatever `starting_after`
 * says. Only a new event shows that going on is of use.
 */
function isNew(place: Place, event: unknown): boolean {
  const { response, sequence_number: number } = fieldsOf(event)
  if (typeof number === 'number') {
    if (place.last !== undefined && number <= place.last) return false
    place.last = number
    place.lost = 0
  }
  const { id } = fieldsOf(response)
  if (place.id === undefined && typeof id === 'string' && isId(id)) place.id = id
  return true
}

/** Whether it is one segment of a path: `..` would lead to another resource. */
function isId(id: string): boolean {
  return id !== '' && id !== '.' && id !== '..'
}

/**
 * The events after the last one; undefined if they cannot be had.
 * @throws {unknown} `failure`, if there is one and they cannot be had
 */
async function bodyAfter(
  place: Place,
  server: Server,
  context: SendContext,
  failure: unknown,
): Promise<NonNullable<Response['body']> | undefined> {
  const { id, last } = place
  while (id !== undefined && last !== undefined && place.lost < maxLost) {
    const delayMs = firstPauseMs * 2 ** place.lost++
    const reason = failure instanceof Error ? failure.message : 'The stream ended before its last event.'
    context.status({ type: 'retrying', attempt: place.lost, delayMs, reason })
    await pause(delayMs, context)
    if (context.signal.aborted) break
    try {
      const path = `/responses/${encodeURIComponent(id)}?stream=true&starting_after=${last}`
      const { body } = await server.send(context, 'get', path)
      if (body !== null) return body
    } catch (error) {
      if (!isLlmError(error) || !error.retryable) break
    }
  }
  if (failure === undefined) return undefined
  throw failure
}

/** Whether the connection broke, and not the answer. */
function isLost(error: unknown): boolean {
  return isLlmError(error, 'network') || isLlmError(error, 'bad-response')
}

/** Tells the service that an answer is no longer needed. Never rejects: nobody waits for it. */
async function leave(server: Server, context: SendContext, id: string, hasEnded: boolean): Promise<void> {
  const own = { ...context, signal: AbortSignal.timeout(leaveMs) }
  const path = `/responses/${encodeURIComponent(id)}`
  try {
    if (!hasEnded) await (await server.send(own, 'post', `${path}/cancel`, {})).body?.cancel()
    await (await server.send(own, 'delete', path)).body?.cancel()
  } catch {
    // It ends by itself, and is forgotten after a while.
  }
}

function pause(ms: number, { clock, signal }: CallContext): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.timer(ms, () => done())
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
}
