// Reads the body of POST /v1/completions into a ChatRequest: chat models continue the prompt.
// Source: platform.openai.com/docs/api-reference/completions/create, November 2026.
import type { ChatRequest } from '@patchbay/core'
import { requestError } from '../../answer/http-status.js'
import { type Json, toChatRequest } from '../../body/body.js'
import { gapOf, toCompletionMessages } from '../../body/completion-prompt.js'
import { fieldsOf } from '../../body/fields.js'
import { samplingOf } from '../openai/sampling.js'

/** The fields of a body. */
export const fields = fieldsOf(
  'model prompt suffix max_tokens temperature top_p top_k min_p seed stop frequency_penalty presence_penalty stream stream_options n best_of echo logprobs user metadata',
  'store service_tier prompt_cache_key logit_bias repetition_penalty',
  {
    nested: { stream_options: fieldsOf('include_usage', 'include_obfuscation', { others: 'ignore' }) },
  },
)

/** Our fields by their names in the API. */
export const names = {
  messages: 'prompt',
  maxOutputTokens: 'max_tokens',
  topP: 'top_p',
  topK: 'top_k',
  minP: 'min_p',
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
}

// The API's own default.
const defaultMaxTokens = 16

/**
 * The request of a body.
 * @throws {LlmError} `invalid-request` for a wrong value, or one that cannot be honoured
 */
export function fromBody(body: Json): ChatRequest {
  const { suffix } = body
  for (const name of ['n', 'best_of'])
    if ((body[name] ?? 1) !== 1) throw requestError(`${name}: the gateway gives one answer a request.`)
  if (body.echo === true) throw requestError('echo: the gateway returns the completion only.')
  if (suffix !== undefined && suffix !== null && typeof suffix !== 'string')
    throw requestError('suffix: must be a string.')
  const prompt = promptOf(body)
  if (prompt === '' && !suffix) throw requestError('prompt: must not be empty.')
  return toChatRequest(
    {
      messages: toCompletionMessages(prompt, suffix ?? undefined),
      maxOutputTokens: body.max_tokens ?? defaultMaxTokens,
      ...samplingOf(body),
      // 0 asks for the tokens that were chosen.
      logprobs: body.logprobs,
    },
    names,
  )
}

/** The gap to fill, if there is one. */
export function gapIn(body: Json): ReturnType<typeof gapOf> {
  return gapOf(promptOf(body), typeof body.suffix === 'string' ? body.suffix : undefined)
}

function promptOf({ prompt }: Json): string {
  const [only, ...others] = [prompt].flat()
  if (typeof only === 'string' && others.length === 0) return only
  throw requestError(
    'prompt: must be one text. Send several prompts as requests of their own, and no tokens.',
  )
}
