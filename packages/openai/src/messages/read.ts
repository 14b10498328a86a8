// Reads messages in OpenAI's forms: checks, data URLs, and reports of what has no place here.
import { LlmError, type Message, type Part } from '@patchbay/core'
import { type ConversionOptions, conversionWarner } from '@patchbay/core/wire'

/** Reports a field that Patchbay has no place for. */
export type LeftOut = (field: string, message?: string) => void

/** A function that reports each kind of field once. */
export function leftOutReporter(options: ConversionOptions): LeftOut {
  const warn = conversionWarner(options)
  const reported = new Set<string>()
  return (feature, message = `Patchbay has no place for ${feature}; it was left out.`) => {
    if (reported.has(feature)) return
    reported.add(feature)
    warn({ code: 'unsupported', feature, message })
  }
}

/** Adds the result of a tool: the results of one answer stand in one message. */
export function addResult(messages: Message[], result: Part): void {
  const last = messages.at(-1)
  if (last?.role === 'tool') (last.content as Part[]).push(result)
  else messages.push({ role: 'tool', content: [result] })
}

export function dataIn(url: string): { data: string; mediaType: string } | undefined {
  const [head, mediaType] = /^data:([^;,]+);base64,/.exec(url.slice(0, 200)) ?? []
  return head === undefined || mediaType === undefined
    ? undefined
    : { data: url.slice(head.length), mediaType }
}

export function listOf(value: unknown, where: string): unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalid(where, 'must be a list')
  return value
}

export function invalid(where: string, problem: string): LlmError {
  return new LlmError('invalid-request', `${where} ${problem}.`)
}
