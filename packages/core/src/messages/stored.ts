// Conversations as JSON: the stored form, version 1. A message is stored as it is, with the bytes of its media as base64.
import { invalid, LlmError } from '../contract/errors.js'
import type { Message, MessageInput, Part } from '../contract/message.js'
import { isObject, omitUndefined } from '../object.js'
import { bytesFromJson } from '../request/json-bytes.js'
import { toBase64 } from '../wire/http/platform.js'

const version = 1

/** A stored conversation: any JSON column or file can hold it. */
export interface StoredMessages {
  /** The version of the stored form. Later versions of Patchbay read all earlier forms. */
  version: 1
  /** Messages whose media are base64. They can be sent as they are. */
  messages: Message[]
}

/**
 * A conversation in the stored form, for `JSON.stringify` or a JSON column of a database. The messages are not changed.
 * @throws {LlmError} `invalid-request` for media whose data is neither bytes nor text, and for parts that are none
 * @example
 * await writeFile('chat.json', JSON.stringify(storeMessages(messages)))
 */
export function storeMessages(messages: readonly MessageInput[]): StoredMessages {
  return { version, messages: messages.map((message, index) => toStored(message, `messages[${index}]`)) }
}

/**
 * The messages of a stored conversation. Accepts the stored form, its JSON text, and what `JSON.stringify(messages)` made of plain
 * messages, bytes included.
 * @throws {LlmError} `invalid-request` for anything else, and for the form of a later version of Patchbay
 * @example
 * const messages = restoreMessages(await readFile('chat.json', 'utf8'))
 */
export function restoreMessages(stored: unknown): Message[] {
  const value = typeof stored === 'string' ? parsed(stored) : stored
  if (isObject(value) && typeof value.version === 'number' && value.version > version)
    throw invalidForm(
      `has the version ${value.version}, which this version of Patchbay does not know. Update it`,
    )
  const messages = isObject(value) ? value.messages : value
  if (!Array.isArray(messages))
    throw invalidForm('is not a list of messages, nor the result of storeMessages()')
  return messages.map((message, index) => {
    const isMessage =
      typeof message === 'string' ||
      (isObject(message) &&
        typeof message.role === 'string' &&
        (typeof message.content === 'string' || Array.isArray(message.content)))
    if (!isMessage) throw invalidForm(`has no message at ${index}`)
    return toStored(message as MessageInput, `messages[${index}]`)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalidForm('is not JSON: it may have been cut off', cause)
  }
}

function invalidForm(problem: string, cause?: unknown): LlmError {
  return new LlmError('invalid-request', `The stored conversation ${problem}.`, { cause })
}

function toStored(message: MessageInput, at: string): Message {
  if (typeof message === 'string') return { role: 'user', content: message }
  const { content } = message
  return omitUndefined({
    ...message,
    content: typeof content === 'string' ? content : storedParts(content, `${at}.content`),
  }) as Message
}

// Results of tools within results of tools; no conversation has that many.
const deepest = 50

function storedParts(parts: readonly Part[], at: string, depth = 1): Part[] {
  if (depth > deepest)
    throw invalid(`${at.split('.', 1)}`, `has results of tools nested deeper than ${deepest}`)
  return parts.map((part, index) => storedPart(part, `${at}[${index}]`, depth))
}

function storedPart(part: Part, at: string, depth: number): Part {
  if (!isObject(part) || typeof part.type !== 'string') throw invalid(at, 'must be a part with a type')
  if (part.type === 'tool-result' && Array.isArray(part.output))
    return { ...part, output: storedParts(part.output, `${at}.output`, depth + 1) }
  const data: unknown = 'data' in part ? part.data : undefined
  if (data === undefined || typeof data === 'string') return part
  const bytes =
    data instanceof Uint8Array
      ? data
      : data instanceof ArrayBuffer
        ? new Uint8Array(data)
        : bytesFromJson(data)
  if (bytes === undefined)
    throw invalid(`${at}.data`, 'must be bytes (Uint8Array or ArrayBuffer) or base64 text')
  return { ...part, data: toBase64(bytes) } as Part
}
