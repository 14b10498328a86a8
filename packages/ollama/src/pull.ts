// Downloads a model onto the server: POST /api/pull. Source: ollama/ollama, docs/api.md, August 2026.
import { type CallContext, isLlmError, LlmError } from '@patchbay/core'
import { jsonLines, wordsOf } from '@patchbay/core/wire'
import { type Server, send } from './client.js'
import { fromWords } from './errors.js'

/** A step of a download. */
export interface PullProgress {
  /** What the server is doing, in its own words: `'pulling manifest'`, `'success'` … */
  status: string
  /** The file this step is about. */
  digest?: string
  /** Bytes of this file. */
  total?: number
  /** Bytes of it that have arrived. */
  completed?: number
}

/**
 * The steps of the download, up to its end.
 * @throws {LlmError} `not-found` for an unknown name, `network` when the server cannot be reached, `aborted`
 */
export async function* pull(
  server: Server,
  context: Pick<CallContext, 'signal' | 'headers' | 'clock'>,
): AsyncGenerator<PullProgress> {
  const { model } = server
  let redact = (failure: LlmError): LlmError => failure
  const onFailure = (change: typeof redact) => {
    redact = change
  }
  try {
    // The official client 0.6.4 sends `name`, which newer servers call `model`.
    const body = { name: model, model, stream: true }
    const response = await send(server, { ...context, onFailure }, '/api/pull', body)
    if (response.body === null) throw new LlmError('empty-response', 'Ollama sent no body.')
    for await (const line of jsonLines(response.body)) {
      const step = line as PullProgress & { error?: unknown }
      if (step.error !== undefined) throw fromWords(wordsOf(step.error), model, 'server-error')
      yield step
      if (step.status === 'success') return
    }
    throw new LlmError(
      'bad-response',
      `Ollama stopped fetching ${model} before it was done. Try again; what is there is kept.`,
      { retryable: true },
    )
  } catch (cause) {
    if (context.signal.aborted)
      throw new LlmError('aborted', `Fetching ${model} was aborted by its caller.`, {
        cause: context.signal.reason,
        provider: 'ollama',
        model,
      })
    throw isLlmError(cause) ? redact(cause) : cause
  }
}
