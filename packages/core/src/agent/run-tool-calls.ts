// Runs the tool calls of one answer concurrently.

import { onAbort } from '../call/abort-listener.js'
import { LinkedSignal } from '../call/linked-signal.js'
import { LlmError } from '../contract/errors.js'
import type { Message } from '../contract/message.js'
import type { ToolCall } from '../contract/response.js'
import type { Tool } from '../contract/tool.js'
import { runTool } from './run-tool.js'
import type { ToolOutcome } from './tool-run.js'
import type { ToolLoopSettings } from './tool-run-options.js'

/** Runs the calls concurrently and yields each outcome when it is there. A call that stays open yields none. */
export async function* runToolCalls(
  calls: ToolCall[],
  tools: readonly Tool[],
  messages: Message[],
  signal: AbortSignal,
  { concurrency, toolTimeout, maxResultLength, clock, approve, onToolError, context: own }: ToolLoopSettings,
): AsyncGenerator<ToolOutcome> {
  const rules = { timeout: toolTimeout, maxLength: maxResultLength, clock, approve }
  const waiting = [...calls]
  type Ended = { work: Promise<Ended>; outcome: ToolOutcome | undefined }
  const running = new Set<Promise<Ended>>()
  // A failure ends the others.
  const failing = new LinkedSignal(signal)
  const context = { signal: failing.signal, messages: [...messages], context: own }
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
