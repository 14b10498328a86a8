// The agent loop: sends the request, runs the tools that the model calls, and sends it their results, until it answers.

import { inTime } from '../call/in-time.js'
import { LinkedSignal } from '../call/linked-signal.js'
import type { CallOptions } from '../contract/call-options.js'
import { systemClock } from '../contract/clock.js'
import { asLlmError, invalid, isLlmError, LlmError, withDetails } from '../contract/errors.js'
import type { ChatEvent } from '../contract/events.js'
import type { Message, MessageInput, ToolResultPart } from '../contract/message.js'
import type { Provider } from '../contract/provider.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import type { ChatResponse, FinishReason, ToolCall, Usage } from '../contract/response.js'
import { addUsage } from '../contract/usage.js'
import { describe } from '../describe.js'
import { isObject } from '../object.js'
import { readCallerValue } from '../request/caller-objects.js'
import { appendResults, endsWithToolResults, openToolCalls } from '../request/open-tool-calls.js'
import { toChatRequest, withDefaults } from '../request/prepare-request.js'
import { checkRequestNames } from '../request/request-names.js'
import { runToolCalls } from './run-tool-calls.js'
import type { ToolFailure, ToolRunEvent, ToolRunOptions, ToolRunResult } from './tool-run.js'
import { splitToolRunOptions } from './tool-run-options.js'

/**
 * Yields the events of the loop, and returns its result.
 * @throws {LlmError} for any failed call, and `tool-failed` with `onToolError: 'throw'`; with `messages` to continue with
 */
export async function* runToolLoop(
  provider: Provider,
  input: ChatInput,
  options: ToolRunOptions,
  leaving: AbortSignal,
): AsyncGenerator<ToolRunEvent, ToolRunResult> {
  const { defaults = {} } = provider
  const { request, tools, toolChoice, messages } = await readCallerValue('The request', () => {
    const request = toChatRequest(input)
    checkRequestNames(request, provider.provider)
    const { tools = [], toolChoice } = withDefaults(request, defaults)
    return { request, tools, toolChoice, messages: [request.messages].flat().map(toMessage) }
  })
  const { toolChoice: _, ...rest } = request
  const unforced: ChatRequest = forces(defaults.toolChoice) ? { ...rest, toolChoice: 'auto' } : rest
  const { loop, call, running } = await readCallerValue('The options', () => {
    const parts = splitToolRunOptions(options)
    return { ...parts, running: new LinkedSignal(parts.call.signal, leaving) }
  })
  const { signal } = running

  let steps = 0
  let usage: Usage = {}
  let cost: number | undefined = 0
  const toolResults: ToolRunResult['toolResults'] = []
  let response: ChatResponse | undefined
  const ended = (reason: ToolRunResult['reason'], pending: ToolCall[] = []): ToolRunResult => ({
    reason,
    text: response?.text ?? '',
    ...(response && { response }),
    ...{ messages: [...messages], pending, steps, toolResults, failures: failuresIn(toolResults), usage },
    ...(cost !== undefined && steps > 0 && { cost }),
  })

  let open: ToolCall[] = []
  let results = new Map<ToolCall, ToolResultPart>()
  const keepResults = () => {
    appendResults(
      messages,
      open.flatMap((asked) => results.get(asked) ?? []),
    )
    open = open.filter((asked) => !results.has(asked))
    results = new Map()
  }

  try {
    open = openToolCalls(messages)
    for (;;) {
      if (open.length === 0) {
        if (steps === loop.maxSteps) return ended('max-steps')
        steps++
        yield { type: 'step-start', step: steps }
        // A forced choice applies until the first call: otherwise the loop would never end.
        const isSatisfied = forces(toolChoice) && endsWithToolResults(messages)
        const startedAt = systemClock.now()
        response = yield* streamAnswer(
          provider,
          { ...(isSatisfied ? unforced : request), messages },
          { ...call, signal },
        )
        usage = addUsage(usage, response.usage)
        cost = cost === undefined || response.cost === undefined ? undefined : cost + response.cost
        messages.push(response.message)
        open = response.finishReason === 'tool-calls' ? response.toolCalls : []
        const more = open.length > 0 || response.finishReason === 'pause'
        const step = { step: steps, response }
        const stops = await inTime(provider, { ...call, signal }, { startedAt, response }, async () =>
          loop.stopWhen(step),
        )
        if (stops && more) {
          yield { type: 'step-end', step: steps, messages: [...messages] }
          return ended('stopped', open)
        }
      }
      if (open.length > 0) {
        // The last answer may still call tools; without another answer nothing would read their results.
        if (steps === loop.maxSteps) {
          yield { type: 'step-end', step: steps, messages: [...messages] }
          return ended('max-steps', open)
        }
        for await (const outcome of runToolCalls(open, tools, messages, signal, loop)) {
          const { call, output, isError } = outcome
          const { id, name } = call
          results.set(call, { type: 'tool-result', id, name, output, ...(isError && { isError }) })
          toolResults.push({ step: steps, ...outcome })
          yield { type: 'tool-result', step: steps, ...outcome }
        }
        signal.throwIfAborted()
        keepResults()
        yield { type: 'step-end', step: steps, messages: [...messages] }
        if (open.length > 0) return ended('pending', open)
        continue
      }
      yield { type: 'step-end', step: steps, messages: [...messages] }
      const { finishReason = 'other', toolCalls = [] } = response ?? {}
      if (isCut(finishReason)) return ended(finishReason, toolCalls)
      if (finishReason !== 'pause') return ended('answer')
    }
  } catch (cause) {
    // Answers must not be paid for twice, and tools must not run twice.
    keepResults()
    const details = { provider: provider.provider, model: provider.model, messages: [...messages] }
    if (isLlmError(cause)) throw withDetails(cause, details)
    throw signal.aborted && cause === signal.reason
      ? new LlmError('aborted', 'The run was aborted by its caller while tools were running.', {
          ...{ cause, partial: response, ...details },
        })
      : new LlmError(
          'tool-failed',
          `A callback of this run threw (approve, needsApproval, stopWhen or the check of a schema): ${describe(cause)}. Correct it, and go on from \`messages\`.`,
          { cause, partial: response, ...details },
        )
  } finally {
    running.release()
  }
}

/** The events of one answer. Errors of another kind become an `LlmError`. */
async function* streamAnswer(
  provider: Provider,
  request: ChatRequest,
  options: CallOptions,
): AsyncGenerator<ChatEvent, ChatResponse> {
  try {
    const stream = provider.stream(request, options)
    for await (const event of stream) yield event
    return await stream.response()
  } catch (error) {
    throw asLlmError(error, { provider: provider.provider, model: provider.model })
  }
}

/** Finish reasons of an incomplete or declined answer. */
type CutReason = Extract<FinishReason, ToolRunResult['reason']>

function isCut(reason: FinishReason): reason is CutReason {
  switch (reason) {
    case 'length':
    case 'refusal':
    case 'content-filter':
      return true
    case 'stop':
    case 'tool-calls':
    case 'pause':
    case 'other':
      return false
  }
}

function forces(choice: ChatRequest['toolChoice']): boolean {
  return choice === 'required' || typeof choice === 'object'
}

function toMessage(message: MessageInput): Message {
  if (typeof message !== 'string' && !isObject(message))
    throw invalid('messages', 'must be a string or a list of messages')
  return typeof message === 'string' ? { role: 'user', content: message } : message
}

function failuresIn(outcomes: ToolRunResult['toolResults']): ToolFailure[] {
  return outcomes.filter((outcome) => outcome.isError)
}
