// The fields of a response that follow from its parts.
import type { Part } from '../contract/message.js'
import type { ChatResponse, FinishReason, Usage } from '../contract/response.js'

/** A response with these parts. */
export function responseOf<Rest extends Partial<ChatResponse>>(
  content: Part[],
  rest: Rest,
): Rest & Pick<ChatResponse, 'message' | 'text' | 'reasoning' | 'toolCalls'> {
  return {
    message: { role: 'assistant', content },
    text: joined(content, 'text'),
    reasoning: joined(content, 'reasoning'),
    toolCalls: content.flatMap((part) =>
      part.type === 'tool-call' ? [{ id: part.id, name: part.name, input: part.input }] : [],
    ),
    ...rest,
  }
}

function joined(parts: Part[], type: 'text' | 'reasoning'): string {
  let text = ''
  for (const part of parts) if (part.type === type) text += part.text
  return text
}

/** The finish reason, corrected by the parts: servers report 'stop' although there are calls, or count server-side calls. */
export function finishReasonOf(reported: FinishReason, parts: Part[]): FinishReason {
  if (reported !== 'stop' && reported !== 'tool-calls') return reported
  if (parts.some((part) => part.type === 'tool-call')) return 'tool-calls'
  return parts.some((part) => part.type === 'refusal') ? 'refusal' : 'stop'
}

/** The counts that are numbers from 0. */
export function validCounts(usage: Usage = {}): Usage {
  const valid: Usage = {}
  for (const [name, count] of Object.entries(usage))
    if (typeof count === 'number' && count >= 0 && count < 1e15) valid[name as keyof Usage] = count
  return valid
}
