// Messages and parts in the forms of other SDKs and services: what they are called here. Loaded when one is refused.

/** Types of parts elsewhere, and ours. */
const parts: Record<string, string> = {
  image_url: "{ type: 'image', url }",
  input_image: "{ type: 'image', url }",
  input_text: "{ type: 'text', text }",
  output_text: "{ type: 'text', text }",
  input_audio: "{ type: 'audio', data, mediaType }",
  input_file: "{ type: 'file', data, mediaType }",
  document: "{ type: 'file', data, mediaType }",
  thinking: "{ type: 'reasoning', text }",
  tool_use: "{ type: 'tool-call', id, name, input }",
  tool_result: "{ type: 'tool-result', id, output } in a message with the role tool",
  function_call: "{ type: 'tool-call', id, name, input }",
  function_call_output: "{ type: 'tool-result', id, output } in a message with the role tool",
}

const roles: Record<string, string> = {
  ...{ developer: 'system', human: 'user', ai: 'assistant', model: 'assistant', function: 'tool' },
}

const converters =
  'fromChatCompletions of @patchbay/openai/messages and fromUiMessages of @patchbay/ai-sdk convert whole conversations'

/** Advice for a part of another form; empty if none is known. */
export function partAdvice(part: unknown): string {
  const { type, source, toolCallId } = Object(part)
  const ours = Object.hasOwn(parts, String(type)) ? parts[String(type)] : undefined
  if (ours !== undefined) return `. Here it is ${ours}`
  if (source !== undefined) return `. Here it is { type: '${String(type)}', data, mediaType }, without source`
  return toolCallId === undefined ? '' : '. toolCallId is id here, and toolName is name'
}

/** Advice for a message of another form; empty if none is known. */
export function messageAdvice(message: unknown): string {
  const { role, type, parts: given, tool_calls: calls, tool_call_id: id } = Object(message)
  if (calls !== undefined)
    return `. Calls are parts of content here: { type: 'tool-call', id, name, input }; ${converters}`
  if (id !== undefined)
    return `. Results are parts of content here: { type: 'tool-result', id, output }; ${converters}`
  const ours = roles[String(role ?? type)]
  if (ours !== undefined) return `. Here the role is ${ours}`
  return Array.isArray(given) ? `. Its parts are called content here; ${converters}` : ''
}
