// From what callers may write to what a backend gets: sugar taken away, everything checked, nothing dropped unsaid.
import { defined } from './defined.js'
import { invalid } from './errors.js'
import { isObject } from './is-object.js'
import type { Message, MessageInput, Part } from './message.js'
import type { PreparedChat, PreparedMessage } from './provider.js'
import type { ChatInput, ChatRequest } from './request.js'
import type { Warning } from './response.js'
import { wellFormed } from './unicode.js'

/** What a backend gets, and what the caller should be told about it. */
export interface Prepared {
  chat: PreparedChat
  /** The request as the caller meant it, defaults included. */
  request: ChatRequest
  warnings: Warning[]
}

/**
 * Makes a request ready for a backend.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export async function prepare(
  input: ChatInput,
  defaults: Partial<ChatRequest>,
  provider: string,
): Promise<Prepared> {
  const request = withDefaults(input, defaults)
  if (Object.keys(request).some((name) => !plain.has(name))) (await loadOptions()).checkOptions(request)
  const warnings: Warning[] = []
  const tools =
    request.tools?.length || request.toolChoice
      ? (await import('./tools.js')).prepareTools(request, warnings)
      : []
  let messages = await prepareMessages(request, warnings)
  if (
    messages.some(({ content }) => content.some(({ type }) => type === 'tool-call' || type === 'tool-result'))
  )
    messages = (await import('./pairing.js')).pairToolCalls(
      messages,
      request.onUnsupported === 'warn',
      warnings,
    )
  if (!messages.some((message) => message.role !== 'system'))
    throw invalid('messages', 'has nothing to answer: add a user message with some text')

  const { system: _system, onUnsupported: _onUnsupported, providerOptions, output, stop, ...rest } = request
  const chat: PreparedChat = defined({
    ...rest,
    messages,
    tools,
    output: await prepareOutput(output, warnings),
    stop: stop?.length ? stop.map((one) => wellFormed(one, warnings)) : undefined,
    providerOptions: providerOptions?.[provider] ?? {},
  })
  return { chat, request, warnings }
}

// Most requests have an option or two, and asking for a loaded module again has its price too.
let options: Promise<typeof import('./options.js')> | undefined
const loadOptions = () => (options ??= import('./options.js'))
let parts: Promise<typeof import('./parts.js')> | undefined
const loadParts = () => (parts ??= import('./parts.js'))

// What a request of text alone has; all else is looked at by options.ts.
const plain = new Set(['messages', 'system', 'providerOptions'])

/** A question or a conversation as a whole request. */
export function asRequest(input: ChatInput): ChatRequest {
  const request = typeof input === 'string' || Array.isArray(input) ? { messages: input } : input
  if (!isObject(request))
    throw invalid('request', 'must be a string, a list of messages, or an object with messages')
  return request
}

/** The request as the caller meant it, defaults included. */
export function withDefaults(input: ChatInput, defaults: Partial<ChatRequest>): ChatRequest {
  const request = asRequest(input)
  const providerOptions = { ...defaults.providerOptions }
  for (const [name, options] of Object.entries(request.providerOptions ?? {}))
    providerOptions[name] = { ...providerOptions[name], ...options }
  return { ...defaults, ...defined(request), providerOptions } as ChatRequest
}

async function prepareOutput(
  output: ChatRequest['output'] = 'text',
  warnings: Warning[],
): Promise<PreparedChat['output']> {
  if (output === 'text') return undefined
  if (output === 'json') return {}
  if (!isObject(output) || !('schema' in output))
    throw invalid('output', "must be 'text', 'json' or an object with a schema")
  return (await import('./schema.js')).prepareSchema(output, warnings)
}

async function prepareMessages(request: ChatRequest, warnings: Warning[]): Promise<PreparedMessage[]> {
  const { messages: given, system } = request
  if (typeof given !== 'string' && !Array.isArray(given))
    throw invalid('messages', 'must be a string or a list of messages')
  const inputs: MessageInput[] = typeof given === 'string' ? [given] : given
  const prepared: PreparedMessage[] = system ? [{ role: 'system', content: [text(system, warnings)] }] : []
  for (const [index, input] of inputs.entries()) {
    const message: Message = typeof input === 'string' ? { role: 'user', content: input } : input
    const where = `messages[${index}]`
    if (!isObject(message) || !roles.has(message.role))
      throw invalid(where, 'must be a string or an object with a role: system, user, assistant or tool')
    if (message.visibility === 'user') continue
    const content = await prepareContent(message, where, warnings)
    if (content.length > 0)
      prepared.push({ role: message.role, content, ...(message.cache && { cache: message.cache }) })
    // A turn in which nothing was said tells the model nothing; a question or a result without content is a mistake.
    else if (message.role === 'user' || message.role === 'tool')
      throw invalid(where, 'is empty: give it some content or leave it out')
  }
  return prepared
}

const roles = new Set(['system', 'user', 'assistant', 'tool'])
async function prepareContent(message: Message, where: string, warnings: Warning[]): Promise<Part[]> {
  const { content, role } = message
  if (typeof content === 'string') {
    if (role === 'tool') throw invalid(`${where}.content`, 'must be a list of tool-result parts')
    return content === '' ? [] : [text(content, warnings)]
  }
  if (!Array.isArray(content)) throw invalid(`${where}.content`, 'must be a string or a list of parts')
  return (await loadParts()).prepareContentParts(content, role, `${where}.content`, warnings)
}

function text(value: unknown, warnings: Warning[]): Part {
  if (typeof value !== 'string') throw invalid('system', 'must be a string')
  return { type: 'text', text: wellFormed(value, warnings) }
}
