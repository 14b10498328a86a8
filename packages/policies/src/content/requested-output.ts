// Structured output of an answer that was not made by this very call: parsed again from its text, by the caller's schema.
import type { ChatRequest, ChatResponse } from '@patchbay/core'
import { withOutput } from '@patchbay/core/wrap'

/** The response with `output` parsed by the schema of this request. @throws {LlmError} `structured-output` */
export async function withRequestedOutput(
  response: ChatResponse,
  { output = 'text' }: ChatRequest,
): Promise<ChatResponse> {
  return output === 'text' ? response : withOutput(response, output)
}
