// Law: a conversation that moves between services is, for each of them, a request of the form it takes. Random conversations, with
// state as the services send it.
import type { Message, MessageInput } from '@patchbay/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type OpenAIOptions, openai, type PresetName } from './index.js'

type Json = Record<string, unknown>
interface Service {
  name: string
  options: Partial<OpenAIOptions>
  /** A turn as the service sends it; with a call, or as an answer. */
  turn: (id: string | undefined) => Json
  problems: (body: Json) => string[]
}

const call = (id: string, more: Json = {}) => ({
  id,
  type: 'function',
  function: { name: 'clock', arguments: '{}' },
  ...more,
})
const chatTurn =
  (reasoning: Json, more: Json = {}) =>
  (id: string | undefined) => ({
    id: 'c',
    model: 'm',
    choices: [
      {
        index: 0,
        finish_reason: id === undefined ? 'stop' : 'tool_calls',
        message: {
          role: 'assistant',
          content: id === undefined ? 'Noon.' : null,
          ...reasoning,
          ...(id !== undefined && { tool_calls: [call(id, more)] }),
        },
      },
    ],
  })

const messagesOf = (body: Json) => body.messages as Json[]
const callsOf = (message: Json) => (message.tool_calls ?? []) as Json[]
const foreign = (body: Json, marks: RegExp) =>
  marks.test(JSON.stringify(body)) ? [`has state of another service: ${JSON.stringify(body)}`] : []
const fieldsBeyond = (body: Json, known: string[]) =>
  messagesOf(body).flatMap((message) =>
    Object.keys(message).flatMap((name) => (known.includes(name) ? [] : [`${message.role} has ${name}`])),
  )
const common = ['role', 'content', 'tool_calls', 'tool_call_id']

/** What all chat services require. */
function chatProblems(body: Json, longestId: number): string[] {
  const problems: string[] = []
  let open: unknown[] = []
  for (const message of messagesOf(body)) {
    const { role, content, tool_call_id: id } = message
    if (role === 'tool') {
      if (!open.includes(id)) problems.push(`result ${id} without its call`)
      open = open.filter((one) => one !== id)
    } else if (open.length > 0) problems.push(`calls without results before ${role}`)
    if (role === 'assistant') open = callsOf(message).map(({ id }) => id)
    if (new Set(open).size !== open.length) problems.push('calls of a turn share an id')
    if (!content && !(role === 'assistant' && open.length > 0) && role !== 'tool')
      problems.push(`${role} without content`)
    for (const one of [...open, id])
      if (typeof one === 'string' && one.length > longestId) problems.push(`id ${one}`)
  }
  return problems
}

function responsesProblems(body: Json): string[] {
  const problems: string[] = []
  const items = body.input as Json[]
  for (const [index, { type, id, call_id }] of items.entries()) {
    for (const one of [id, call_id])
      if (typeof one === 'string' && one.length > 64) problems.push(`id ${one}`)
    const next = items[index + 1]
    if (type === 'reasoning' && !/message|function_call$|reasoning/.test(String(next?.type)))
      problems.push('reasoning without its output')
    if (
      type === 'function_call' &&
      !items.some((item) => item.type === 'function_call_output' && item.call_id === call_id)
    )
      problems.push('call without result')
  }
  return problems
}

const chat = (
  name: PresetName,
  model: string,
  turn: Service['turn'],
  problems: Service['problems'],
): Service => ({
  name,
  options: { preset: name, model, baseURL: `https://${name}.test/v1` },
  turn,
  problems: (body) => [...chatProblems(body, name === 'moonshot' ? 200 : 40), ...problems(body)],
})

const services: Service[] = [
  chat('deepseek', 'deepseek-v4-pro', chatTurn({ reasoning_content: 'DEEP' }), (body) => {
    const turns = messagesOf(body).filter(({ role }) => role === 'assistant')
    const missing = turns.filter(({ reasoning_content: text }) => typeof text !== 'string')
    return [
      ...(turns.some((turn) => callsOf(turn).length > 0) && missing.length > 0
        ? ['reasoning_content is missing']
        : []),
      ...fieldsBeyond(body, [...common, 'reasoning_content']),
      ...foreign(body, /KIMI|GROQ|ROUTER|SIGNATURE|ENCRYPTED/),
    ]
  }),
  chat('moonshot', 'kimi-k2.6', chatTurn({ reasoning_content: 'KIMI' }), (body) => [
    ...messagesOf(body).flatMap((turn) =>
      callsOf(turn).length > 0 && !turn.reasoning_content ? ['reasoning_content is missing'] : [],
    ),
    ...foreign(body, /DEEP|GROQ|ROUTER|SIGNATURE|ENCRYPTED/),
  ]),
  chat('groq', 'openai/gpt-oss-120b', chatTurn({ reasoning: 'GROQ' }), (body) => [
    ...fieldsBeyond(body, [...common, 'reasoning']),
    ...foreign(body, /DEEP|KIMI|ROUTER|SIGNATURE|ENCRYPTED/),
  ]),
  chat(
    'openrouter',
    'a/b',
    chatTurn({
      reasoning: 'ROUTER',
      reasoning_details: [{ type: 'reasoning.text', text: 'ROUTER', signature: 'x', index: 0 }],
    }),
    (body) => foreign(body, /DEEP|KIMI|GROQ|SIGNATURE|ENCRYPTED/),
  ),
  chat(
    'google',
    'gemini-3-pro',
    chatTurn({}, { extra_content: { google: { thought_signature: 'SIGNATURE' } } }),
    (body) => [
      ...messagesOf(body).flatMap((turn) =>
        callsOf(turn)
          .slice(0, 1)
          .flatMap(({ extra_content }) => (extra_content ? [] : ['a signature is missing'])),
      ),
      ...fieldsBeyond(body, [...common, 'name']),
      ...foreign(body, /DEEP|KIMI|GROQ|ROUTER|ENCRYPTED/),
    ],
  ),
  chat('mistral', 'mistral-large-latest', chatTurn({}), (body) => [
    ...messagesOf(body).flatMap((message, index, all) => [
      ...callsOf(message).flatMap(({ id }) => (/^[a-zA-Z0-9]{9}$/.test(String(id)) ? [] : [`id ${id}`])),
      ...(message.role === 'user' && all[index - 1]?.role === 'tool' ? ['user after tool'] : []),
    ]),
    ...fieldsBeyond(body, [...common, 'prefix']),
    ...foreign(body, /DEEP|KIMI|GROQ|ROUTER|SIGNATURE|ENCRYPTED/),
  ]),
  chat('vllm', 'qwen3', chatTurn({ reasoning_content: 'QWEN' }), (body) => [
    ...messagesOf(body).flatMap(({ role }, index, all) => [
      ...(role === 'system' && index > 0 ? ['a late system message'] : []),
      ...(role === 'user' && all[index - 1]?.role === 'user' ? ['two user messages'] : []),
    ]),
    ...foreign(body, /DEEP|KIMI|GROQ|ROUTER|SIGNATURE|ENCRYPTED/),
  ]),
  ...(['openai', 'azure'] as const).map(
    (name): Service => ({
      name,
      options: { preset: name, api: 'responses', model: 'gpt-5.4', baseURL: `https://${name}.test/v1` },
      turn: (id) => ({
        id: 'r',
        status: 'completed',
        output: [
          { type: 'reasoning', id: `rs_${name}`, summary: [], encrypted_content: `ENCRYPTED ${name}` },
          id === undefined
            ? {
                type: 'message',
                id: `msg_${name}`,
                role: 'assistant',
                content: [{ type: 'output_text', text: 'Noon.' }],
              }
            : { type: 'function_call', id: `fc_${name}`, call_id: id, name: 'clock', arguments: '{}' },
        ],
      }),
      problems: (body) => [
        ...responsesProblems(body),
        ...foreign(body, name === 'openai' ? /DEEP|_azure|ENCRYPTED azure/ : /DEEP|_openai|ENCRYPTED openai/),
      ],
    }),
  ),
]

const stepOf = fc.record({
  service: fc.constantFrom(...services),
  call: fc.option(
    fc.constantFrom('call_0', 'functions.clock:0', 'x'.repeat(80), `${'x'.repeat(80)}y`, 'call.1', 'call:1'),
    { nil: undefined },
  ),
  more: fc.constantFrom<Message[]>(
    [],
    [{ role: 'system', content: 'Be brief.' }],
    [{ role: 'user', content: [{ type: 'image', url: 'https://example.com/a.png' }] }],
    [{ role: 'assistant', content: [{ type: 'refusal', text: 'No.' }] }],
  ),
})

describe('law', () => {
  it('a conversation that moves between services is what each of them takes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepOf, { minLength: 1, maxLength: 6 }), async (steps) => {
        const conversation: MessageInput[] = ['What time is it?']
        for (const { service, call: id, more } of steps) {
          let sent: Json = {}
          const fetch: typeof globalThis.fetch = async (_, init) => {
            sent = JSON.parse(String(init?.body))
            return Response.json(service.turn(id))
          }
          const llm = openai({ model: 'm', ...service.options, apiKey: 'k', retry: false, fetch })
          const { message, toolCalls } = await llm.chat({ messages: conversation, maxOutputTokens: 100 })
          expect({ service: service.name, problems: service.problems(sent) }).toEqual({
            service: service.name,
            problems: [],
          })
          conversation.push(message)
          if (toolCalls.length > 0)
            conversation.push({
              role: 'tool',
              content: toolCalls.map(({ id }) => ({ type: 'tool-result', id, output: '12:00' })),
            })
          conversation.push(...more, 'And now?')
        }
      }),
      { numRuns: 60 },
    )
  })
})
