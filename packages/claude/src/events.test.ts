// Answers of the Messages API, streamed and whole: events, cut streams, finish reasons, citations.
import type { ServedResponse } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { json, sse } from '../test/server.js'
import { ask, block, failureOf, options, serve, start, stop, text } from '../test/wire.js'
import { claude } from './index.js'

describe('an answer', () => {
  const whole = sse([
    start(),
    { type: 'ping' },
    ...block(
      0,
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'thinking_delta', thinking: 'Let me ' },
      { type: 'thinking_delta', thinking: 'see.' },
      { type: 'signature_delta', signature: 'sig' },
    ),
    ...block(
      1,
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'signature_delta', signature: 'hidden' },
    ),
    ...text(2, 'Wörld 🦀', ' peace'),
    ...block(
      3,
      { type: 'tool_use', id: 't1', name: 'a', input: {} },
      { type: 'input_json_delta', partial_json: '' },
      { type: 'input_json_delta', partial_json: '{"x":' },
      { type: 'input_json_delta', partial_json: '1}' },
    ),
    ...block(4, { type: 'tool_use', id: 't2', name: 'b', input: { given: true }, caller: { type: 'code' } }),
    ...block(
      5,
      { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
      { type: 'input_json_delta', partial_json: '{"q":"x"}' },
    ),
    ...block(6, { type: 'never_heard_of', a: 1 }, { type: 'strange_delta', a: 2 }),
    { type: 'never_heard_of_either' },
    ...stop('tool_use', {
      output_tokens: 9,
      cache_read_input_tokens: null,
      output_tokens_details: { thinking_tokens: 4 },
    }),
  ])

  it('becomes text, reasoning with its state, tool calls, provider blocks and usage', async () => {
    const response = await (await ask(whole)).chat('Hello')
    expect(response).toMatchObject({
      text: 'Wörld 🦀 peace',
      reasoning: 'Let me see.',
      finishReason: 'tool-calls',
      rawFinishReason: 'tool_use',
      id: 'msg_1',
      requestId: 'req_1',
      model: 'claude-x-1',
    })
    expect(response.usage).toEqual({
      inputTokens: 123,
      cachedInputTokens: 20,
      cacheWriteTokens: 100,
      outputTokens: 9,
      reasoningTokens: 4,
    })
    const opaque = (data: unknown) => ({ provider: 'claude', host: expect.stringMatching(/^127/), data })
    expect(response.message.content).toEqual([
      { type: 'reasoning', text: 'Let me see.', opaque: opaque({ signature: 'sig' }) },
      { type: 'reasoning', text: '', opaque: opaque({ signature: 'hidden' }) },
      { type: 'text', text: 'Wörld 🦀 peace' },
      { type: 'tool-call', id: 't1', name: 'a', input: { x: 1 } },
      {
        type: 'tool-call',
        id: 't2',
        name: 'b',
        input: { given: true },
        opaque: opaque({ caller: { type: 'code' } }),
      },
      {
        type: 'provider-block',
        kind: 'server_tool_use',
        opaque: opaque({ type: 'server_tool_use', id: 's1', name: 'web_search', input: { q: 'x' } }),
        tool: { id: 's1', name: 'web_search', input: { q: 'x' } },
      },
      { type: 'provider-block', kind: 'never_heard_of', opaque: opaque({ type: 'never_heard_of', a: 2 }) },
    ])
  })

  it('is the same in packets of any size', async () => {
    let chunk = 500
    const server = await serve(() => ({ ...whole, chunk }))
    const provider = claude('claude-x', { ...options, baseURL: server.url })
    const expected = (await provider.chat('Hello')).message
    for (chunk of [1, 3, 64, 1e6]) expect((await provider.chat('Hello')).message).toEqual(expected)
  })

  it('truncated anywhere, cleanly or not, is an error with what had arrived', async () => {
    const body = Buffer.from(whole.body as string)
    const end = body.indexOf('event: message_stop')
    let fault: Partial<ServedResponse> = {}
    const server = await serve(() => ({ ...whole, ...fault }))
    const provider = claude('claude-x', { ...options, baseURL: server.url })
    await fc.assert(
      fc.asyncProperty(fc.nat(end), fc.constantFrom('cutAt', 'resetAt'), async (at, kind) => {
        fault = { [kind]: at }
        const error = await failureOf(provider.chat('Hello'))
        expect(['bad-response', 'network']).toContain(error.code)
        expect('Wörld 🦀 peace'.startsWith(error.partial?.text ?? '')).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('that stalls, never closes, or is aborted releases the connection', async () => {
    const stalling = await serve({ ...whole, stallAt: 900 })
    expect(
      await failureOf(
        claude('claude-x', { ...options, baseURL: stalling.url, timeout: { first: 60, idle: 60 } }).chat(
          'Hello',
        ),
      ),
    ).toMatchObject({ code: 'timeout' })
    const open = await serve({ ...whole, neverEnd: true })
    expect((await claude('claude-x', { ...options, baseURL: open.url }).chat('Hello')).text).toBe(
      'Wörld 🦀 peace',
    )
    for await (const event of claude('claude-x', { ...options, baseURL: open.url }).stream('Hello'))
      if (event.type === 'reasoning') break
    await vi.waitFor(() => expect([stalling.open, open.open]).toEqual([0, 0]))
  })

  it('truncated by max_tokens inside a call has no such call; a complete call with bad JSON is marked', async () => {
    const half = block(
      0,
      { type: 'tool_use', id: 't1', name: 'rm', input: {} },
      { type: 'input_json_delta', partial_json: '{"path":"/' },
    )
    expect(await (await ask(sse([start(), ...half, ...stop('max_tokens')]))).chat('x')).toMatchObject({
      finishReason: 'length',
      toolCalls: [],
      warnings: [{ feature: 'tools' }],
    })
    expect(await (await ask(sse([start(), ...half, ...stop('tool_use')]))).chat('x')).toMatchObject({
      finishReason: 'tool-calls',
      toolCalls: [{ input: { $unparsed: '{"path":"/' } }],
    })
  })

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['pause_turn', 'pause'],
    ['refusal', 'refusal'],
    ['tomorrow', 'other'],
  ])('with stop reason %s has finish reason %s', async (raw, finishReason) => {
    expect(await (await ask(sse([start(), ...text(0, 'a'), ...stop(raw)]))).chat('x')).toMatchObject({
      finishReason,
      rawFinishReason: raw,
    })
  })

  it('names the stop sequence it stopped at', async () => {
    const ended = {
      type: 'message_delta',
      delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' },
      usage: {},
    }
    const events = [start(), ...text(0, 'a'), ended, { type: 'message_stop' }]
    expect(await (await ask(sse(events))).chat('x')).toMatchObject({
      finishReason: 'stop',
      stopSequence: 'END',
    })
    expect(await (await ask(sse([start(), ...text(0, 'a'), ...stop()]))).chat('x')).not.toHaveProperty(
      'stopSequence',
    )
  })

  it('may begin with complete blocks, begin twice, or come in one piece', async () => {
    const resumed = start({ content: [{ type: 'text', text: 'All ' }], stop_reason: 'end_turn' })
    expect(
      (await (await ask(sse([resumed, start(), ...text(1, 'here.'), { type: 'message_stop' }]))).chat('x'))
        .text,
    ).toBe('All here.')
    expect(
      await (
        await ask(
          json({
            id: 'msg_1',
            type: 'message',
            model: 'm',
            content: [{ type: 'text', text: 'whole' }],
            stop_reason: 'end_turn',
            usage: { input_tokens: 1, output_tokens: 2 },
          }),
        )
      ).chat('x'),
    ).toMatchObject({ text: 'whole', usage: { inputTokens: 1 } })
  })

  it.each([
    ['of the same id', 'msg_1'],
    ['of another id', 'msg_2'],
  ])('that begins again, %s, is its second beginning, with a warning', async (_, id) => {
    const lost = block(
      1,
      { type: 'tool_use', id: 't1', name: 'rm', input: {} },
      { type: 'input_json_delta', partial_json: '{}' },
    )
    const body = [start(), ...text(0, 'Hel'), ...lost, start({ id }), ...text(0, 'Hello'), ...stop()]
    const response = await (await ask(sse(body))).chat('x')
    expect(response).toMatchObject({ text: 'Hello', toolCalls: [], finishReason: 'stop', id })
    expect(response.message.content).toEqual([{ type: 'text', text: 'Hello' }])
    expect(response.warnings).toMatchObject([{ code: 'other', feature: 'stream' }])
  })

  it('of a deprecated model has a warning with its last day, and an app may freeze its console', async () => {
    const print = vi.fn()
    const frozen = Object.fromEntries(Object.keys(console).map((method) => [method, print]))
    vi.stubGlobal('console', Object.freeze(frozen))
    onTestFinished(() => void vi.unstubAllGlobals())
    const answer = sse([start(), ...text(0, 'a'), ...stop()])
    const response = await (await ask(answer, 'claude-sonnet-4-5')).chat('x')
    expect(response.warnings).toMatchObject([
      { code: 'other', feature: 'model', message: expect.stringContaining('2026-11-30') },
    ])
    expect(print).not.toHaveBeenCalled()
  })

  it('keeps its citations', async () => {
    const citation = {
      type: 'char_location',
      cited_text: 'grass',
      document_title: 'Doc',
      start_char_index: 1,
      end_char_index: 6,
    }
    const { message } = await (
      await ask(
        sse([
          start(),
          ...block(
            0,
            { type: 'text', text: '' },
            { type: 'text_delta', text: 'Green.' },
            { type: 'citations_delta', citation },
          ),
          ...stop(),
        ]),
      )
    ).chat('x')
    expect(message.content).toEqual([
      {
        type: 'text',
        text: 'Green.',
        citations: [{ title: 'Doc', quote: 'grass', source: { unit: 'character', start: 1, end: 6 } }],
        opaque: { provider: 'claude', host: expect.stringMatching(/^127/), data: { citations: [citation] } },
      },
    ])
  })
})
