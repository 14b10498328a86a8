// Many requests at once, answered when the service finds the time. Loaded with the first of them.
import type { CallHome } from '../call/call.js'
import { Collector } from '../call/collector.js'
import { type Life, startLife } from '../call/lifecycle.js'
import { asLlmError, invalid, LlmError } from '../contract/errors.js'
import type { Backend, BackendBatch, BatchOutcome, BatchResult, CallContext } from '../contract/provider.js'
import type { CallOptions, ChatInput } from '../contract/request.js'
import type { ChatResponse } from '../contract/response.js'
import { withoutMissing } from '../request/capability-check.js'
import { type Prepared, prepare } from '../request/prepare.js'
import type { Work } from './attempt.js'

type Batching = Backend & { batch: BackendBatch }

/**
 * Hands the requests over. Nobody hears warnings later, so what the model cannot do is refused, whatever
 * `onUnsupported` says. What the service has no form for (a warning of the code `unsupported`) is refused too, but left out in
 * silence where the request says `onUnsupported: 'warn'`. Repairs and mere remarks stop nothing.
 * @throws {LlmError} for the first request that is wrong, by its place
 */
export function submit(
  backend: Batching,
  requests: readonly ChatInput[],
  { defaults, knownCapabilities }: CallHome,
): Work<string> {
  if (!Array.isArray(requests) || requests.length === 0)
    throw invalid('requests', 'must be a list of at least one request')
  const each = async <T>(work: (index: number) => T | Promise<T>): Promise<T[]> => {
    const made: T[] = []
    for (const index of requests.keys()) {
      try {
        made.push(await work(index))
      } catch (error) {
        const { code, message } = asLlmError(error, backend)
        throw new LlmError(code, `requests[${index}]: ${message}`, { cause: error })
      }
    }
    return made
  }
  return async (context) => {
    const prepared = await each((index) => prepare(requests[index] as ChatInput, defaults, backend.provider))
    // Capabilities are only asked for when a request depends on them.
    const asks = prepared.some(({ needed }) => needed.length > 0)
    const capabilities = asks ? await knownCapabilities(context.status) : undefined
    const chats = await each((index) => {
      const { chat, needed, warnings } = prepared[index] as Prepared
      return capabilities ? withoutMissing(chat, needed, capabilities, backend, 'error', warnings) : chat
    })
    const warn: CallContext['warn'] = ({ code, message }, index) => {
      const concerned = index === undefined ? prepared : prepared.slice(index, index + 1)
      if (code !== 'unsupported' || concerned.every(({ request }) => request.onUnsupported === 'warn')) return
      const at = index === undefined ? 'requests' : `requests[${index}]`
      throw new LlmError(
        'unsupported',
        `${at}: ${message} Nobody hears warnings of a batch: change the request, or set onUnsupported: 'warn' to go on without.`,
        { provider: backend.provider, model: backend.model },
      )
    }
    return backend.batch.submit(chats, { ...context, warn })
  }
}

/** The results in the order of the requests, whatever order the service gives them in. */
export async function* results(
  backend: Batching,
  id: string,
  { settings, enter }: CallHome,
  options: CallOptions,
): AsyncGenerator<BatchResult> {
  const life = await startLife(settings, options)
  let leave: () => void = () => {}
  try {
    leave = enter()
    const { total, outcomes, first } = await life.attempting((context) => begun(backend, id, life, context))
    try {
      const early = new Map<number, BatchResult>()
      let next = 0
      for (
        let outcome = first;
        !outcome.done;
        outcome = await life.wait(outcomes.next(), 'idle', settings.clock.now())
      ) {
        early.set(outcome.value.index, await resultOf(backend, outcome.value, life))
        for (let result = early.get(next); result !== undefined; result = early.get(next)) {
          early.delete(next++)
          yield result
        }
      }
      for (; next < total; next++) yield early.get(next) ?? missing(backend, next)
    } finally {
      void outcomes.return?.()
    }
  } catch (error) {
    throw life.errorFrom(error)
  } finally {
    life.end()
    leave()
  }
}

/** The results, begun to be read, of a batch that runs no more. */
async function begun(
  { batch }: Batching,
  id: string,
  life: Life,
  context: CallContext,
): Promise<{ total: number; outcomes: AsyncIterator<BatchOutcome>; first: IteratorResult<BatchOutcome> }> {
  const { state, total, answered, failed } = await life.wait(batch.status(id, context), 'first')
  if (state === 'running')
    throw new LlmError(
      'invalid-request',
      `The batch ${id} is not done: ${answered + failed} of ${total} are. Ask batches.status() until its state is 'ended'.`,
    )
  const outcomes = batch.results(id, context)[Symbol.asyncIterator]()
  return { total, outcomes, first: await life.wait(outcomes.next(), 'first') }
}

async function resultOf(
  backend: Backend,
  { index, events, error }: BatchOutcome,
  life: Life,
): Promise<BatchResult> {
  try {
    if (events === undefined) throw error
    return { index, response: await collected(backend, events) }
  } catch (thrown) {
    return { index, error: life.errorFrom(thrown) }
  }
}

async function collected(
  { provider, model }: Backend,
  events: NonNullable<BatchOutcome['events']>,
): Promise<ChatResponse> {
  const collector = new Collector(provider, model, [])
  for await (const event of events) {
    if (event.type === 'finish') return collector.finish(event.response, 1, { firstTokenMs: 0, totalMs: 0 })
    collector.add(event, () => {})
  }
  throw new LlmError('bad-response', 'This answer ended without saying that it was complete.')
}

function missing({ provider, model }: Backend, index: number): BatchResult {
  const error = new LlmError(
    'bad-response',
    'The service gave no result for this request. Submit it again.',
    {
      provider,
      model,
    },
  )
  return { index, error }
}
