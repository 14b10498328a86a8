// Answers of the gateway as the official SDK of their protocol reads them: it gets the bytes in place of a service's.
import Anthropic from '@anthropic-ai/sdk'
import { Ollama } from 'ollama'
import OpenAI from 'openai'

/** What a client takes from an answer. */
export interface ReadAnswer {
  text: string
  calls: { id: string; name: string; input: unknown }[]
  /** Why it ended, in the protocol's own word. */
  reason: string | null | undefined
  /** With those that were read from a cache. A stream of Chat Completions has usage only if the client asks for it. */
  inputTokens: number | undefined
  outputTokens: number | undefined
}

type Read = (answer: Response, isStream: boolean) => Promise<ReadAnswer>

const options = (answer: Response) => ({ apiKey: 'none', maxRetries: 0, fetch: async () => answer })
const model = 'default'

const chatCompletions: Read = async (answer, isStream) => {
  const { completions } = new OpenAI(options(answer)).chat
  const body = { model, messages: [] }
  const { choices, usage } = isStream
    ? await completions.stream(body).finalChatCompletion()
    : await completions.create(body)
  const { message, finish_reason: reason } = choices[0] as (typeof choices)[0]
  return {
    text: message.content ?? '',
    calls: (message.tool_calls ?? []).flatMap((call) =>
      call.type === 'function'
        ? [{ id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) }]
        : [],
    ),
    reason,
    inputTokens: usage?.prompt_tokens,
    outputTokens: usage?.completion_tokens,
  }
}

const responses: Read = async (answer, isStream) => {
  const api = new OpenAI(options(answer)).responses
  const body = { model, input: '' }
  const { output_text, output, status, usage } = isStream
    ? await api.stream(body).finalResponse()
    : await api.create(body)
  return {
    text: output_text,
    calls: output.flatMap((item) =>
      item.type === 'function_call'
        ? [{ id: item.call_id, name: item.name, input: JSON.parse(item.arguments) }]
        : [],
    ),
    reason: status,
    inputTokens: usage?.input_tokens,
    outputTokens: usage?.output_tokens,
  }
}

const messages: Read = async (answer, isStream) => {
  const api = new Anthropic(options(answer)).messages
  const body = { model, max_tokens: 100, messages: [] }
  const { content, stop_reason, usage } = isStream
    ? await api.stream(body).finalMessage()
    : await api.create(body)
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: content.flatMap((block) =>
      block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    reason: stop_reason,
    inputTokens: usage.input_tokens + (usage.cache_read_input_tokens ?? 0),
    outputTokens: usage.output_tokens,
  }
}

const ollama: Read = async (answer, isStream) => {
  const client = new Ollama({ fetch: async () => answer })
  const body = { model, messages: [] }
  const pieces = []
  if (isStream) for await (const piece of await client.chat({ ...body, stream: true })) pieces.push(piece)
  else pieces.push(await client.chat(body))
  const last = pieces.at(-1)
  return {
    text: pieces.map(({ message }) => message.content).join(''),
    calls: pieces
      .flatMap(({ message }) => message.tool_calls ?? [])
      .map((call) => ({ id: '', name: call.function.name, input: call.function.arguments })),
    reason: last?.done_reason,
    inputTokens: last?.prompt_eval_count,
    outputTokens: last?.eval_count,
  }
}

const protocols: [path: RegExp, read: Read][] = [
  [/\/chat\/completions/, chatCompletions],
  [/\/responses/, responses],
  [/\/messages/, messages],
  [/\/api\/chat/, ollama],
]

/** The reader of the protocol of a path, if an SDK has one. */
export function parserOf(path: string): Read | undefined {
  return protocols.find(([pattern]) => pattern.test(path))?.[1]
}
