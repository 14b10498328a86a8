// Messages as span attributes in the form of OpenTelemetry's conventions, for `trace` with `content: true`.
import type { Attributes } from '@opentelemetry/api'
import type { ChatResponse, FinishReason, Message, Part, PreparedChat } from '@patchbay/core'
import { omitUndefined } from '@patchbay/core/wrap'

const finishReasons: Record<FinishReason, string> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_call',
  'content-filter': 'content_filter',
  refusal: 'refusal',
  pause: 'pause',
  other: 'other',
}

/** Finish reason in the terms of the conventions. */
export function finishReasonOf({ finishReason }: ChatResponse): string {
  return finishReasons[finishReason]
}

/** Attributes of a response's message. */
export function outputAttributes(response: ChatResponse): Attributes {
  const message = { ...messageOf(response.message), finish_reason: finishReasonOf(response) }
  return { 'gen_ai.output.messages': JSON.stringify([message]) }
}

/** Attributes of a request's messages and tools. */
export function inputAttributes({ messages, tools, serverTools = [] }: PreparedChat): Attributes {
  return omitUndefined({
    'gen_ai.input.messages': JSON.stringify(messages.map(messageOf)),
    'gen_ai.tool.definitions':
      tools.length + serverTools.length === 0
        ? undefined
        : JSON.stringify([
            ...tools.map(({ name, description, schema }) => ({
              type: 'function',
              name,
              description,
              parameters: schema,
            })),
            // Their definitions may hold keys of other services.
            ...serverTools.map(({ name, server }) => ({ type: server.kind, name })),
          ]),
  })
}

/** A message in the form of the conventions, without binary data. */
function messageOf({ role, content }: Pick<Message, 'role' | 'content'>): object {
  const parts: Part[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  return { role, parts: parts.map(partOf) }
}

function partOf(part: Part): object {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return { type: part.type, content: part.text }
    case 'tool-call':
      return { type: 'tool_call', id: part.id, name: part.name, arguments: part.input }
    case 'tool-result': {
      const { id, output } = part
      return {
        type: 'tool_call_response',
        id,
        response: typeof output === 'string' ? output : output.map(partOf),
      }
    }
    case 'refusal':
      return { type: 'refusal', content: part.text }
    case 'image':
    case 'file':
    case 'audio':
    case 'provider-block':
      return { type: part.type }
  }
}
