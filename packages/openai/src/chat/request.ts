// Our request as the body of POST /chat/completions, in the dialect of the server.
// Source: platform.openai.com/docs/api-reference/chat/create, November 2026.
import { LlmError, type Part, type PreparedChat, type PreparedMessage, type Warning } from '@patchbay/core'
import { asSpoken, failureInWords, type NotSent, notSent, stateOf, tellMarks } from '@patchbay/core/wire'
import { toEffort } from '../effort.js'
import { addressOf, audioFormat, base64Of } from '../media.js'
import type { Preset } from '../presets.js'
import { isStrict } from '../schema.js'

type Json = Record<string, unknown>

/** The wire body. */
export function toChatBody(
  model: string,
  chat: PreparedChat,
  preset: Preset,
  streaming: boolean,
  warn: (warning: Warning) => void,
): Json {
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
    messages: toMessages(chat.messages, preset, notSent('Chat Completions', warn)),
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

/** Media stand in messages of the user alone: what an answer or a result shows comes after the turn it belongs to. */
function toMessages(messages: PreparedMessage[], preset: Preset, lost: NotSent): Json[] {
  tellMarks(messages, lost)
  const toId = (id: string) => (preset.shortIds ? shortId(id) : id)
  const wire: Json[] = []
  let shown: Part[] = []
  const show = () => {
    if (shown.length > 0) wire.push({ role: 'user', content: shown.flatMap(toPart) })
    shown = []
  }
  for (const { role, content } of messages) {
    // Results follow their calls directly.
    if (role === 'tool') {
      for (const part of content) {
        if (part.type !== 'tool-result') continue
        const { said, shown: media } = asSpoken(failureInWords(part))
        wire.push({ role, tool_call_id: toId(part.id), content: textOf(said, 'text') })
        shown.push(...media)
      }
      continue
    }
    show()
    if (role === 'assistant') {
      const { said, shown: media } = asSpoken(content)
      wire.push(...toTurn(said, toId, lost))
      shown.push(...media)
    } else wire.push({ role, content: simplest(content.flatMap(toPart)) })
  }
  show()
  return wire
}

function toTurn(content: Part[], toId: (id: string) => string, lost: NotSent): Json[] {
  const text = textOf(content, 'text')
  const refusal = textOf(content, 'refusal')
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
  const thoughts = content.filter((part) => part.type === 'reasoning' && part.text !== '')
  const own = calls.length === 0 ? [] : thoughts.filter((part) => stateOf(part, 'openai') !== undefined)
  const given = own[0] && stateOf(own[0], 'openai')?.field
  const field = typeof given === 'string' ? given : undefined
  if (thoughts.length > (field === undefined ? 0 : own.length)) lost('reasoning')
  if (content.some(({ type }) => type === 'provider-block')) lost('provider-block')
  if (text === '' && refusal === '' && calls.length === 0) return []
  return [
    {
      role: 'assistant',
      // Only calls: OpenAI wants null.
      content: text === '' ? null : text,
      ...(refusal !== '' && { refusal }),
      ...(field !== undefined && { [field]: textOf(own, 'reasoning') }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  ]
}

function textOf(parts: Part[], type: 'text' | 'refusal' | 'reasoning'): string {
  return parts.map((part) => (part.type === type ? part.text : '')).join('')
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
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
    case 'provider-block':
      throw new LlmError(
        'unsupported',
        `Chat Completions takes no part of type ${part.type} in such a message.`,
      )
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
