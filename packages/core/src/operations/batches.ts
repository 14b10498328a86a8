// Batches: submits many requests, and reads their results in order. Loaded with the first batch.
import type { CallEnvironment } from '../call/chat-call.js'
import { Collector } from '../call/collector.js'
import { type CallLifecycle, startLifecycle } from '../call/lifecycle.js'
import type { Backend, BackendBatch, BatchOutcome, CallContext } from '../contract/backend.js'
import type { BatchResult } from '../contract/batches.js'
import type { CallOptions } from '../contract/call-options.js'
import { asLlmError, invalid, LlmError } from '../contract/errors.js'
import type { ChatInput } from '../contract/request.js'
import type { ChatResponse } from '../contract/response.js'
import { withoutUnsupported } from '../request/capability-check.js'
import { prepare } from '../request/prepare.js'
import type { Prepared } from '../request/prepared.js'
import type { Attempt } from './attempt.js'

type Batching = Backend & { batch: BackendBatch }

/**
 * Submits the requests. A batch has no warnings, so what the model cannot do is refused, even with `onUnsupported: 'warn'`. What the
 * service has no field for (a warning with code `unsupported`) is refused too, but left out with `onUnsupported: 'warn'`. Other
 * warnings are ignored.
 * @throws {LlmError} for the first invalid request, with its index
 */
export function submit(
  backend: Batching,
  requests: readonly ChatInput[],
  { defaults, loadCapabilities }: CallEnvironment,
): Attempt<string> {
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
    // Capabilities are fetched only if a request depends on them.
    const needsCapabilities = prepared.some(({ required }) => required.length > 0)
    const capabilities = needsCapabilities
      ? await (await loadCapabilities()).fetchKnown(context.status)
      : undefined
    const chats = await each((index) => {
      const { chat, required, warnings } = prepared[index] as Prepared
      return capabilities
        ? withoutUnsupported(chat, required, capabilities, backend, 'error', warnings)
        : chat
    })
    const warn: CallContext['warn'] = ({ code, message }, index) => {
      const concerned = index === undefined ? prepared : prepared.slice(index, index + 1)
      if (code !== 'unsupported' || concerned.every(({ request }) => request.onUnsupported === 'warn')) return
      const at = index === undefined ? 'requests' : `requests[${index}]`
      throw new LlmError(
        'unsupported',
        `${at}: ${message} A batch has no warnings: change the request, or set onUnsupported: 'warn' to leave it out.`,
        { provider: backend.provider, model: backend.model },
      )
    }
    return backend.batch.submit(chats, { ...context, warn })
  }
}

/**
 * Checks the id of a batch. It becomes a part of an address, where `..` would name another resource of the service.
 * @throws {LlmError} `invalid-request`
 */
export function checkBatchId(id: unknown): void {
  if (typeof id !== 'string' || id.trim() === '' || id === '.' || id === '..')
    throw invalid('id', 'must be the id of a batch, as submit() gave it')
}

/** The results in the order of the requests; the service gives them in any order. */
export async function* results(
  backend: Batching,
  id: string,
  { settings, begin }: CallEnvironment,
  options: CallOptions,
): AsyncGenerator<BatchResult> {
  const lifecycle = await startLifecycle(settings, options)
  let leave: () => void = () => {}
  try {
    checkBatchId(id)
    leave = begin()
    // Its reader may have stopped reading.
    lifecycle.onStop = leave
    const { total, outcomes, first } = await lifecycle.runAttempts((context) =>
      startReading(backend, id, lifecycle, context),
    )
    const close = () => void (async () => outcomes.return?.())().catch(() => {})
    lifecycle.onStop = () => {
      close()
      leave()
    }
    try {
      const early = new Map<number, BatchResult>()
      let next = 0
      for (
        let outcome = first;
        !outcome.done;
        outcome = await lifecycle.wait(outcomes.next(), 'idle', settings.clock.now())
      ) {
        early.set(outcome.value.index, await resultOf(backend, outcome.value, lifecycle))
        for (let result = early.get(next); result !== undefined; result = early.get(next)) {
          early.delete(next++)
          yield result
          if (lifecycle.stopError !== undefined) throw lifecycle.stopError
        }
      }
      for (; next < total; next++) yield early.get(next) ?? missingResult(backend, next)
    } finally {
      close()
    }
  } catch (error) {
    throw lifecycle.errorFrom(error)
  } finally {
    lifecycle.end()
    leave()
  }
}

/** Begins to read the results of a batch that has ended. */
async function startReading(
  { batch }: Batching,
  id: string,
  lifecycle: CallLifecycle,
  context: CallContext,
): Promise<{ total: number; outcomes: AsyncIterator<BatchOutcome>; first: IteratorResult<BatchOutcome> }> {
  const { state, total, answered, failed } = await lifecycle.wait(batch.status(id, context), 'first')
  if (state === 'running')
    throw new LlmError(
      'invalid-request',
      `The batch ${id} is not done: ${answered + failed} of ${total} are. Ask batches.status() until its state is 'ended'.`,
    )
  const outcomes = batch.results(id, context)[Symbol.asyncIterator]()
  return { total, outcomes, first: await lifecycle.wait(outcomes.next(), 'first') }
}

async function resultOf(
  backend: Backend,
  { index, events, error }: BatchOutcome,
  lifecycle: CallLifecycle,
): Promise<BatchResult> {
  try {
    if (events === undefined) throw error
    return { index, response: await collected(backend, events) }
  } catch (thrown) {
    return { index, error: lifecycle.errorFrom(thrown) }
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

function missingResult({ provider, model }: Backend, index: number): BatchResult {
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
