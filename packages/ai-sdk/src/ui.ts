// Chats of `useChat` (React, Vue, Svelte): converts its messages to ours and our streams to its UI message stream. Source: ai-
// sdk.dev/docs/ai-sdk-ui/stream-protocol (UI message stream, v1), November 2026.
import {
  type ChatEvent,
  type ChatResponse,
  isLlmError,
  LlmError,
  type Message,
  type Part,
  type ToolRunEvent,
} from '@patchbay/core'
import { toBase64 } from '@patchbay/core/wire'
import { restoreHidden } from '@patchbay/core/wrap'
import { Blocks, hasBytes, kindOf, sourcesOf, unparsed } from './blocks.js'
import { hiddenIn, metadataOf } from './hidden.js'
import { finishReasons } from './to-ai-sdk/finish-reason.js'

/** A message as `useChat` sends it. */
export interface UiMessage {
  id?: string
  role: 'system' | 'user' | 'assistant'
  parts: readonly UiPart[]
}

/** What is read of its parts; all others are unknown here. */
export interface UiPart {
  type: string
  text?: string
  mediaType?: string
  filename?: string
  url?: string
  toolCallId?: string
  toolName?: string
  state?: string
  input?: unknown
  output?: unknown
  errorText?: string
  providerMetadata?: unknown
  callProviderMetadata?: unknown
}

type Json = Record<string, unknown>

/**
 * The conversation of a `useChat`, to go on with. Parts that only the page knows (`data-…`, sources) are left out.
 * @throws {LlmError} `invalid-request` for what is none
 */
export function fromUiMessages(messages: readonly UiMessage[]): Message[] {
  if (!Array.isArray(messages)) throw wrong('messages must be a list')
  return messages.flatMap(({ role, parts }, index) => {
    if (!Array.isArray(parts)) throw wrong(`messages[${index}].parts must be a list`)
    if (role !== 'assistant') return [{ role, content: parts.flatMap(toPart) }]
    // A turn of several steps is one message there, and several here.
    const steps: UiPart[][] = [[]]
    for (const part of parts)
      if (part.type === 'step-start') steps.push([])
      else steps.at(-1)?.push(part)
    return steps.flatMap(toTurn)
  })
}

function toTurn(parts: UiPart[]): Message[] {
  const said = parts.flatMap((part) => (isCall(part) ? [toCall(part)] : toPart(part)))
  if (said.length === 0) return []
  const results = parts.flatMap((part) => (isCall(part) ? toResult(part) : []))
  const hidden = hiddenIn(parts)
  return [
    { role: 'assistant', content: [...(hidden === undefined ? said : restoreHidden(said, hidden))] },
    ...(results.length > 0 ? [{ role: 'tool' as const, content: results }] : []),
  ]
}

function isCall({ type }: UiPart): boolean {
  return type === 'dynamic-tool' || type.startsWith('tool-')
}

function nameOf({ type, toolName }: UiPart): string {
  return toolName ?? type.slice('tool-'.length)
}

function toCall(part: UiPart): Part {
  return { type: 'tool-call', id: String(part.toolCallId), name: nameOf(part), input: part.input ?? {} }
}

function toResult(part: UiPart): Part[] {
  const { toolCallId, state, output, errorText } = part
  const result = { type: 'tool-result' as const, id: String(toolCallId), name: nameOf(part) }
  if (state === 'output-available')
    return [{ ...result, output: typeof output === 'string' ? output : JSON.stringify(output ?? null) }]
  if (state === 'output-error') return [{ ...result, output: errorText ?? 'It failed.', isError: true }]
  return state === 'output-denied' ? [{ ...result, output: 'The user did not allow it.', isError: true }] : []
}

function toPart(part: UiPart): Part[] {
  const { type, text = '', mediaType = '', filename, url = '' } = part
  if (type === 'text') return text === '' ? [] : [{ type, text }]
  if (type === 'reasoning') return [{ type, text }]
  if (type !== 'file') return []
  const [, data] = /^data:[^,]*;base64,(.*)$/s.exec(url) ?? []
  const from = data === undefined ? { url } : { data }
  const kind = kindOf(mediaType)
  if (kind === 'image') return [{ type: kind, ...from, mediaType } as Part]
  if (kind === 'audio' && data !== undefined) return [{ type: kind, data, mediaType }]
  return [{ type: 'file', ...from, mediaType, ...(filename !== undefined && { name: filename }) } as Part]
}

function wrong(what: string): LlmError {
  return new LlmError('invalid-request', `${what}, as useChat sends it.`)
}

/**
 * The response of a route handler for `useChat`: streams a chat stream or a run of tools as UI messages. If the client
 * disconnects, the call is aborted. The page shows the message of an error; `errorText` makes another text of it.
 * @example
 * return toResponse(provider.stream(fromUiMessages(messages)))
 */
export function toResponse(
  events: AsyncIterable<ChatEvent | ToolRunEvent>,
  { errorText: errorTextOf = (error) => error.message }: { errorText?: (error: LlmError) => string } = {},
): Response {
  const reading = events[Symbol.asyncIterator]()
  const chunks = new Chunks()
  const encoder = new TextEncoder()
  const encode = (chunk: Json | string) =>
    encoder.encode(`data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`)
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encode({ type: 'start' }))
    },
    async pull(controller) {
      try {
        for (let next: Json[] = []; next.length === 0; ) {
          const { done, value } = await reading.next()
          if (done) {
            for (const chunk of [...chunks.end(), '[DONE]']) controller.enqueue(encode(chunk))
            return controller.close()
          }
          next = chunks.of(value)
          for (const chunk of next) controller.enqueue(encode(chunk))
        }
      } catch (error) {
        const errorText = isLlmError(error) ? errorTextOf(error) : 'An unexpected error.'
        for (const chunk of [{ type: 'error', errorText }, '[DONE]']) controller.enqueue(encode(chunk))
        controller.close()
      }
    },
    async cancel() {
      await reading.return?.()
    },
  })
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'x-vercel-ai-ui-message-stream': 'v1',
    },
  })
}

/** Chunks of a UI message stream; a stream without steps of its own is one step. */
class Chunks {
  readonly #blocks = new Blocks<Json>()
  #inStep = false
  #reason = 'stop'

  of(event: ChatEvent | ToolRunEvent): Json[] {
    switch (event.type) {
      case 'start': {
        const before = this.#endStep()
        this.#inStep = true
        return [...before, { type: 'start-step' }]
      }
      case 'text':
      case 'reasoning': {
        const { before, id } = this.#blocks.into(event.type)
        return [...before, { type: `${event.type}-delta`, id, delta: event.text }]
      }
      case 'tool-call-start':
        return [
          ...this.#blocks.end(),
          { type: 'tool-input-start', toolCallId: event.id, toolName: event.name },
        ]
      case 'tool-call-delta':
        return [{ type: 'tool-input-delta', toolCallId: event.id, inputTextDelta: event.json }]
      case 'tool-call': {
        const { id: toolCallId, name: toolName, input } = event
        const written = unparsed(input)
        return this.#blocks.add(
          written === undefined
            ? { type: 'tool-input-available', toolCallId, toolName, input }
            : { type: 'tool-input-error', toolCallId, toolName, input: written, errorText: noJson },
        )
      }
      case 'part':
        return this.#part(event.part)
      case 'finish':
        return this.#finish(event.response)
      case 'tool-result': {
        const { call, output, isError } = event
        const text = typeof output === 'string' ? output : JSON.stringify(output)
        return [
          isError
            ? { type: 'tool-output-error', toolCallId: call.id, errorText: text }
            : { type: 'tool-output-available', toolCallId: call.id, output: text },
        ]
      }
      // Steps begin and end with answers.
      case 'step-start':
      case 'step-end':
        return []
    }
  }

  end(): Json[] {
    return [...this.#blocks.end(), ...this.#endStep(), { type: 'finish', finishReason: this.#reason }]
  }

  #part(part: Part): Json[] {
    switch (part.type) {
      case 'refusal':
        return this.of({ type: 'text', text: part.text })
      case 'image':
      case 'file':
      case 'audio': {
        if (!hasBytes(part)) return []
        const { data, mediaType } = part
        const url = `data:${mediaType};base64,${toBase64(data)}`
        return this.#blocks.add({ type: 'file', url, mediaType })
      }
      // These have events of their own, or only their provider can read them.
      case 'text':
      case 'reasoning':
      case 'tool-call':
      case 'tool-result':
      case 'provider-block':
        return []
    }
  }

  #finish({ message: { content }, finishReason }: ChatResponse): Json[] {
    this.#reason = finishReasons[finishReason]
    const sources = sourcesOf(content).map(({ sourceType, id: sourceId, ...source }) => ({
      ...{ type: `source-${sourceType}`, sourceId },
      ...source,
    }))
    // Results of tools belong to the step that asked for them: it ends with the next answer.
    return [...this.#blocks.end(metadataOf(content)), ...sources]
  }

  #endStep(): Json[] {
    if (!this.#inStep) return []
    this.#inStep = false
    return [{ type: 'finish-step' }]
  }
}

const noJson = 'The input of the tool is not JSON.'
