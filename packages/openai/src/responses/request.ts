// Our request as the body of POST /responses. Nothing is stored with the service: state goes back and forth, encrypted.
// Source: platform.openai.com/docs/api-reference/responses/create, November 2026.
import type { Part, PreparedChat, PreparedMessage } from '@patchbay/core'
import { toEffort } from '../effort.js'
import { addressOf, audioFormat, base64Of } from '../media.js'
import type { Preset } from '../presets.js'
import { isStrict } from '../schema.js'

type Json = Record<string, unknown>

/** The wire body. */
export function toResponsesBody(
  model: string,
  chat: PreparedChat,
  _preset: Preset,
  streaming: boolean,
): Json {
  const {
    temperature,
    topP,
    maxOutputTokens,
    tools,
    toolChoice,
    parallelToolCalls,
    output,
    reasoning,
    providerOptions,
  } = chat
  const options = {
    temperature,
    top_p: topP,
    max_output_tokens: maxOutputTokens,
    reasoning:
      reasoning === undefined
        ? undefined
        : { effort: toEffort(reasoning), ...(reasoning !== 'off' && { summary: 'auto' }) },
    tools:
      tools.length > 0
        ? tools.map(({ name, description, schema }) => ({
            type: 'function',
            name,
            ...(description !== undefined && { description }),
            parameters: schema,
            strict: false,
          }))
        : undefined,
    tool_choice:
      tools.length > 0
        ? typeof toolChoice === 'object'
          ? { type: 'function', name: toolChoice.name }
          : toolChoice
        : undefined,
    parallel_tool_calls: tools.length > 0 ? parallelToolCalls : undefined,
    text: output && { format: toFormat(output) },
  }
  return {
    model,
    input: chat.messages.flatMap(toItems),
    stream: streaming,
    store: false,
    include: ['reasoning.encrypted_content'],
    ...options,
    ...providerOptions,
  }
}

function toFormat({ schema, name = 'answer', strict }: NonNullable<PreparedChat['output']>): Json {
  return schema === undefined
    ? { type: 'json_object' }
    : { type: 'json_schema', name, schema, strict: isStrict(schema, strict) }
}

function toItems({ role, content }: PreparedMessage): Json[] {
  if (role === 'assistant') return toTurn(content)
  if (role !== 'tool') return [{ role, content: content.flatMap(toPart) }]
  return content.flatMap((part) =>
    part.type === 'tool-result'
      ? [
          {
            type: 'function_call_output',
            call_id: part.id,
            output: typeof part.output === 'string' ? part.output : part.output.flatMap(toPart),
          },
        ]
      : [],
  )
}

/** A turn of the model as its items, in their order: reasoning right before what it led to. */
function toTurn(content: Part[]): Json[] {
  const items: Json[] = []
  let open: Json[] | undefined
  for (const part of content) {
    const own = part.opaque?.provider === 'openai' ? (part.opaque.data as Json) : undefined
    if (part.type === 'text' || part.type === 'refusal') {
      const { type: _, ...message } = own?.type === 'message' ? own : {}
      if (open === undefined || Object.keys(message).length > 0)
        items.push({ type: 'message', role: 'assistant', ...message, content: (open = []) })
      open.push(
        part.type === 'text'
          ? { type: 'output_text', text: part.text, annotations: [] }
          : { type: 'refusal', refusal: part.text },
      )
      continue
    }
    open = undefined
    if (part.type === 'tool-call')
      items.push({
        ...(own?.type === 'function_call' ? own : { type: 'function_call' }),
        call_id: part.id,
        name: part.name,
        arguments: JSON.stringify(part.input ?? {}),
      })
    // Thinking that was not encrypted cannot go back where nothing is stored.
    else if (part.type === 'reasoning' ? own?.encrypted_content : part.type === 'provider-block')
      if (own !== undefined) items.push(own)
  }
  return items
}

function toPart(part: Part): Json[] {
  switch (part.type) {
    case 'text':
      return [{ type: 'input_text', text: part.text }]
    case 'image':
      return [{ type: 'input_image', image_url: addressOf(part), detail: 'auto' }]
    case 'file':
      return part.url !== undefined
        ? [{ type: 'input_file', file_url: part.url }]
        : [{ type: 'input_file', filename: part.name ?? 'file', file_data: addressOf(part) }]
    case 'audio':
      return [
        { type: 'input_audio', input_audio: { data: base64Of(part), format: audioFormat(part.mediaType) } },
      ]
    default:
      return []
  }
}
