// Reasoning, signatures, encrypted items and ids: sent back to the service that made them, and to no other.
import type { Message, MessageInput } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../test/server.js'
import { calls, chunk, completed, created, end, serve } from '../test/wire.js'
import { type OpenAIOptions, openai } from './index.js'

type Json = Record<string, unknown>
type Events = (Json | string)[]

/** A service with these answers, and the bodies it received. */
async function service(options: Partial<OpenAIOptions>, ...answers: Events[]) {
  let turn = 0
  const server = await serve(() => sse(answers[Math.min(turn++, answers.length - 1)] ?? []))
  const { model = 'm', ...rest } = options
  const llm = openai(model, { apiKey: 'k', retry: false, baseURL: server.url, ...rest })
  return {
    llm,
    say: async (messages: MessageInput[]) => (await llm.chat(messages)).message,
    /** The messages or items of the latest request. */
    sent: () => {
      const body = server.requests.at(-1)?.json as { messages?: Json[]; input?: Json[] }
      return (body.messages ?? body.input ?? []) as Json[]
    },
  }
}

const call = (more: Json = {}) =>
  calls({ index: 0, id: 'call_1', type: 'function', function: { name: 'clock', arguments: '{}' }, ...more })
const answer: Events = [chunk({ content: 'noon' }), end(), '[DONE]']
const result = (id = 'call_1'): Message => ({
  role: 'tool',
  content: [{ type: 'tool-result', id, output: '12:00' }],
})
const toolTurn = (...deltas: Json[]): Events => [
  ...deltas.map((delta) => chunk(delta)),
  call(),
  end('tool_calls'),
  '[DONE]',
]

describe('reasoning in chat completions', () => {
  it('goes back to DeepSeek with every turn once there are tool calls, and to no other service', async () => {
    const deepseek = await service(
      { preset: 'deepseek', model: 'deepseek-v4-pro' },
      toolTurn({ reasoning_content: 'Look at ' }, { reasoning_content: 'the clock.' }),
      [chunk({ reasoning_content: 'It says noon.' }), ...answer],
    )
    const first = await deepseek.say(['What time is it?'])
    const second = await deepseek.say(['What time is it?', first, result()])
    const history = ['What time is it?', first, result(), second, 'Sure?']
    await deepseek.say(history)
    expect(deepseek.sent()).toMatchObject([
      { role: 'user' },
      { role: 'assistant', reasoning_content: 'Look at the clock.', tool_calls: [{ id: 'call_1' }] },
      { role: 'tool' },
      { role: 'assistant', reasoning_content: 'It says noon.', content: 'noon' },
      { role: 'user' },
    ])
    for (const preset of ['groq', 'mistral', 'cerebras', 'compatible', 'deepseek'] as const) {
      const other = await service({ preset }, answer)
      await other.say(history)
      const sent = other.sent()
      expect(JSON.stringify(sent)).not.toMatch(/Look at|It says/)
      if (preset !== 'deepseek') expect(JSON.stringify(sent)).not.toContain('reasoning')
      expect(sent[1]).toMatchObject({ tool_calls: [{ function: { name: 'clock' } }] })
      expect(sent[2]).toMatchObject({ role: 'tool', content: '12:00' })
    }
    // Back at the first service, it is there again.
    await deepseek.say(history)
    expect(deepseek.sent()[1]).toMatchObject({ reasoning_content: 'Look at the clock.' })
  })

  it.each([
    ['deepseek', 'deepseek-v4-flash', ''],
    ['moonshot', 'kimi-k2.5', '.'],
  ] as const)('is a placeholder for %s where a turn has none', async (preset, model, placeholder) => {
    const llm = await service({ preset, model }, toolTurn(), answer)
    const first = await llm.say(['What time is it?'])
    await llm.say(['What time is it?', first, result()])
    expect(llm.sent()[1]).toMatchObject({ content: null, reasoning_content: placeholder })
  })

  it('stays out of a conversation without tools', async () => {
    const llm = await service({ preset: 'deepseek', model: 'deepseek-v4-pro' }, [
      chunk({ reasoning_content: 'Hm.' }),
      ...answer,
    ])
    await llm.say(['Hi', await llm.say(['Hi']), 'Again'])
    expect(llm.sent()[1]).toEqual({ role: 'assistant', content: 'noon' })
  })

  it('goes back to Groq in its own field', async () => {
    const llm = await service({ preset: 'groq' }, toolTurn({ reasoning: 'Hm.' }), answer)
    await llm.say(['x', await llm.say(['x']), result()])
    expect(llm.sent()[1]).toMatchObject({ reasoning: 'Hm.', tool_calls: [{}] })
  })

  const details: [Json, Json] = [
    {
      type: 'reasoning.text',
      text: 'Look at the clock.',
      signature: 'SIGNED',
      format: 'anthropic-claude-v1',
      index: 0,
    },
    { type: 'reasoning.encrypted', data: 'OPAQUE', id: 'rs_1', format: 'openai-responses-v1', index: 1 },
  ]
  const [{ text: _text, signature: _signature, ...common }, encrypted] = details
  it.each<[string, Json[]]>([
    ['whole', [{ reasoning: 'Look at the clock.', reasoning_details: details }]],
    [
      'in pieces',
      [
        { reasoning: 'Look at ', reasoning_details: [{ ...common, text: 'Look at ' }] },
        { reasoning: 'the clock.', reasoning_details: [{ ...common, text: 'the clock.', signature: null }] },
        { reasoning_details: [{ ...common, signature: 'SIGNED' }] },
        { reasoning_details: [encrypted] },
      ],
    ],
    [
      'in pieces without text of its own',
      [
        { reasoning_details: [{ ...common, text: 'Look at ' }] },
        { reasoning_details: [{ ...common, text: 'the clock.' }] },
        { reasoning_details: [{ ...common, signature: 'SIGNED' }, encrypted] },
      ],
    ],
  ])('with details, %s, goes back to the same model with all of them', async (_, deltas) => {
    const llm = await service({ preset: 'openrouter', model: 'a' }, toolTurn(...deltas), answer)
    const first = await llm.say(['x'])
    expect(first.content.filter(({ type }) => type === 'reasoning')).toMatchObject([
      { text: 'Look at the clock.' },
    ])
    await llm.say(['x', first, result()])
    expect(llm.sent()[1]).toMatchObject({ reasoning_details: details })
    expect(llm.sent()[1]).not.toHaveProperty('reasoning')
    const other = await service({ preset: 'openrouter', model: 'a' }, answer)
    await other.say(['x', first, result()])
    expect(JSON.stringify(other.sent())).not.toMatch(/SIGNED|OPAQUE/)
  })

  it('that is only encrypted goes back too, and comes as an empty part', async () => {
    const encryptedOnly = { reasoning_details: [encrypted] }
    const llm = await service({ preset: 'openrouter' }, toolTurn(encryptedOnly), answer)
    const first = await llm.say(['x'])
    expect(first.content.map(({ type }) => type)).toEqual(['reasoning', 'tool-call'])
    await llm.say(['x', first, result()])
    expect(llm.sent()[1]).toMatchObject(encryptedOnly)
  })

  it('of Copilot is read, and goes back with its opaque field', async () => {
    const opaque = (delta: Json) => ({ ...delta, reasoning_opaque: 'OPAQUE' })
    const turn = [
      chunk({ reasoning_text: 'look at ' }),
      chunk({ reasoning_text: 'the clock' }),
      chunk(
        opaque({
          tool_calls: [{ index: 0, id: 'call_1', function: { name: 'clock', arguments: '{}' } }],
        }),
      ),
      end('tool_calls'),
    ]
    const llm = await service({}, turn, answer)
    const { message, reasoning } = await llm.llm.chat('x')
    expect(reasoning).toBe('look at the clock')
    await llm.say(['x', message, result()])
    expect(llm.sent()[1]).toMatchObject(opaque({ reasoning_text: 'look at the clock' }))
  })
})

describe("Gemini's signatures", () => {
  const extra_content = { google: { thought_signature: 'SIG==' } }
  const turn: Events = [call({ extra_content }), end('tool_calls')]

  it('go back on their calls, to Google alone', async () => {
    const google = await service({ preset: 'google', model: 'gemini-3-pro' }, turn, answer)
    const first = await google.say(['x'])
    await google.say(['x', first, result()])
    expect(google.sent()).toMatchObject([
      {},
      { tool_calls: [{ id: 'call_1', extra_content }] },
      { role: 'tool', name: 'clock' },
    ])
    for (const preset of ['compatible', 'groq', 'openai'] as const) {
      const other = await service({ preset }, answer)
      await other.say(['x', first, result()])
      expect(JSON.stringify(other.sent())).not.toContain('extra_content')
    }
  })

  it('are replaced by the documented mark on calls of other models', async () => {
    const other = await service({}, toolTurn(), answer)
    const first = await other.say(['x'])
    const google = await service({ preset: 'google', model: 'gemini-3-flash' }, answer)
    await google.say(['x', first, result()])
    expect(google.sent()[1]).toMatchObject({
      tool_calls: [{ extra_content: { google: { thought_signature: 'skip_thought_signature_validator' } } }],
    })
    const older = await service({ preset: 'google', model: 'gemini-2.5-flash' }, answer)
    await older.say(['x', first, result()])
    expect(JSON.stringify(older.sent())).not.toContain('extra_content')
  })
})

describe('items of the Responses API', () => {
  const responses = { api: 'responses', model: 'gpt-5.4' } as const
  const ended = (output: Json[], more: Json = {}): Events => [created, completed({ output, ...more })]
  const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'ENC' }
  const message = (id: string) => ({
    type: 'message',
    id,
    role: 'assistant',
    content: [{ type: 'output_text', text: 'noon', annotations: [] }],
  })
  const functionCall = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'call_1',
    name: 'clock',
    arguments: '{}',
  }

  it('go back to their host, and elsewhere only as what was said', async () => {
    const own = await service(responses, ended([reasoning, message('msg_1'), functionCall]))
    const first = await own.say(['x'])
    await own.say(['x', first, result()])
    expect(own.sent().slice(1, 4)).toMatchObject([reasoning, { id: 'msg_1' }, { id: 'fc_1' }])
    const azure = await service({ ...responses, preset: 'azure' }, ended([message('msg_2')]))
    await azure.say(['x', first, result()])
    expect(azure.sent().slice(1)).toEqual([
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'noon', annotations: [] }],
      },
      { type: 'function_call', call_id: 'call_1', name: 'clock', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: '12:00' },
    ])
  })

  it.each([
    ['gpt-4o', false],
    ['gpt-4.1-mini', false],
    ['gpt-5-chat-latest', false],
    ['ft:gpt-4o:me', false],
    ['gpt-5', true],
    ['o4-mini', true],
    ['gpt-6-luna', true],
  ])('are asked for in encrypted form only of models that reason: %s', async (model, isAsked) => {
    const server = await serve(sse(ended([message('m')])))
    await openai(model, { apiKey: 'k', baseURL: server.url, api: 'responses' }).chat('x')
    const { include } = server.requests[0]?.json as { include?: string[] }
    expect(include).toEqual(isAsked ? ['reasoning.encrypted_content'] : undefined)
  })

  it('of reasoning go back only with the output that followed', async () => {
    const incomplete = {
      ...completed({
        output: [reasoning],
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
      }),
      type: 'response.incomplete',
    }
    const llm = await service(responses, [created, incomplete], ended([message('msg_1')]))
    await llm.say(['x', await llm.say(['x']), 'Go on.'])
    expect(llm.sent().map(({ role, type }) => type ?? role)).toEqual(['user', 'user'])
  })

  it('go back without their ids where their reasoning cannot', async () => {
    const open = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: null }
    const llm = await service(responses, ended([open, message('msg_9'), functionCall]), ended([]))
    await llm.say(['x', await llm.say(['x']), result()])
    expect(llm.sent().slice(1, 3)).toMatchObject([{ type: 'message' }, { type: 'function_call' }])
    for (const item of llm.sent()) expect(item).not.toHaveProperty('id')
  })

  it('go back without an id that is longer than the API takes, or with a shorter one', async () => {
    const long = 'x'.repeat(408)
    const llm = await service(
      responses,
      ended([
        { ...reasoning, id: long },
        message(long),
        { ...functionCall, id: long },
        { type: 'web_search_call', id: long, status: 'completed' },
      ]),
    )
    await llm.say(['x', await llm.say(['x']), result()])
    expect(llm.sent().slice(1, 5)).toMatchObject([
      { type: 'reasoning', encrypted_content: 'ENC' },
      { type: 'message', content: [{ text: 'noon' }] },
      { type: 'function_call', call_id: 'call_1' },
      { type: 'web_search_call' },
    ])
    const ids = llm.sent().map(({ id }) => id)
    expect(ids).toEqual([
      undefined,
      expect.stringMatching(/^rs_/),
      undefined,
      undefined,
      expect.any(String),
      undefined,
    ])
    for (const id of ids) expect(String(id ?? '').length).toBeLessThanOrEqual(64)
  })
})

it('state that names no host goes back to any host, as before it was named', async () => {
  const llm = await service({}, answer)
  await llm.say([
    'x',
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'Hm.', opaque: { provider: 'openai', data: { field: 'reasoning' } } },
        { type: 'tool-call', id: 'call_1', name: 'clock', input: {} },
      ],
    },
    result(),
  ])
  expect(llm.sent()[1]).toMatchObject({ reasoning: 'Hm.' })
})

it('an answer in one piece has the same state', async () => {
  const message = {
    role: 'assistant',
    content: null,
    reasoning_content: 'Hm.',
    tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'clock', arguments: '{}' } }],
  }
  const server = await serve(json({ choices: [{ message, finish_reason: 'tool_calls' }] }))
  const llm = openai('m', { apiKey: 'k', baseURL: server.url })
  const first = await llm.chat({ messages: 'x', maxOutputTokens: 100 })
  await llm.chat({ messages: ['x', first.message, result()], maxOutputTokens: 100 })
  const { messages } = server.requests[1]?.json as { messages: Json[] }
  expect(messages[1]).toEqual(message)
})
