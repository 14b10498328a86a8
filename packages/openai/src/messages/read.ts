// Reads messages in OpenAI's forms: checks.
import { LlmError, type Message, type Part } from '@patchbay/core'

/** Adds the result of a tool: the results of one answer stand in one message. */
export function addResult(messages: Message[], result: Part): void {
  const last = messages.at(-1)
  if (last?.role === 'tool') (last.content as Part[]).push(result)
  else messages.push({ role: 'tool', content: [result] })
}

export function listOf(value: unknown, where: string): unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalid(where, 'must be a list')
  return value
}

export function invalid(where: string, problem: string): LlmError {
  return new LlmError('invalid-request', `${where} ${problem}.`)
}
