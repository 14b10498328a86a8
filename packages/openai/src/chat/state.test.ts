// Reasoning and signatures of chat completions: sent back to the service that made them, and to no other.
import { describe, expect, it } from 'vitest'
import { json } from '../../test/server.js'
import { type Events, type Json, result, service } from '../../test/service.js'
import { calls, chunk, end, serve } from '../../test/wire.js'
import { openai } from '../index.js'

const call = (more: Json = {}) =>
  calls({ index: 0, id: 'call_1', type: 'function', function: { name: 'clock', arguments: '{}' }, ...more })
const answer: Events = [chunk({ content: 'noon' }), end(), '[DONE]']
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

  it('in pieces without an index is one detail, and whole ones stay apart', async () => {
    const piece = (text: string) => ({ type: 'reasoning.text', text, format: 'unknown' })
    const streamed = await service(
      { preset: 'openrouter' },
      toolTurn({ reasoning_details: [piece('Look ')] }, { reasoning_details: [piece('up.')] }),
      answer,
    )
    await streamed.say(['x', await streamed.say(['x']), result()])
    expect(streamed.sent()[1]).toMatchObject({ reasoning_details: [piece('Look up.')] })
    const tool_calls = [{ id: 'call_1', type: 'function', function: { name: 'clock', arguments: '{}' } }]
    const message = { content: null, reasoning_details: [piece('Look '), piece('up.')], tool_calls }
    const server = await serve(json({ choices: [{ message, finish_reason: 'tool_calls' }] }))
    const llm = openai('m', { apiKey: 'k', baseURL: server.url })
    const first = await llm.chat({ messages: 'x', maxOutputTokens: 100 })
    await llm.chat({ messages: ['x', first.message, result()], maxOutputTokens: 100 })
    const { messages } = server.requests[1]?.json as { messages: Json[] }
    expect(messages[1]).toMatchObject({ reasoning_details: message.reasoning_details })
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
