// Checks messages of the AI SDK before they are converted: they may come from storage, or from a version with other parts.
import type { LanguageModelV3ToolResultOutput } from '@ai-sdk/provider'
import { LlmError } from '@patchbay/core'
import { isObject, type LeftOut } from '@patchbay/core/wire'

const partsOfRole: Record<string, readonly string[]> = {
  system: ['text'],
  user: ['text', 'image', 'file'],
  assistant: ['text', 'reasoning', 'file', 'tool-call', 'tool-result', 'tool-approval-request'],
  tool: ['tool-result', 'tool-approval-response'],
}
const known = new Set(Object.values(partsOfRole).flat())

// The fields that are texts, by type of part.
const texts: Record<string, readonly string[]> = {
  text: ['text'],
  reasoning: ['text'],
  file: ['mediaType'],
  'tool-call': ['toolCallId', 'toolName'],
  'tool-result': ['toolCallId', 'toolName'],
  'tool-approval-request': ['approvalId', 'toolCallId'],
  'tool-approval-response': ['approvalId'],
}

/**
 * Checks a message. Parts of a type that is not known are reported, and left out.
 * @throws {LlmError} `invalid-request` for what is no message
 */
export function checkedMessage<Given>(message: Given, where: string, lost: LeftOut): Given {
  if (!isObject(message)) throw invalid(where, 'must be an object')
  const { role, content } = message
  const allowed = Object.hasOwn(partsOfRole, String(role)) ? partsOfRole[String(role)] : undefined
  if (allowed === undefined) throw invalid(`${where}.role`, 'must be system, user, assistant or tool')
  if (typeof content === 'string' && role !== 'tool') return message
  if (!Array.isArray(content)) throw invalid(`${where}.content`, 'must be a list of parts')
  const kept = content.filter((part: unknown, index) => {
    const at = `${where}.content[${index}]`
    if (!isObject(part) || typeof part.type !== 'string') throw invalid(`${at}.type`, 'must be a string')
    const { type } = part
    if (!known.has(type)) {
      lost(`a part of type ${type}`)
      return false
    }
    if (!allowed.includes(type))
      throw invalid(at, `has the type ${type}, which a ${role} message cannot have`)
    for (const name of texts[type] ?? [])
      if (typeof part[name] !== 'string') throw invalid(`${at}.${name}`, 'must be a string')
    if (type === 'tool-result') checkOutput(part.output, `${at}.output`)
    return true
  })
  return kept.length === content.length ? message : { ...message, content: kept }
}

function checkOutput(output: unknown, where: string): void {
  if (!isObject(output) || typeof output.type !== 'string') throw invalid(`${where}.type`, 'must be a string')
  const { type, value } = output
  if (type === 'content' && !(Array.isArray(value) && value.every(isObject)))
    throw invalid(`${where}.value`, 'must be a list of parts')
  if (type.endsWith('text') && typeof value !== 'string') throw invalid(`${where}.value`, 'must be a string')
  if (!['text', 'json', 'error-text', 'error-json', 'execution-denied', 'content'].includes(type))
    throw invalid(`${where}.type`, 'is none of the AI SDK')
}

// What results may consist of, by name.
const resultParts = new Set<string>(['text', 'file-data', 'image-data', 'image-url', 'file-url'])

/** The output without parts that have no place; `media` is an older name of `file-data`. */
export function toKnownOutput(
  output: LanguageModelV3ToolResultOutput,
  lost: LeftOut,
): LanguageModelV3ToolResultOutput {
  if (output.type !== 'content') return output
  const value = output.value.flatMap((part) => {
    const { type }: { type: string } = part
    if (type === 'media') return [{ ...part, type: 'file-data' } as typeof part]
    if (resultParts.has(type)) return [part]
    lost(`a part of type ${type} in the result of a tool`)
    return []
  })
  return { ...output, value }
}

export function invalid(where: string, problem: string): LlmError {
  return new LlmError('invalid-request', `${where} ${problem}.`)
}
