// Runs one tool call: finds the tool, validates the input, asks for approval, and runs it within its time limit. A failure becomes a
// result that tells the model what to correct.

import { onAbort } from '../call/abort-listener.js'
import { LinkedSignal } from '../call/linked-signal.js'
import type { Clock } from '../contract/clock.js'
import { LlmError } from '../contract/errors.js'
import type { Message, Part } from '../contract/message.js'
import type { ToolCall } from '../contract/response.js'
import type { Tool } from '../contract/tool.js'
import { describe } from '../describe.js'
import { isObject } from '../object.js'
import { validate } from './structured-output.js'
import type { Approval, ToolOutcome } from './tool-run.js'

// With progress reports, a tool may take this many times its limit.
const longest = 10

interface Rules {
  timeout: number
  maxLength: number
  clock: Clock
  approve: (call: ToolCall) => Approval | Promise<Approval>
}

/** The outcome; `undefined` for a call that stays open. Rejects only if a callback of the app throws. */
export async function runTool(
  call: ToolCall,
  tools: readonly Tool[],
  { signal, ...given }: { signal: AbortSignal; messages: Message[]; context: unknown },
  rules: Rules,
): Promise<ToolOutcome | undefined> {
  const { name } = call
  const startedAt = rules.clock.now()
  const failed = (output: string, cause?: unknown): ToolOutcome => ({
    ...{ call, name, output, isError: true, ms: rules.clock.now() - startedAt },
    ...(cause !== undefined && { cause }),
  })
  const tool = tools.find((known) => known.name === name)
  if (tool === undefined) {
    const names = tools.map((known) => known.name).join(', ')
    return failed(`There is no tool named ${name}. The tools are: ${names || 'none'}.`)
  }
  if (isObject(call.input) && '$unparsed' in call.input)
    return failed(`The input of ${name} is not JSON. Call it again with valid JSON.`)
  const { run } = tool
  const limit = tool.timeout ?? rules.timeout
  const linked = new LinkedSignal(signal)
  const progress = new Progress()
  const context = { ...given, signal: linked.signal, id: call.id, progress: progress.report }
  const within = <T>(work: () => T | PromiseLike<T>, late: () => Error) =>
    bounded(work, limit, { clock: rules.clock, signal }, late)
  const tooLate = (what: string) => () =>
    new LlmError(
      'timeout',
      `${what} of the tool ${name} took longer than ${Math.ceil(limit)} ms. Raise its timeout if it needs longer.`,
    )
  try {
    const checked = await within(() => validate(tool.input, call.input), tooLate('The check of the input'))
    if ('problem' in checked)
      return failed(
        `The input of ${name} does not fit its schema: ${checked.problem}. Correct it and call it again.`,
      )
    if (run === undefined) return undefined
    if (await within(() => tool.needsApproval?.(checked.value, context), tooLate('needsApproval'))) {
      // Approval may wait for a person, so it has no time limit.
      const approval = await rules.approve({ ...call, input: checked.value })
      if (approval === 'later') return undefined
      if (approval !== true)
        return failed(isObject(approval) ? approval.deny : `The call of ${name} was not allowed.`)
    }
    try {
      const work = () => run.call(tool, checked.value, context)
      const late = (inSpite: boolean) =>
        new Error(`it took longer than ${Math.ceil(limit)} ms${inSpite ? ', in spite of its progress' : ''}`)
      const value = await bounded(work, limit, { clock: rules.clock, signal, progress }, late)
      const output = toOutput(value)
      const length = typeof output === 'string' ? output.length : JSON.stringify(output).length
      if (length > rules.maxLength)
        return failed(
          `The result of ${name} has ${length} characters; at most ${rules.maxLength} fit. Ask for less of it.`,
        )
      const ms = rules.clock.now() - startedAt
      return { call, name, input: checked.value, value, output, isError: false, ms }
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : describe(cause)
      return failed(`${name} failed: ${what}`, cause)
    }
  } finally {
    linked.release()
  }
}

/** Called by a running tool to report progress, which restarts its time limit. */
class Progress {
  onReport: () => void = () => {}
  readonly report = (): void => this.onReport()
}

/** The result of the work; rejects if the signal aborts or the time limit has passed. */
async function bounded<T>(
  work: () => T | PromiseLike<T>,
  ms: number,
  { clock, signal, progress }: { clock: Clock; signal: AbortSignal; progress?: Progress },
  late: (inSpiteOfProgress: boolean) => Error,
): Promise<T> {
  const latest = clock.now() + longest * ms
  let leave: () => void = () => {}
  let cancel: () => void = () => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      leave = onAbort(signal, () => reject(signal.reason))
      const restart = () => {
        cancel()
        const left = Math.max(0, Math.min(ms, latest - clock.now()))
        cancel = clock.timer(left, () => reject(late(left < ms)))
      }
      restart()
      if (progress !== undefined) progress.onReport = restart
      // It may throw synchronously.
      Promise.resolve().then(work).then(resolve, reject)
    })
  } finally {
    if (progress !== undefined) progress.onReport = () => {}
    leave()
    cancel()
  }
}

const mediaParts = new Set(['text', 'image', 'file', 'audio'])

/** @throws {TypeError} for a value that JSON cannot represent */
function toOutput(value: unknown): string | Part[] {
  if (typeof value === 'string') return value
  if (value === undefined) return 'Done.'
  if (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((part) => isObject(part) && mediaParts.has(String(part.type)))
  )
    return value as Part[]
  const json = JSON.stringify(value, onlyJson)
  if (json === undefined) throw new TypeError(`it gave a ${typeof value}, which is not JSON`)
  return json
}

/** JSON would write these as `{}`, and the model would take that for the result. */
function onlyJson(_key: string, value: unknown): unknown {
  if (value instanceof Map || value instanceof Set || value instanceof Promise)
    throw new TypeError(
      `its result holds a ${value.constructor.name}, which JSON cannot represent. Return ${value instanceof Promise ? 'what it resolves to' : 'a list or a plain object'}`,
    )
  return value
}
