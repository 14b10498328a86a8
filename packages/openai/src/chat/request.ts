// Our request as the body of POST /chat/completions, in the dialect of the server.
// Source: platform.openai.com/docs/api-reference/chat/create, November 2026.
import type { Part, PreparedChat, PreparedMessage } from '@patchbay/core'
import { toEffort } from '../effort.js'
import { addressOf, audioFormat, base64Of } from '../media.js'
import type { Preset } from '../presets.js'
import { isStrict } from '../schema.js'

type Json = Record<string, unknown>

/** The wire body. */
export function toChatBody(model: string, chat: PreparedChat, preset: Preset, streaming: boolean): Json {
  const { temperature, topP, topK, minP, seed, stop, frequencyPenalty, presencePenalty, maxOutputTokens } =
    chat
  const { tools, toolChoice, parallelToolCalls, output, reasoning, providerOptions } = chat
  const options = {
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    seed,
    stop,
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    [preset.maxTokens]: maxOutputTokens,
    reasoning_effort: reasoning === undefined ? undefined : toEffort(reasoning),
    parallel_tool_calls: tools.length > 0 && preset.parallelToolCalls ? parallelToolCalls : undefined,
    tool_choice:
      tools.length > 0
        ? typeof toolChoice === 'object'
          ? { type: 'function', function: { name: toolChoice.name } }
          : toolChoice
        : undefined,
    tools:
      tools.length > 0
        ? tools.map(({ name, description, schema }) => ({
            type: 'function',
            function: { name, ...(description !== undefined && { description }), parameters: schema },
          }))
        : undefined,
    response_format: output && toFormat(output, preset),
    stream_options: streaming && preset.streamUsage ? { include_usage: true } : undefined,
  }
  return {
    model,
    messages: chat.messages.flatMap((message) => toMessages(message, preset)),
    stream: streaming,
    ...options,
    ...providerOptions,
  }
}

function toFormat(
  { schema, name = 'answer', strict }: NonNullable<PreparedChat['output']>,
  preset: Preset,
): Json {
  if (schema === undefined || !preset.jsonSchema) return { type: 'json_object' }
  return { type: 'json_schema', json_schema: { name, schema, strict: isStrict(schema, strict) } }
}

function toMessages({ role, content }: PreparedMessage, preset: Preset): Json[] {
  const toId = (id: string) => (preset.shortIds ? shortId(id) : id)
  if (role === 'tool') return toResults(content, toId)
  if (role !== 'assistant') return [{ role, content: simplest(content.flatMap(toPart)) }]
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  const refusal = content.map((part) => (part.type === 'refusal' ? part.text : '')).join('')
  const calls = content.flatMap((part) =>
    part.type === 'tool-call'
      ? [
          {
            id: toId(part.id),
            type: 'function',
            function: { name: part.name, arguments: JSON.stringify(part.input ?? {}) },
          },
        ]
      : [],
  )
  // Thinking is given back while tools are being used, where the server gave it in a field of its own.
  const thought =
    calls.length === 0
      ? []
      : content.filter((part) => part.type === 'reasoning' && part.opaque?.provider === 'openai')
  const field =
    thought[0]?.type === 'reasoning' ? (thought[0].opaque?.data as { field?: string })?.field : undefined
  return [
    {
      role,
      // Only calls: OpenAI wants null.
      content: text === '' && (calls.length > 0 || refusal !== '') ? null : text,
      ...(refusal !== '' && { refusal }),
      ...(field !== undefined && {
        [field]: thought.map((part) => (part.type === 'reasoning' ? part.text : '')).join(''),
      }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  ]
}

/** Results are text here and follow their calls directly; what they show comes after them, as a message of the user. */
function toResults(content: Part[], toId: (id: string) => string): Json[] {
  const results = content.filter((part) => part.type === 'tool-result')
  const shown = results.flatMap(({ output }) =>
    typeof output === 'string' ? [] : output.filter(({ type }) => type !== 'text').flatMap(toPart),
  )
  return [
    ...results.map(({ id, output }) => ({ role: 'tool', tool_call_id: toId(id), content: textOf(output) })),
    ...(shown.length > 0 ? [{ role: 'user', content: shown }] : []),
  ]
}

function textOf(output: string | Part[]): string {
  return typeof output === 'string'
    ? output
    : output.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

function toPart(part: Part): Json[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return [{ type: 'text', text: part.text }]
    case 'image':
      return [{ type: 'image_url', image_url: { url: addressOf(part) } }]
    case 'file':
      return [
        {
          type: 'file',
          file: {
            file_data: `data:${part.mediaType};base64,${base64Of(part)}`,
            filename: part.name ?? 'file',
          },
        },
      ]
    case 'audio':
      return [
        { type: 'input_audio', input_audio: { data: base64Of(part), format: audioFormat(part.mediaType) } },
      ]
    default:
      return []
  }
}

/** Plain text where it is nothing else: not all servers take lists. */
function simplest(parts: Json[]): unknown {
  return parts.every(({ type }) => type === 'text') ? parts.map(({ text }) => text).join('') : parts
}

/** Nine letters and digits, the same for the same id. */
function shortId(id: string): string {
  if (/^[a-zA-Z0-9]{9}$/.test(id)) return id
  let [a, b] = [0x811c9dc5, 0x1000193]
  for (const character of id) {
    a = Math.imul(a ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
    b = Math.imul(b + a, 0x85ebca6b) >>> 0
  }
  return (a.toString(36) + b.toString(36)).padEnd(9, '0').slice(0, 9)
}
