// Answers of Ollama's own API, whole and as lines of JSON.
import type { Json } from '../rule.js'
import { type Answer, pieces, wireLogprobs } from '../script.js'

const line = (model: unknown, message: Json, more: Json): Json => ({
  ...{ model, created_at: '2026-11-01T00:00:00Z', message: { role: 'assistant', content: '', ...message } },
  ...more,
})
const toolCalls = ({ calls }: Answer): Json =>
  calls.length === 0
    ? {}
    : {
        tool_calls: calls.map(({ id, name, json }, index) => ({
          ...{ id, function: { index, name, arguments: JSON.parse(json) } },
        })),
      }
const end = ({ isCut, usage }: Answer): Json => ({
  ...{ done: true, done_reason: isCut ? 'length' : 'stop' },
  ...{ prompt_eval_count: usage.input, eval_count: usage.output },
})

const logprobsOf = (text: string, { logprobs, top_logprobs }: Json): Json =>
  logprobs && text !== '' ? { logprobs: wireLogprobs(text, top_logprobs) } : {}

export function ollamaWhole(answer: Answer, body: Json): Json {
  const thinking = answer.reasoning === '' ? {} : { thinking: answer.reasoning }
  const more = { ...logprobsOf(answer.text, body), ...end(answer) }
  return line(body.model, { content: answer.text, ...thinking, ...toolCalls(answer) }, more)
}

export function* ollamaLines(answer: Answer, body: Json): Generator<Json> {
  const { model } = body
  const piece = (message: Json) =>
    line(model, message, { ...logprobsOf(message.content ?? '', body), done: false })
  for (const thinking of pieces(answer.reasoning)) yield piece({ thinking })
  for (const content of pieces(answer.text)) yield piece({ content })
  if (answer.calls.length > 0) yield piece(toolCalls(answer))
  yield line(model, {}, end(answer))
}
