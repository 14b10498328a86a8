// What had arrived, as much of it as may be told.
import { type ChatResponse, LlmError } from '@patchbay/core'

/** The same error with another `partial`, or none. */
export function withPartial(error: LlmError, partial: ChatResponse | undefined): LlmError {
  const { code, message, cause, stack, name: _, partial: __, ...details } = error
  const next = new LlmError(code, message, { ...details, partial, cause })
  if (stack !== undefined) next.stack = stack
  return next
}
