// The loop over tools: ask, run what the model calls, give it the results, until it answers.
import { type Clock, systemClock } from './clock.js'
import { invalid, isLlmError, LlmError, withDetails } from './errors.js'
import type { ChatEvent } from './events.js'
import { isObject } from './is-object.js'
import type { Message, MessageInput, ToolResultPart } from './message.js'
import { asRequest } from './prepare.js'
import type { Provider } from './provider.js'
import type { CallOptions, ChatInput, ChatRequest, Tool } from './request.js'
import type { ChatResponse, ToolCall, Usage } from './response.js'
import { runTool, type ToolOutcome } from './run-tool.js'
import { sum } from './usage.js'

/** May the tool run? A text says why not; the model reads it. `'later'` leaves the call open and ends the run. */
export type Approval = boolean | 'later' | { deny: string }

/** Options of `runTools`. Those of a call hold for each call of the loop. */
export interface ToolRunOptions extends CallOptions {
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
  /** Ends the run after a step. The calls of its answer stay open. */
  stopWhen?: (step: { step: number; response: ChatResponse }) => boolean
  /** A tool that fails ends the run with `tool-failed`, or the model is told. Default `'tell'`. */
  onToolError?: 'tell' | 'throw'
  /** Default: the system's clock. */
  clock?: Clock
}

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
   * or for a result only the app can give.
   */
  reason: 'answer' | 'max-steps' | 'stopped' | 'pending'
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
  const request = asRequest(input)
  const { tools = [] } = request
  const { maxSteps = 10, stopWhen = () => false } = options
  for (const [name, least] of [
    ['maxSteps', 1],
    ['concurrency', 1],
    ['toolTimeout', 1],
    ['maxResultLength', 1],
  ] as const)
    if (options[name] !== undefined && !(options[name] >= least))
      throw new LlmError(
        'invalid-request',
        `${name} must be a number of at least ${least}, not ${options[name]}.`,
      )
  const messages = [request.messages].flat().map(toMessage)
  const leaving = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, leaving.signal]) : leaving.signal
  const { timeout, retry, headers, onStatus } = options
  const call: CallOptions = {
    signal,
    ...(timeout !== undefined && { timeout }),
    ...(retry !== undefined && { retry }),
    ...(headers && { headers }),
    ...(onStatus && { onStatus }),
  }

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
        if (steps === maxSteps) return ended('max-steps')
        steps++
        yield { type: 'step-start', step: steps }
        // A choice that forces a call is met by the first; forced for ever, the loop would never answer.
        const { toolChoice, ...rest } = request
        const met = toolChoice !== undefined && forces(toolChoice) && called(messages)
        const stream = provider.stream({ ...(met ? rest : request), messages }, call)
        for await (const event of stream) yield event
        response = await stream.response()
        usage = sum(usage, response.usage)
        messages.push(response.message)
        open = response.finishReason === 'tool-calls' ? response.toolCalls : []
        if (stopWhen({ step: steps, response }) && (open.length > 0 || response.finishReason === 'pause')) {
          yield { type: 'step-end', step: steps, messages: [...messages] }
          return ended('stopped', open)
        }
      }
      if (open.length > 0) {
        // The last answer may still call tools; without another answer nobody would read their results.
        if (steps === maxSteps) {
          yield { type: 'step-end', step: steps, messages: [...messages] }
          return ended('max-steps', open)
        }
        for await (const outcome of runAll(open, tools, messages, signal, options)) {
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
      if (response?.finishReason !== 'pause') return ended('answer')
    }
  } catch (cause) {
    // What was answered and done before must not be paid for, or done, twice.
    keepResults()
    const details = {
      provider: provider.provider,
      model: provider.model,
      partial: response,
      messages: [...messages],
    }
    if (isLlmError(cause)) throw withDetails(cause, { messages: details.messages })
    throw signal.aborted && cause === signal.reason
      ? new LlmError('aborted', 'The run was aborted by its caller while tools were running.', {
          cause,
          ...details,
        })
      : new LlmError(
          'tool-failed',
          `A callback of this run threw (approve, needsApproval, stopWhen or the check of a schema): ${cause instanceof Error ? cause.message : String(cause)}. Correct it, and go on from \`messages\`.`,
          { cause, ...details },
        )
  } finally {
    leaving.abort()
  }
}

/** Runs them side by side and gives each outcome when it is there. A call that must wait gives none. */
async function* runAll(
  calls: ToolCall[],
  tools: Tool[],
  messages: Message[],
  signal: AbortSignal,
  options: ToolRunOptions,
): AsyncGenerator<ToolOutcome> {
  const { concurrency = 8, toolTimeout = 60_000, maxResultLength = 200_000, clock = systemClock } = options
  const { approve = () => 'later' as const, onToolError = 'tell' } = options
  const rules = { timeout: toolTimeout, maxLength: maxResultLength, clock, approve }
  const waiting = [...calls]
  type Ended = { work: Promise<Ended>; outcome: ToolOutcome | undefined }
  const running = new Set<Promise<Ended>>()
  // One that fails ends the others.
  const failing = new AbortController()
  const context = { signal: AbortSignal.any([signal, failing.signal]), messages: [...messages] }
  let onAbort: () => void = () => {}
  // An app's `approve` may be waiting for somebody who has left.
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort)
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
    signal.removeEventListener('abort', onAbort)
    failing.abort()
  }
}

function forces(choice: NonNullable<ChatRequest['toolChoice']>): boolean {
  return choice === 'required' || typeof choice === 'object'
}

/** Is the last turn one of results? */
function called(messages: Message[]): boolean {
  return messages.at(-1)?.role === 'tool'
}

/** The calls at the end of a conversation that have no result yet. */
function openCalls(messages: Message[]): ToolCall[] {
  const at = messages.findLastIndex(({ role }) => role === 'assistant')
  const message = messages[at]
  if (message === undefined || typeof message.content === 'string') return []
  const after = messages.slice(at + 1)
  if (!after.every(({ role }) => role === 'tool')) return []
  const answered = after.flatMap(({ content }) =>
    typeof content === 'string'
      ? []
      : content.flatMap((part) => (part.type === 'tool-result' ? [part.id] : [])),
  )
  return message.content.flatMap((part) => {
    if (part.type !== 'tool-call') return []
    const result = answered.indexOf(part.id)
    if (result < 0) return [{ id: part.id, name: part.name, input: part.input }]
    answered.splice(result, 1)
    return []
  })
}

/** Results of one turn stand in one message, also when some of them came later. */
function append(messages: Message[], results: ToolResultPart[]): void {
  if (results.length === 0) return
  const last = messages.at(-1)
  if (last?.role === 'tool' && typeof last.content !== 'string')
    messages[messages.length - 1] = { ...last, content: [...last.content, ...results] }
  else messages.push({ role: 'tool', content: results })
}

function toMessage(message: MessageInput): Message {
  if (typeof message !== 'string' && !isObject(message))
    throw invalid('messages', 'must be a string or a list of messages')
  return typeof message === 'string' ? { role: 'user', content: message } : message
}
