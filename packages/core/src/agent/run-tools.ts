// The loop over tools: ask, run what the model calls, give it the results, until it answers.

import { onAbort } from '../call/abort-listener.js'
import { inTime } from '../call/in-time.js'
import { LinkedSignal } from '../call/linked-signal.js'
import { type Clock, systemClock } from '../contract/clock.js'
import { asLlmError, invalid, isLlmError, LlmError, withDetails } from '../contract/errors.js'
import type { ChatEvent } from '../contract/events.js'
import type { Message, MessageInput, ToolResultPart } from '../contract/message.js'
import type { Provider } from '../contract/provider.js'
import type { CallOptions, ChatInput, ChatRequest, Tool } from '../contract/request.js'
import type { ChatResponse, FinishReason, ToolCall, Usage } from '../contract/response.js'
import { sum } from '../contract/usage.js'
import { describe } from '../describe.js'
import { isObject } from '../object.js'
import { reading } from '../request/caller-objects.js'
import { append, called, openCalls } from '../request/open-tool-calls.js'
import { asRequest, withDefaults } from '../request/prepare.js'
import { type Approval, runTool, type ToolOutcome } from './run-tool.js'

/** Options of the loop itself. */
export interface ToolLoopOptions {
  /** The most answers to ask for. Default 10. */
  maxSteps?: number
  /** How many tools may run at once. Default 8. */
  concurrency?: number
  /** The most time a tool may take, in milliseconds. Default 60,000. */
  toolTimeout?: number
  /** The longest result, in characters; a longer one is an error the model reads. Default 200,000. */
  maxResultLength?: number
  /** Decides on calls of tools that need approval. Default: `'later'`. */
  approve?: (call: ToolCall) => Approval | Promise<Approval>
  /** Ends the run after a step; its calls stay open. Runs within the time limit of that step's call. */
  stopWhen?: (step: { step: number; response: ChatResponse }) => boolean | Promise<boolean>
  /** A tool that fails ends the run with `tool-failed`, or the model is told. Default `'tell'`. */
  onToolError?: 'tell' | 'throw'
  /** Default: the system's clock. */
  clock?: Clock
}

/** Options of `runTools`. Call options apply to each call of the loop. */
export interface ToolRunOptions extends CallOptions, ToolLoopOptions {}

/** The events of all answers, with markers between them. */
export type ToolRunEvent =
  | ChatEvent
  /** Before an answer; `step` counts from 1. */
  | { type: 'step-start'; step: number }
  /** A tool has run, or was refused. */
  | (ToolOutcome & { type: 'tool-result'; step: number })
  /** After an answer and its tools; with `messages` the run can go on elsewhere. */
  | { type: 'step-end'; step: number; messages: Message[] }

/** How a run ended. */
export interface ToolRunResult {
  /**
   * `'answer'`: the model is done. `'max-steps'`, `'stopped'`: by the options. `'pending'`: calls wait for an approval,
   * or for a result only the app can give. `'length'`: the last answer was cut off at its limit of tokens. `'refusal'`,
   * `'content-filter'`: the model declined, or its service took the answer away.
   */
  reason: 'answer' | 'max-steps' | 'stopped' | 'pending' | 'length' | 'refusal' | 'content-filter'
  /** The text of the last answer. */
  text: string
  /** The last answer; absent when there was none. */
  response?: ChatResponse
  /** The whole conversation, to go on with. */
  messages: Message[]
  /** Calls without a result. */
  pending: ToolCall[]
  /** Answers asked for. */
  steps: number
  /** Of all answers together. */
  usage: Usage
}

/** @throws {LlmError} whatever breaks a call, `tool-failed` when told to; with `messages` to go on with */
export async function* run(
  provider: Provider,
  input: ChatInput,
  options: ToolRunOptions,
): AsyncGenerator<ToolRunEvent, ToolRunResult> {
  const { defaults = {} } = provider
  const { request, tools, toolChoice, messages } = await reading('The request', () => {
    const request = asRequest(input)
    const { tools = [], toolChoice } = withDefaults(request, defaults)
    return { request, tools, toolChoice, messages: [request.messages].flat().map(toMessage) }
  })
  const { toolChoice: _, ...rest } = request
  const free: ChatRequest = forces(defaults.toolChoice) ? { ...rest, toolChoice: 'auto' } : rest
  const { loop, call, running } = await reading('The options', () => {
    const parts = split(options)
    return { ...parts, running: new LinkedSignal(parts.call.signal) }
  })
  const { signal } = running

  let steps = 0
  let usage: Usage = {}
  let response: ChatResponse | undefined
  const ended = (reason: ToolRunResult['reason'], pending: ToolCall[] = []): ToolRunResult => ({
    reason,
    text: response?.text ?? '',
    ...(response && { response }),
    ...{ messages: [...messages], pending, steps, usage },
  })

  let open: ToolCall[] = []
  let results = new Map<ToolCall, ToolResultPart>()
  const keepResults = () => {
    append(
      messages,
      open.flatMap((asked) => results.get(asked) ?? []),
    )
    open = open.filter((asked) => !results.has(asked))
    results = new Map()
  }

  try {
    open = openCalls(messages)
    for (;;) {
      if (open.length === 0) {
        if (steps === loop.maxSteps) return ended('max-steps')
        steps++
        yield { type: 'step-start', step: steps }
        // A choice that forces a call is met by the first; forced for ever, the loop would never answer.
        const met = forces(toolChoice) && called(messages)
        const startedAt = systemClock.now()
        response = yield* answer(provider, { ...(met ? free : request), messages }, { ...call, signal })
        usage = sum(usage, response.usage)
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
        // The last answer may still call tools; without another answer nobody would read their results.
        if (steps === loop.maxSteps) {
          yield { type: 'step-end', step: steps, messages: [...messages] }
          return ended('max-steps', open)
        }
        for await (const outcome of runAll(open, tools, messages, signal, loop)) {
          const { call, output, isError } = outcome
          const { id, name } = call
          results.set(call, { type: 'tool-result', id, name, output, ...(isError && { isError }) })
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
    // What was answered and done before must not be paid for, or done, twice.
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

/**
 * The options of the loop, with defaults, and all others, which are options of its calls (future ones included).
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
  const limits = { maxSteps, concurrency, toolTimeout, maxResultLength }
  for (const [name, value] of Object.entries(limits))
    if (!(value >= 1))
      throw new LlmError('invalid-request', `${name} must be a number of at least 1, not ${describe(value)}.`)
  return { loop: { ...limits, approve, stopWhen, onToolError, clock }, call }
}

/** The events of one answer. Anything a foreign provider throws becomes an `LlmError`. */
async function* answer(
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
  return reason === 'length' || reason === 'refusal' || reason === 'content-filter'
}

/** Runs them side by side and gives each outcome when it is there. A call that must wait gives none. */
async function* runAll(
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
  // One that fails ends the others.
  const failing = new LinkedSignal(signal)
  const context = { signal: failing.signal, messages: [...messages] }
  let stopListening: () => void = () => {}
  // An app's `approve` may be waiting for somebody who has left.
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
