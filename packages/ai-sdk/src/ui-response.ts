// Answers a `useChat` (React, Vue, Svelte): our streams and runs as its UI message stream. Source: ai-sdk.dev/docs/ai-sdk-ui/stream-
// protocol (UI message stream, v1), November 2026.
import type { ChatEvent, ChatResponse, Part, ToolRunEvent } from '@patchbay/core'
import { type AnswerOptions, type AnswerSource, checkAnswerOptions, responseBody } from '@patchbay/core/http'
import { Blocks, hasBytes, sourcesOf, unparsed } from './blocks.js'
import { metadataOf } from './hidden.js'
import { type ServerToolStep, ServerToolSteps } from './server-tool-steps.js'
import { finishReasons } from './to-ai-sdk/finish-reason.js'
import {
  dataUrl,
  errorTextOf,
  invalidJson,
  maskedToolError,
  shownOutput,
  type ToolErrorOptions,
  textOfFailure,
} from './ui-parts.js'

type Json = Record<string, unknown>

/**
 * A stream, or a run of tools, as the response of a route handler. A client that leaves aborts the call. `onFinish` and `onAbort` are
 * the places to save the conversation; what a failure says reaches the page only through `onError`.
 * @example
 * export const POST = async (request: Request) =>
 *   toResponse(llm.stream(fromUiMessages((await request.json()).messages)), { onFinish: ({ message }) => save(message) })
 */
export function toResponse<Result>(
  source: AnswerSource<ChatEvent | ToolRunEvent, Result>,
  options: AnswerOptions<Result> & ToolErrorOptions = {},
): Response {
  checkAnswerOptions(options, 'of toResponse()', ['toolError'])
  const chunks = new Chunks(options.toolError)
  const encode = (all: Json[]) => all.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')
  const done = 'data: [DONE]\n\n'
  const encoding = {
    start: encode([{ type: 'start' }]),
    encode: (event: ChatEvent | ToolRunEvent) => encode(chunks.of(event)),
    end: () => encode(chunks.end()) + done,
    failed: (errorText: string) => encode([{ type: 'error', errorText }]) + done,
  }
  return new Response(responseBody(source, encoding, options), {
    status: options.status ?? 200,
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'x-vercel-ai-ui-message-stream': 'v1',
      ...options.headers,
    },
  })
}

/** Chunks of a UI message stream; a stream without steps of its own is one step. */
class Chunks {
  readonly #blocks = new Blocks<Json>()
  #serverTools = new ServerToolSteps()
  #inStep = false
  #reason = 'stop'

  constructor(private readonly toolError: (text: string) => string = maskedToolError) {}

  of(event: ChatEvent | ToolRunEvent): Json[] {
    switch (event.type) {
      case 'start': {
        const before = this.#endStep()
        this.#inStep = true
        this.#serverTools = new ServerToolSteps()
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
            : { type: 'tool-input-error', toolCallId, toolName, input: written, errorText: invalidJson },
        )
      }
      case 'part':
        return this.#part(event.part)
      case 'finish':
        return this.#finish(event.response)
      case 'tool-result': {
        const { call, output, isError } = event
        return [
          isError
            ? {
                type: 'tool-output-error',
                toolCallId: call.id,
                errorText: this.toolError(errorTextOf(event)),
              }
            : { type: 'tool-output-available', toolCallId: call.id, output: shownOutput(output) },
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
        return this.#blocks.add({ type: 'file', url: dataUrl(part), mediaType: part.mediaType })
      }
      // These have events of their own, or only their provider can read them.
      case 'text':
      case 'reasoning':
      case 'tool-call':
      case 'tool-result':
        return []
      case 'provider-block':
        return this.#server(this.#serverTools.of(part))
    }
  }

  #server(steps: ServerToolStep[]): Json[] {
    return steps.flatMap((step) => {
      const chunk = { toolCallId: step.id, providerExecuted: true, dynamic: true }
      if (step.type === 'call')
        return this.#blocks.add({
          ...{ type: 'tool-input-available', ...chunk, toolName: step.name },
          input: step.input,
        })
      const result = step.isError
        ? { type: 'tool-output-error', ...chunk, errorText: this.toolError(textOfFailure(step.output)) }
        : { type: 'tool-output-available', ...chunk, output: step.output }
      return [...this.#blocks.end(), result]
    })
  }

  #finish({ message: { content }, finishReason }: ChatResponse): Json[] {
    this.#reason = finishReasons[finishReason]
    const sources = sourcesOf(content).map(({ sourceType, id: sourceId, ...source }) => ({
      ...{ type: `source-${sourceType}`, sourceId },
      ...source,
    }))
    // Results of tools belong to the step that asked for them: it ends with the next answer.
    const open = finishReason === 'pause' ? [] : this.#server(this.#serverTools.end())
    return [...open, ...this.#blocks.end(metadataOf(content)), ...sources]
  }

  #endStep(): Json[] {
    if (!this.#inStep) return []
    this.#inStep = false
    return [{ type: 'finish-step' }]
  }
}
