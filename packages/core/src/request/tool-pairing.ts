// Pairs tool calls with their results, which must follow in the next message. Services refuse anything else, so a broken pair is
// repaired with a warning, or refused.

import type { PreparedMessage } from '../contract/backend.js'
import { LlmError } from '../contract/errors.js'
import type { Part, ToolCallPart, ToolResultPart } from '../contract/message.js'
import type { Warning } from '../contract/response.js'
import { CallIds } from '../wire/formats/tool-call.js'

/**
 * The conversation with every tool call answered in the message after it, results in the order of the calls. A call without a result,
 * because the turn was interrupted, gets an error result. A result without a call is refused, or left out with a warning if `lenient`.
 * @throws {LlmError} `invalid-request` for a result without a call, or calls at the very end
 */
export function pairToolCalls(
  messages: PreparedMessage[],
  lenient: boolean,
  warnings: Warning[],
): PreparedMessage[] {
  const paired: PreparedMessage[] = []
  let index = 0
  while (index < messages.length) {
    const message = messages[index++] as PreparedMessage
    const calls =
      message.role === 'assistant' ? message.content.filter((part) => part.type === 'tool-call') : []
    if (calls.length === 0) {
      const content = message.content.filter((part) => !isOrphan(part, message, lenient, warnings))
      if (content.length > 0) paired.push({ ...message, content })
      continue
    }
    for (const part of message.content)
      if (isResult(part) && part.opaque === undefined && calls.some(({ id }) => id === part.id))
        throw new LlmError(
          'invalid-request',
          `The tool result ${part.id} is in the assistant's message with its call. Put it in a message of its own after it: { role: 'tool', content: [result] }.`,
        )
    const results: ToolResultPart[] = []
    const rest: PreparedMessage[] = []
    let cache: PreparedMessage['cache']
    // Results may stand in several tool messages, or at the head of the next user message.
    for (let next = messages[index]; next && hasResults(next); next = messages[++index]) {
      for (const part of next.content) if (isResult(part)) results.push(part)
      cache = next.cache ?? cache
      const others = next.content.filter((part) => !isResult(part))
      if (others.length > 0) rest.push({ ...next, content: others })
    }
    const last = index >= messages.length && rest.length === 0
    const [content, answers] = matchResults(message.content, results, last, lenient, warnings)
    paired.push({ ...message, content }, { role: 'tool', content: answers, ...(cache && { cache }) }, ...rest)
  }
  return paired
}

function matchResults(
  content: Part[],
  results: ToolResultPart[],
  last: boolean,
  lenient: boolean,
  warnings: Warning[],
): [content: Part[], answers: Part[]] {
  // Results by id, the first on top.
  const left = new Map<string, ToolResultPart[]>()
  for (const result of results.toReversed()) {
    const same = left.get(result.id) ?? []
    same.push(result)
    left.set(result.id, same)
  }
  let unmatched = results.length
  // Some servers repeat an id within a turn: the calls are paired by order and get unique ids.
  const ids = new CallIds()
  const answers: Part[] = []
  const renamed = content.map((part): Part => {
    if (part.type !== 'tool-call') return part
    const id = ids.unique(part.id)
    const result = left.get(part.id)?.pop()
    if (result !== undefined) unmatched--
    answers.push(
      result
        ? { ...result, id, name: nameOf(result, part, warnings) }
        : missingResult(part, id, last && unmatched === 0, warnings),
    )
    return { ...part, id }
  })
  for (const orphan of [...left.values()].flat()) reportOrphan(orphan, lenient, warnings)
  return [renamed, answers]
}

/** A result gets the name of its call: services match results by their call. */
function nameOf({ name = '' }: ToolResultPart, call: ToolCallPart, warnings: Warning[]): string {
  if (name !== '' && name !== call.name)
    warnings.push({
      code: 'repaired',
      feature: 'tools',
      message: `The result of the tool call ${call.name} (${call.id}) had the name ${name}; it was sent with the name of its call.`,
    })
  return call.name
}

function missingResult(
  { name, id: original }: ToolCallPart,
  id: string,
  last: boolean,
  warnings: Warning[],
): ToolResultPart {
  if (last)
    throw new LlmError(
      'invalid-request',
      `The conversation ends with the tool call ${name} (${original}), which has no result. Append a tool message with its result.`,
    )
  warnings.push({
    code: 'repaired',
    feature: 'tools',
    message: `The tool call ${name} (${original}) had no result; the model is told so.`,
  })
  return { type: 'tool-result', id, name, output: 'No result: the call was interrupted.', isError: true }
}

/** Results in an assistant message come from tools of the service and answer none of our calls. */
function hasResults({ role, content }: PreparedMessage): boolean {
  return role !== 'assistant' && content.some(isResult)
}

function isResult(part: Part): part is ToolResultPart {
  return part.type === 'tool-result'
}

function isOrphan(part: Part, message: PreparedMessage, lenient: boolean, warnings: Warning[]): boolean {
  // A result in an assistant message comes from a tool of the service, which pairs it.
  if (!isResult(part) || message.role === 'assistant') return false
  reportOrphan(part, lenient, warnings)
  return true
}

function reportOrphan({ id }: ToolResultPart, lenient: boolean, warnings: Warning[]): void {
  const message = `The tool result ${id} does not follow a message with that tool call.`
  if (!lenient)
    throw new LlmError('invalid-request', `${message} Keep calls and results together, or leave both out.`)
  warnings.push({ code: 'repaired', feature: 'tools', message: `${message} It was left out.` })
}
