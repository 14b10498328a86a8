// Writes an answer as a text completion, or as the chunks of a stream.
// Source: platform.openai.com/docs/api-reference/completions/object, November 2026.
import type { ChatEvent, ChatResponse, FinishReason, TokenLogprob } from '@patchbay/core'
import type { Json } from '../../body/body.js'
import { StreamedLogprobs } from '../../body/logprobs.js'
import { toUsage } from '../openai/response.js'

const reasons: Partial<Record<FinishReason, string>> = {
  length: 'length',
  'content-filter': 'content_filter',
}

/** What all chunks of an answer share. */
export interface CompletionHead {
  id: string
  created: number
  model: string
}

/** The whole answer. */
export function toTextCompletion(
  { text, finishReason, usage, model, logprobs }: ChatResponse,
  head: CompletionHead,
): Json {
  const likely = logprobs && new LogprobColumns().of(logprobs)
  return { ...toChunk({ ...head, model }, text, likely, finishReason), usage: toUsage(usage) }
}

/** Writes the chunks of a stream of server-sent events. */
export class CompletionWriter {
  readonly #logprobs = new StreamedLogprobs()
  readonly #columns = new LogprobColumns()

  constructor(
    private readonly head: CompletionHead,
    private readonly withUsage: boolean,
  ) {}

  /** The text of an event; empty for what a completion does not have. */
  write(event: ChatEvent): string {
    const logprobs = this.#logprobs.of(event)
    const likely = logprobs.length > 0 ? this.#columns.of(logprobs) : undefined
    if (event.type === 'text') return toSse(toChunk(this.head, event.text, likely))
    if (event.type !== 'finish') return ''
    const { finishReason, usage } = event.response
    const last = toSse(toChunk(this.head, '', likely, finishReason))
    const used = this.withUsage
      ? toSse({ ...toChunk(this.head, ''), choices: [], usage: toUsage(usage) })
      : ''
    return `${last}${used}data: [DONE]\n\n`
  }
}

/** Log-probabilities as this API has them: a list for each field, and the places of the tokens in the text. */
class LogprobColumns {
  #offset = 0

  of(logprobs: readonly TokenLogprob[]): Json {
    return {
      tokens: logprobs.map(({ token }) => token),
      token_logprobs: logprobs.map(({ logprob }) => logprob),
      top_logprobs: logprobs.map(({ token, logprob, top }) =>
        Object.fromEntries([...top, { token, logprob }].map((one) => [one.token, one.logprob])),
      ),
      text_offset: logprobs.map(({ token }) => {
        const at = this.#offset
        this.#offset += token.length
        return at
      }),
    }
  }
}

function toChunk(
  head: CompletionHead,
  text: string,
  logprobs: Json | null = null,
  reason?: FinishReason,
): Json {
  const finish_reason = reason === undefined ? null : (reasons[reason] ?? 'stop')
  return { ...head, object: 'text_completion', choices: [{ text, index: 0, logprobs, finish_reason }] }
}

function toSse(data: Json): string {
  return `data: ${JSON.stringify(data)}\n\n`
}
