// Checks the messages of a request. Loaded with the first request that is more than a plain question.

import { Yielder } from '../call/event-loop.js'
import type { PreparedMessage } from '../contract/backend.js'
import { invalid } from '../contract/errors.js'
import type { Message, MessageInput, Part } from '../contract/message.js'
import type { ChatRequest } from '../contract/request.js'
import type { Warning } from '../contract/response.js'
import { isObject } from '../object.js'
import { unloadable } from './caller-objects.js'
import { wellFormed } from './unicode.js'

// Cached, since importing a loaded module again takes time too.
let parts: Promise<typeof import('./parts.js')> | undefined
const loadParts = () => (parts ??= import('./parts.js').catch(unloadable))

/**
 * The messages as a backend gets them: parts only, calls and results in pairs, and only what a model may see.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export async function prepareMessages(request: ChatRequest, warnings: Warning[]): Promise<PreparedMessage[]> {
  const { messages: given, system } = request
  if (typeof given !== 'string' && !Array.isArray(given))
    throw invalid('messages', 'must be a string or a list of messages')
  // A copy, since the caller may add to the list meanwhile.
  const inputs: MessageInput[] = typeof given === 'string' ? [given] : [...given]
  const prepared: PreparedMessage[] = system ? [{ role: 'system', content: [text(system, warnings)] }] : []
  const yielder = new Yielder()
  for (const [index, input] of inputs.entries()) {
    await yielder.yieldIfDue()
    const message: Message = typeof input === 'string' ? { role: 'user', content: input } : input
    const where = `messages[${index}]`
    if (!isObject(message) || !roles.has(message.role))
      throw invalid(
        where,
        `must be a string or an object with a role: system, user, assistant or tool${await adviceFor(message)}`,
      )
    if (message.visibility === 'user') continue
    const content = await prepareContent(message, where, warnings)
    if (content.length > 0)
      prepared.push({ role: message.role, content, ...(message.cache && { cache: message.cache }) })
    // An empty assistant message is left out; a user or tool message without content is a mistake.
    else if (message.role === 'user' || message.role === 'tool')
      throw invalid(where, 'is empty: give it some content or leave it out')
  }
  await yielder.yieldIfDue()
  if (!prepared.some((message) => message.role !== 'system'))
    throw invalid('messages', 'has nothing to answer: add a user message with some text')
  if (!prepared.some(({ content }) => content.some(isCallOrResult))) return prepared
  const { pairToolCalls } = await import('./tool-pairing.js').catch(unloadable)
  const paired = pairToolCalls(prepared, request.onUnsupported === 'warn', warnings)
  await yielder.yieldIfDue()
  return paired
}

const isCallOrResult = ({ type }: Part) => type === 'tool-call' || type === 'tool-result'
const roles = new Set(['system', 'user', 'assistant', 'tool'])

const adviceFor = async (message: unknown) =>
  (await import('./foreign-messages.js').catch(unloadable)).messageAdvice(message)

async function prepareContent(message: Message, where: string, warnings: Warning[]): Promise<Part[]> {
  const { content, role } = message
  if (typeof content === 'string') {
    if (role === 'tool')
      throw invalid(`${where}.content`, `must be a list of tool-result parts${await adviceFor(message)}`)
    return content === '' ? [] : [text(content, warnings)]
  }
  if (!Array.isArray(content))
    throw invalid(`${where}.content`, `must be a string or a list of parts${await adviceFor(message)}`)
  return (await loadParts()).prepareContentParts(content, role, `${where}.content`, warnings)
}

function text(value: unknown, warnings: Warning[]): Part {
  if (typeof value !== 'string') throw invalid('system', 'must be a string')
  return { type: 'text', text: wellFormed(value, warnings) }
}
