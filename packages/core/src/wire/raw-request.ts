// Raw requests in backends: the body goes through as the client wrote it, and the answer as the service wrote it. So what the
// contract has no word for goes through, in both directions.
import type { PreparedChat } from '../contract/backend.js'
import { LlmError } from '../contract/errors.js'
import type { RawRequest, WireProtocol } from '../contract/raw-request.js'
import { namesSetBy, openTap } from '../request/raw-binding.js'
import { fieldsOf } from './formats/received-json.js'

export type { AnswerTap, RawRequest, WireProtocol } from '../contract/raw-request.js'
export { bindRaw, withoutRaw } from '../request/raw-binding.js'

/**
 * A chat request and the raw request that it holds, if that has this protocol; `undefined` in place of others.
 * @throws {LlmError} `invalid-request` for a raw request of another protocol that says more than the chat request
 */
export function splitRaw(
  chat: PreparedChat,
  protocol: WireProtocol | undefined,
): { chat: PreparedChat; raw: RawRequest | undefined } {
  const { rawRequest, ...providerOptions } = chat.providerOptions
  if (rawRequest === undefined) return { chat, raw: undefined }
  // Its form was checked when the request was prepared.
  const raw = rawRequest as RawRequest
  if (raw.protocol !== protocol && raw.refusal !== undefined)
    throw new LlmError('invalid-request', raw.refusal)
  return { chat: { ...chat, providerOptions }, raw: raw.protocol === protocol ? raw : undefined }
}

/** What defaults add to a raw request: a chat request with a message that only stands for those of the raw one. */
export function besideRaw(chat: PreparedChat, raw: RawRequest): PreparedChat {
  const { toolChoice: _, parallelToolCalls: __, serverTools: ___, ...rest } = chat
  const names = namesSetBy(raw)
  const added = Object.entries(rest).filter(([name]) => !names.includes(name))
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

/**
 * The events of an answer, which the reader of the raw request's answers sees too. `form`: one event may be the whole answer.
 * `read` makes them, and calls `onText` with the text of each just before it gives it out.
 */
export function tapEvents(
  read: (onText?: (text: string) => void) => AsyncIterable<unknown>,
  raw: RawRequest | undefined,
  form: 'event' | 'whole' = 'event',
): AsyncIterable<unknown> {
  const tap = raw && openTap(raw)
  if (tap === undefined) return read()
  let text = ''
  const events = read((next) => {
    text = next
  })
  return tapped(events, (event) => tap(event, form, text))
}

/** An iterator by hand: a generator would add its own promises to each event. */
function tapped(
  events: AsyncIterable<unknown>,
  tap: (event: unknown) => void | Promise<void>,
): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const inner = events[Symbol.asyncIterator]()
      return {
        async next() {
          const result = await inner.next()
          if (result.done) return result
          try {
            const waiting = tap(result.value)
            if (waiting !== undefined) await waiting
          } catch (error) {
            await inner.return?.()
            throw error
          }
          return result
        },
        async return() {
          await inner.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}

/** A whole answer, which the reader of the raw request's answers sees too. */
export async function tapWhole<Answer>(answer: Answer, raw: RawRequest | undefined): Promise<Answer> {
  if (raw !== undefined) await openTap(raw)?.(answer, 'whole')
  return answer
}

/** The id of an answer, by its first event or its whole. */
export function answerId(value: unknown): string | undefined {
  const { id, message, response } = fieldsOf(value)
  const found = id ?? fieldsOf(message).id ?? fieldsOf(response).id
  return typeof found === 'string' ? found : undefined
}
