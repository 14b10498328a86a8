// One call of a tool: found, checked, approved, run within its time, and its result as the model gets it. Whatever goes
// wrong becomes a result that tells the model what to do better.
import type { Clock } from './clock.js'
import { isObject } from './is-object.js'
import type { Message, Part } from './message.js'
import { validate } from './output.js'
import type { Tool } from './request.js'
import type { ToolCall } from './response.js'
import type { Approval } from './run-tools.js'

/** A tool that reports progress may take this many times its limit. */
const longest = 10

/** What became of a call. */
export interface ToolOutcome {
  call: ToolCall
  /** What the model gets. */
  output: string | Part[]
  isError: boolean
  /** What the tool threw. */
  cause?: unknown
  /** How long the tool ran, in milliseconds. */
  ms: number
}

interface Rules {
  timeout: number
  maxLength: number
  clock: Clock
  approve: (call: ToolCall) => Approval | Promise<Approval>
}

/** The outcome; none for a call that has to wait for somebody. Rejects only when the app's own callbacks throw. */
export async function runTool(
  call: ToolCall,
  tools: Tool[],
  { signal, messages }: { signal: AbortSignal; messages: Message[] },
  rules: Rules,
): Promise<ToolOutcome | undefined> {
  const { name } = call
  const startedAt = rules.clock.now()
  const outcome = (output: string | Part[], isError: boolean, cause?: unknown): ToolOutcome => ({
    ...{ call, output, isError, ms: rules.clock.now() - startedAt },
    ...(cause !== undefined && { cause }),
  })
  const tool = tools.find((known) => known.name === name)
  if (tool === undefined) {
    const names = tools.map((known) => known.name).join(', ')
    return outcome(`There is no tool named ${name}. The tools are: ${names || 'none'}.`, true)
  }
  if (isObject(call.input) && '$unparsed' in call.input)
    return outcome(`The input of ${name} is not JSON. Call it again with valid JSON.`, true)
  const checked = await validate(tool.input, call.input)
  if ('problem' in checked)
    return outcome(
      `The input of ${name} does not fit its schema: ${checked.problem}. Correct it and call it again.`,
      true,
    )
  const { run } = tool
  if (run === undefined) return undefined

  const ending = new AbortController()
  const limit = tool.timeout ?? rules.timeout
  let restart: () => void = () => {}
  const context = {
    signal: AbortSignal.any([signal, ending.signal]),
    id: call.id,
    messages,
    progress: () => restart(),
  }
  if (await tool.needsApproval?.(checked.value, context)) {
    const approval = await rules.approve(call)
    if (approval === 'later') return undefined
    if (approval !== true)
      return outcome(approval === false ? `The call of ${name} was not allowed.` : approval.deny, true)
  }
  let cancel: () => void = () => {}
  let onAbort: () => void = () => {}
  try {
    const value: unknown = await new Promise((resolve, reject) => {
      onAbort = () => reject(signal.reason)
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      const latest = rules.clock.now() + longest * limit
      restart = () => {
        cancel()
        const ms = Math.min(limit, latest - rules.clock.now())
        cancel = rules.clock.timer(Math.max(0, ms), () =>
          reject(
            new Error(`it took longer than ${limit} ms${ms < limit ? ', in spite of its progress' : ''}`),
          ),
        )
      }
      restart()
      // A tool may throw before it gives a promise.
      Promise.resolve()
        .then(() => run.call(tool, checked.value, context))
        .then(resolve, reject)
    })
    const output = toOutput(value)
    const length = typeof output === 'string' ? output.length : JSON.stringify(output).length
    if (length > rules.maxLength)
      return outcome(
        `The result of ${name} has ${length} characters; at most ${rules.maxLength} fit. Ask for less of it.`,
        true,
      )
    return outcome(output, false)
  } catch (cause) {
    return outcome(`${name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, true, cause)
  } finally {
    restart = () => {}
    cancel()
    signal.removeEventListener('abort', onAbort)
    ending.abort()
  }
}

const mediaParts = new Set(['text', 'image', 'file', 'audio'])

/** @throws {TypeError} for what JSON cannot hold */
function toOutput(value: unknown): string | Part[] {
  if (typeof value === 'string') return value
  if (value === undefined) return 'Done.'
  if (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((part) => isObject(part) && mediaParts.has(String(part.type)))
  )
    return value as Part[]
  const json = JSON.stringify(value)
  if (json === undefined) throw new TypeError(`it gave a ${typeof value}, which is not JSON`)
  return json
}
