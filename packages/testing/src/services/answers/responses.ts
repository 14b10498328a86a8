// Answers of the Responses API, whole and streamed.
import type { Json } from '../rule.js'
import { type Answer, pieces, wireLogprobs } from '../script.js'

const logprobsOf = (text: string, { include, top_logprobs }: Json): Json[] =>
  Array.isArray(include) && include.includes('message.output_text.logprobs')
    ? wireLogprobs(text, top_logprobs)
    : []

function itemsOf(answer: Answer, body: Json): Json[] {
  const { include } = body
  const items: Json[] = []
  const encrypted = Array.isArray(include) && include.includes('reasoning.encrypted_content')
  if (answer.reasoning !== '')
    items.push({
      ...{ type: 'reasoning', id: 'rs_strict', summary: [{ type: 'summary_text', text: answer.reasoning }] },
      ...(encrypted && { encrypted_content: 'c3RyaWN0' }),
    })
  if (answer.text !== '') {
    const content = [
      { type: 'output_text', text: answer.text, annotations: [], logprobs: logprobsOf(answer.text, body) },
    ]
    items.push({ type: 'message', id: 'msg_strict', status: 'completed', role: 'assistant', content })
  }
  for (const { id, name, json } of answer.calls)
    items.push({
      type: 'function_call',
      id: `fc_${id}`,
      call_id: id,
      name,
      arguments: json,
      status: 'completed',
    })
  return items
}

export function responsesWhole(answer: Answer, body: Json): Json {
  const { input, output } = answer.usage
  return {
    ...{ id: 'resp_strict', object: 'response', created_at: 1_790_000_000, model: body.model, error: null },
    status: answer.isCut ? 'incomplete' : 'completed',
    incomplete_details: answer.isCut ? { reason: 'max_output_tokens' } : null,
    output: itemsOf(answer, body),
    usage: {
      ...{ input_tokens: input, input_tokens_details: { cached_tokens: 0 }, output_tokens: output },
      ...{ output_tokens_details: { reasoning_tokens: 0 }, total_tokens: input + output },
    },
  }
}

export function* responsesEvents(answer: Answer, body: Json): Generator<Json> {
  let number = 0
  const event = (type: string, more: Json): Json => ({ type, sequence_number: number++, ...more })
  const whole = responsesWhole(answer, body)
  const begun = { ...whole, status: 'in_progress', output: [], usage: null, incomplete_details: null }
  yield event('response.created', { response: begun })
  yield event('response.in_progress', { response: begun })
  for (const [output_index, item] of (whole.output as Json[]).entries()) {
    const at = { output_index, item_id: item.id }
    const started = { ...item, ...(item.status && { status: 'in_progress' }), ...empty[item.type] }
    yield event('response.output_item.added', { output_index, item: started })
    if (item.type === 'message') {
      const [part] = item.content
      const place = { ...at, content_index: 0 }
      yield event('response.content_part.added', { ...place, part: { ...part, text: '', logprobs: [] } })
      for (const delta of pieces(part.text))
        yield event('response.output_text.delta', { ...place, delta, logprobs: logprobsOf(delta, body) })
      yield event('response.output_text.done', { ...place, text: part.text, logprobs: part.logprobs })
      yield event('response.content_part.done', { ...place, part })
    } else if (item.type === 'function_call') {
      yield event('response.function_call_arguments.delta', { ...at, delta: item.arguments })
      yield event('response.function_call_arguments.done', {
        ...at,
        name: item.name,
        arguments: item.arguments,
      })
    } else {
      const [part] = item.summary
      const place = { ...at, summary_index: 0 }
      yield event('response.reasoning_summary_part.added', { ...place, part: { ...part, text: '' } })
      for (const delta of pieces(part.text))
        yield event('response.reasoning_summary_text.delta', { ...place, delta })
      yield event('response.reasoning_summary_text.done', { ...place, text: part.text })
      yield event('response.reasoning_summary_part.done', { ...place, part })
    }
    yield event('response.output_item.done', { output_index, item })
  }
  yield event(answer.isCut ? 'response.incomplete' : 'response.completed', { response: whole })
}

const empty: Record<string, Json> = {
  message: { content: [] },
  function_call: { arguments: '' },
  reasoning: { summary: [] },
}
