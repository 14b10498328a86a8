// Raw requests: what a client wrote in the protocol of the service, which a backend of that protocol sends as it is. So what the
// contract has no word for goes through, in both directions.
import type { PreparedChat } from '../contract/backend.js'
import { fieldsOf } from './formats/received-json.js'

/** The protocols that a raw request can have. */
export type WireProtocol = 'anthropic-messages' | 'openai-responses' | 'openai-chat' | 'ollama-chat'

/**
 * A request in the protocol of a service: `providerOptions: { claude: { rawRequest } }`. The chat request beside it says the
 * same, for policies and for providers that speak another protocol.
 */
export interface RawRequest {
  protocol: WireProtocol
  /** The body. The backend sets `model`. */
  body: Record<string, unknown>
  /** Headers that belong to the protocol, for example `anthropic-beta`; names in lower case. */
  headers: Record<string, string>
  /** The options of the chat request that the body sets. Others have come from defaults, and are added to it. */
  options: readonly string[]
}

/** Takes each event of an answer as the service sent it, or the whole answer. */
export type AnswerTap = (value: unknown, form: 'event' | 'whole') => void

// By the request itself: one that a policy has rewritten is another, whose answer the policy may have to change.
const taps = new WeakMap<object, () => AnswerTap>()

/** Reads the answers to a raw request as the service sends them. `open` is called at the beginning of each answer. */
export function tapAnswers(raw: RawRequest, open: () => AnswerTap): void {
  taps.set(raw, open)
}

/** A chat request and the raw request that it holds, if that has this protocol; `undefined` in place of others. */
export function splitRaw(
  chat: PreparedChat,
  protocol: WireProtocol | undefined,
): { chat: PreparedChat; raw: RawRequest | undefined } {
  const { rawRequest, ...providerOptions } = chat.providerOptions
  if (rawRequest === undefined) return { chat, raw: undefined }
  const raw = rawRequest as RawRequest
  return { chat: { ...chat, providerOptions }, raw: raw.protocol === protocol ? raw : undefined }
}

/** What defaults add to a raw request: a chat request with a message that only stands for those of the raw one. */
export function besideRaw(chat: PreparedChat, { options }: RawRequest): PreparedChat {
  const { toolChoice: _, parallelToolCalls: __, ...rest } = chat
  const added = Object.entries(rest).filter(([name]) => !options.includes(name))
  return {
    ...Object.fromEntries(added),
    messages: [{ role: 'user', content: [{ type: 'text', text: '.' }] }],
    tools: [],
    providerOptions: chat.providerOptions,
  }
}

/** Whether the client of a raw request asks for a stream. */
export function wantsStream({ body }: RawRequest): boolean {
  return body.stream === true
}

/** The events of an answer, which the reader of the raw request's answers sees too. `form`: one event may be the whole answer. */
export function tapEvents(
  events: AsyncIterable<unknown>,
  raw: RawRequest | undefined,
  form: 'event' | 'whole' = 'event',
): AsyncIterable<unknown> {
  const tap = raw && taps.get(raw)?.()
  return tap === undefined ? events : tapped(events, (event) => tap(event, form))
}

async function* tapped(
  events: AsyncIterable<unknown>,
  tap: (event: unknown) => void,
): AsyncGenerator<unknown> {
  for await (const event of events) {
    tap(event)
    yield event
  }
}

/** A whole answer, which the reader of the raw request's answers sees too. */
export function tapWhole<Answer>(answer: Answer, raw: RawRequest | undefined): Answer {
  if (raw !== undefined) taps.get(raw)?.()(answer, 'whole')
  return answer
}

/** The id of an answer, by its first event or its whole. */
export function answerId(value: unknown): string | undefined {
  const { id, message, response } = fieldsOf(value)
  const found = id ?? fieldsOf(message).id ?? fieldsOf(response).id
  return typeof found === 'string' ? found : undefined
}
