// Answers of Chat Completions, whole and streamed.
import type { Json } from '../rule.js'
import { type Answer, pieces, wireLogprobs } from '../script.js'

/** How a host's answers differ. */
export interface ChatDialect {
  /** The field of thinking. Default `reasoning_content`. */
  reasoning?: string
  /** Added to the first tool call of an answer. */
  callState?: Json
}

const finishReason = ({ calls, isCut }: Answer) =>
  isCut ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop'
const head = (object: string, model: unknown) => ({
  id: 'chatcmpl-strict',
  object,
  created: 1_790_000_000,
  model,
})
const usageOf = ({ usage: { input, output } }: Answer) => ({
  ...{ prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
})
const callsOf = ({ calls }: Answer, { callState = {} }: ChatDialect): Json[] =>
  calls.map(({ id, name, json }, index) => ({
    ...{ id, type: 'function', function: { name, arguments: json } },
    ...(index === 0 && callState),
  }))

/** Those of the text, if the request asked for them; of the empty text, none. */
const logprobsOf = (text: string, { logprobs, top_logprobs }: Json) =>
  logprobs && text !== '' ? { content: wireLogprobs(text, top_logprobs), refusal: null } : null

export function chatWhole(answer: Answer, body: Json, dialect: ChatDialect = {}): Json {
  const { reasoning = 'reasoning_content' } = dialect
  const calls = callsOf(answer, dialect)
  const message = {
    role: 'assistant',
    content: answer.text === '' && calls.length > 0 ? null : answer.text,
    ...(answer.reasoning !== '' && { [reasoning]: answer.reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  const logprobs = logprobsOf(answer.text, body)
  const choice = { index: 0, message, logprobs, finish_reason: finishReason(answer) }
  return { ...head('chat.completion', body.model), choices: [choice], usage: usageOf(answer) }
}

export function* chatChunks(answer: Answer, body: Json, dialect: ChatDialect = {}): Generator<Json> {
  const { model, stream_options: options } = body
  const { reasoning = 'reasoning_content' } = dialect
  const chunk = (delta: Json, finish_reason: string | null = null): Json => ({
    ...head('chat.completion.chunk', model),
    choices: [{ index: 0, delta, logprobs: logprobsOf(delta.content ?? '', body), finish_reason }],
  })
  yield chunk({ role: 'assistant', content: '' })
  for (const piece of pieces(answer.reasoning)) yield chunk({ [reasoning]: piece })
  for (const content of pieces(answer.text)) yield chunk({ content })
  for (const [index, { function: called, ...call }] of callsOf(answer, dialect).entries()) {
    yield chunk({ tool_calls: [{ index, ...call, function: { name: called.name, arguments: '' } }] })
    yield chunk({ tool_calls: [{ index, function: { arguments: called.arguments } }] })
  }
  yield chunk({}, finishReason(answer))
  if (options?.include_usage === true)
    yield { ...head('chat.completion.chunk', model), choices: [], usage: usageOf(answer) }
}
