// Our request as the body of POST /responses. Nothing is stored with the service: state goes back and forth, encrypted.
// Source: platform.openai.com/docs/api-reference/responses/create, November 2026.
import {
  type Citation,
  LlmError,
  type Part,
  type PreparedChat,
  type PreparedMessage,
  type Warning,
} from '@patchbay/core'
import { asSpoken, failureInWords, type NotSent, notSent, stateOf } from '@patchbay/core/wire'
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
  warn: (warning: Warning) => void,
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
    input: toItems(chat.messages, notSent('The Responses API', warn)),
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

/** Media stand in messages of the user and in results: what an answer shows comes after its turn. */
function toItems(messages: PreparedMessage[], lost: NotSent): Json[] {
  const items: Json[] = []
  let shown: Part[] = []
  const toParts = (parts: Part[]) => parts.flatMap((part) => toPart(part, lost))
  const show = () => {
    if (shown.length > 0) items.push({ role: 'user', content: toParts(shown) })
    shown = []
  }
  for (const { role, content, cache } of messages) {
    if (cache) lost('cache')
    if (role === 'tool') {
      items.push(...content.flatMap((part) => toResult(part, toParts)))
      continue
    }
    show()
    if (role === 'assistant') {
      const spoken = asSpoken(content)
      items.push(...toTurn(spoken.said, lost))
      shown = spoken.shown
    } else items.push({ role, content: toParts(content) })
  }
  show()
  return items
}

function toResult(part: Part, toParts: (parts: Part[]) => Json[]): Json[] {
  if (part.type !== 'tool-result') return []
  const output = failureInWords(part)
  const text = output.map((one) => (one.type === 'text' ? one.text : '')).join('')
  return [
    {
      type: 'function_call_output',
      call_id: part.id,
      output: typeof part.output === 'string' ? text : toParts(output),
    },
  ]
}

/** A turn of the model as its items, in their order: reasoning right before what it led to. */
function toTurn(content: Part[], lost: NotSent): Json[] {
  const items: Json[] = []
  let open: Json[] | undefined
  for (const part of content) {
    const own = stateOf(part, 'openai')
    if (part.type === 'text' || part.type === 'refusal') {
      const { type: _, ...message } = own?.type === 'message' ? own : {}
      if (open === undefined || Object.keys(message).length > 0)
        items.push({ type: 'message', role: 'assistant', ...message, content: (open = []) })
      open.push(
        part.type === 'text'
          ? { type: 'output_text', text: part.text, annotations: toAnnotations(part.citations, lost) }
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
    else if (part.type === 'reasoning' || part.type === 'provider-block') {
      // Thinking that was not encrypted cannot go back where nothing is stored.
      if (own !== undefined && (part.type === 'provider-block' || own.encrypted_content)) items.push(own)
      else lost(part.type)
    }
  }
  return items
}

function toAnnotations(citations: Citation[] = [], lost: NotSent): Json[] {
  return citations.flatMap(({ url, title = '', start, end }) => {
    if (url !== undefined && start !== undefined && end !== undefined)
      return [{ type: 'url_citation', url, title, start_index: start, end_index: end }]
    lost('citations')
    return []
  })
}

function toPart(part: Part, lost: NotSent): Json[] {
  switch (part.type) {
    case 'text':
      return [{ type: 'input_text', text: part.text }]
    case 'image':
      return [{ type: 'input_image', image_url: addressOf(part), detail: 'auto' }]
    case 'file': {
      const { url, name } = part
      if (url === undefined)
        return [{ type: 'input_file', filename: name ?? 'file', file_data: addressOf(part) }]
      // 400 `mutually_exclusive_parameters` for `file_url` with `filename`: 0xPlaygrounds/rig#2166, July 2026.
      if (name !== undefined && !url.includes(encodeURIComponent(name))) lost('name')
      return [{ type: 'input_file', file_url: url }]
    }
    case 'audio':
      return [
        { type: 'input_audio', input_audio: { data: base64Of(part), format: audioFormat(part.mediaType) } },
      ]
    case 'refusal':
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
    case 'provider-block':
      throw new LlmError(
        'unsupported',
        `The Responses API takes no part of type ${part.type} in such a message.`,
      )
  }
}
