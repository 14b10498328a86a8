// The agent loop: sends the request, runs the tools that the model calls, and sends it their results, until it answers.

import { onAbort } from '../call/abort-listener.js'
import { inTime } from '../call/in-time.js'
import { LinkedSignal } from '../call/linked-signal.js'
import type { CallOptions } from '../contract/call-options.js'
import { type Clock, systemClock } from '../contract/clock.js'
import { asLlmError, invalid, isLlmError, LlmError, withDetails } from '../contract/errors.js'
import type { ChatEvent } from '../contract/events.js'
import type { Message, MessageInput, ToolResultPart } from '../contract/message.js'
import type { Provider } from '../contract/provider.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import type { ChatResponse, FinishReason, ToolCall, Usage } from '../contract/response.js'
import type { Tool } from '../contract/tool.js'
import { addUsage } from '../contract/usage.js'
import { describe } from '../describe.js'
import { isObject } from '../object.js'
import { readCallerValue } from '../request/caller-objects.js'
import { appendResults, endsWithToolResults, openToolCalls } from '../request/open-tool-calls.js'
import { checkCallOptionNames, checkRequestNames } from '../request/option-names.js'
import { toChatRequest, withDefaults } from '../request/prepare.js'
import { type Approval, runTool, type ToolOutcome } from './run-tool.js'

/** Options of the agent loop. */
export interface ToolLoopOptions {
  /** The most answers of the model. Default 10. */
  maxSteps?: number
  /** How many tools may run at the same time. Default 8. */
  concurrency?: number
  /** How long a tool may run, in milliseconds; a tool's own `timeout` wins. Default 60,000. */
  toolTimeout?: number
  /** The longest result of a tool, in characters; a longer one becomes an error for the model. Default 200,000. */
  maxResultLength?: number
  /** Called for tools that need approval. Default: `'later'`, which leaves the call open and ends the run. */
  approve?: (call: ToolCall) => Approval | Promise<Approval>
  /** `true` ends the run after this step; its calls stay open. Counts towards the time limit of that step's call. */
  stopWhen?: (step: { step: number; response: ChatResponse }) => boolean | Promise<boolean>
  /** A failing tool ends the run with `tool-failed` (`'throw'`), or the model gets the error (`'tell'`, the default). */
  onToolError?: 'tell' | 'throw'
  /** Default: the system's clock. */
  clock?: Clock
}

/** Options of `runTools`. Call options, such as `timeout`, apply to each call of the loop. */
export interface ToolRunOptions extends CallOptions, ToolLoopOptions {}

/** An event of `runTools`: those of all answers, with markers between them. */
export type ToolRunEvent =
  | ChatEvent
  /** Before an answer; `step` counts from 1. */
  | { type: 'step-start'; step: number }
  /** The outcome of a tool call. */
  | (ToolOutcome & { type: 'tool-result'; step: number })
  /** After an answer and its tools. Another run can continue with `messages`. */
  | { type: 'step-end'; step: number; messages: Message[] }

/** The result of `runTools`. */
export interface ToolRunResult {
  /**
   * Why the run ended. `'answer'`: the model has answered. `'max-steps'`, `'stopped'`: by the options. `'pending'`: calls wait for an
   * approval, or for a result of the app. `'length'`: the last answer was cut off at its limit of tokens. `'refusal'`: the model
   * declined. `'content-filter'`: the service withheld the answer.
   */
  reason: 'answer' | 'max-steps' | 'stopped' | 'pending' | 'length' | 'refusal' | 'content-filter'
  /** The text of the last answer. */
  text: string
  /** The last answer; absent if there was none. */
  response?: ChatResponse
  /** The whole conversation, to continue with. */
  messages: Message[]
  /** Calls without a result. */
  pending: ToolCall[]
  /** The number of answers. */
  steps: number
  /** Failed tool calls, in their order: errors of tools (`cause`), invalid inputs, unknown tools, denied calls. */
  failures: ToolFailure[]
  /** Of all answers together. */
  usage: Usage
  /** Of all answers together, in US dollars, if the price of each is known. */
  cost?: number
}

/** A failed tool call; `output` is the error that the model got. */
export type ToolFailure = ToolOutcome & { step: number }

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
    const parts = split(options)
    return { ...parts, running: new LinkedSignal(parts.call.signal, leaving) }
  })
  const { signal } = running

  let steps = 0
  let usage: Usage = {}
  let cost: number | undefined = 0
  const failures: ToolFailure[] = []
  let response: ChatResponse | undefined
  const ended = (reason: ToolRunResult['reason'], pending: ToolCall[] = []): ToolRunResult => ({
    reason,
    text: response?.text ?? '',
    ...(response && { response }),
    ...{ messages: [...messages], pending, steps, failures, usage },
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
          if (isError) failures.push({ step: steps, ...outcome })
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

// Typed by the options: a new one does not compile until it is listed.
const loopOptions: { [Name in keyof Required<ToolLoopOptions>]: true } = {
  ...{ maxSteps: true, concurrency: true, toolTimeout: true, maxResultLength: true, approve: true },
  ...{ stopWhen: true, onToolError: true, clock: true },
}

/**
 * The options of the loop with defaults, and all other options, which are those of its calls.
 * @throws {LlmError} `invalid-request` for invalid limits
 */
function split(options: ToolRunOptions): { loop: Required<ToolLoopOptions>; call: CallOptions } {
  const {
    maxSteps = 10,
    concurrency = 8,
    toolTimeout = 60_000,
    maxResultLength = 200_000,
    approve = () => 'later',
    stopWhen = () => false,
    onToolError = 'tell',
    clock = systemClock,
    ...call
  } = options
  checkCallOptionNames(call, 'of runTools()', Object.keys(loopOptions))
  const limits = { maxSteps, concurrency, toolTimeout, maxResultLength }
  for (const [name, value] of Object.entries(limits))
    if (!(value >= 1))
      throw new LlmError('invalid-request', `${name} must be a number of at least 1, not ${describe(value)}.`)
  return { loop: { ...limits, approve, stopWhen, onToolError, clock }, call }
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

/** Runs the calls concurrently and yields each outcome when it is there. A call that stays open yields none. */
async function* runToolCalls(
  calls: ToolCall[],
  tools: Tool[],
  messages: Message[],
  signal: AbortSignal,
  { concurrency, toolTimeout, maxResultLength, clock, approve, onToolError }: Required<ToolLoopOptions>,
): AsyncGenerator<ToolOutcome> {
  const rules = { timeout: toolTimeout, maxLength: maxResultLength, clock, approve }
  const waiting = [...calls]
  type Ended = { work: Promise<Ended>; outcome: ToolOutcome | undefined }
  const running = new Set<Promise<Ended>>()
  // A failure ends the others.
  const failing = new LinkedSignal(signal)
  const context = { signal: failing.signal, messages: [...messages] }
  let stopListening: () => void = () => {}
  // `approve` may wait for a person who has left.
  const aborted = new Promise<never>((_, reject) => {
    stopListening = onAbort(signal, () => reject(signal.reason))
  })
  aborted.catch(() => {})
  try {
    for (;;) {
      signal.throwIfAborted()
      while (running.size < concurrency && waiting.length > 0) {
        const call = waiting.shift() as ToolCall
        const work: Promise<Ended> = runTool(call, tools, context, rules).then((outcome) => ({
          work,
          outcome,
        }))
        work.catch(() => {})
        running.add(work)
      }
      if (running.size === 0) return
      const { work, outcome } = await Promise.race([aborted, ...running])
      running.delete(work)
      if (outcome === undefined) continue
      if (onToolError === 'throw' && outcome.isError)
        throw new LlmError('tool-failed', `The tool ${outcome.call.name} failed: ${outcome.output}`, {
          cause: outcome.cause,
        })
      yield outcome
    }
  } finally {
    stopListening()
    failing.release()
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
