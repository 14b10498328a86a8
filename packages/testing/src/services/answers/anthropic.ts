// Answers of the Anthropic Messages API, whole and streamed.
import type { Json } from '../rule.js'
import { type Answer, pieces } from '../script.js'

const signature = 'c3RyaWN0IHNpZ25hdHVyZQ=='
const stopReason = ({ calls, isCut }: Answer) =>
  isCut ? 'max_tokens' : calls.length > 0 ? 'tool_use' : 'end_turn'

function message(model: string, content: Json[], more: Json): Json {
  return {
    id: 'msg_strict',
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_sequence: null,
    ...more,
  }
}

export function anthropicWhole(answer: Answer, { model }: Json): Json {
  const content: Json[] = []
  if (answer.reasoning !== '') content.push({ type: 'thinking', thinking: answer.reasoning, signature })
  if (answer.text !== '') content.push({ type: 'text', text: answer.text })
  for (const { id, name, json } of answer.calls)
    content.push({ type: 'tool_use', id, name, input: JSON.parse(json) })
  const usage = { input_tokens: answer.usage.input, output_tokens: answer.usage.output }
  return message(model, content, { stop_reason: stopReason(answer), usage })
}

export function* anthropicEvents(answer: Answer, { model }: Json): Generator<Json> {
  const usage = { input_tokens: answer.usage.input, output_tokens: 1 }
  yield { type: 'message_start', message: message(model, [], { stop_reason: null, usage }) }
  let index = 0
  const block = function* (content_block: Json, deltas: Json[]): Generator<Json> {
    yield { type: 'content_block_start', index, content_block }
    for (const delta of deltas) yield { type: 'content_block_delta', index, delta }
    yield { type: 'content_block_stop', index: index++ }
  }
  if (answer.reasoning !== '')
    yield* block({ type: 'thinking', thinking: '', signature: '' }, [
      ...pieces(answer.reasoning).map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature },
    ])
  if (answer.text !== '')
    yield* block(
      { type: 'text', text: '' },
      pieces(answer.text).map((text) => ({ type: 'text_delta', text })),
    )
  for (const { id, name, json } of answer.calls)
    yield* block({ type: 'tool_use', id, name, input: {} }, [
      { type: 'input_json_delta', partial_json: json },
    ])
  const delta = { stop_reason: stopReason(answer), stop_sequence: null }
  yield { type: 'message_delta', delta, usage: { output_tokens: answer.usage.output } }
  yield { type: 'message_stop' }
}
