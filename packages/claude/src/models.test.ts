// Rules of model families: what each is sent, what it is not, and what it is refused before anything is sent.
import type { ChatRequest } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json } from '../test/server.js'
import { bodyOf, failureOf, options, sentFor, serve } from '../test/wire.js'
import { claude } from './index.js'
import { rulesFor } from './models.js'

const tools = [{ name: 'look', input: { type: 'object', properties: {} } }]
const newest = ['claude-opus-4-7', 'claude-opus-4-8', 'claude-opus-5', 'claude-sonnet-5', 'claude-haiku-5-5']
const alwaysThinking = ['claude-opus-5-5', 'claude-fable-5', 'claude-fable-5-2', 'claude-mythos-5-1']
const older = ['claude-sonnet-4-6', 'claude-opus-4-6', 'claude-haiku-4-5', 'claude-sonnet-4-5-20250929']

/** The error of a request that must not be sent. */
async function refusalOf(request: Partial<ChatRequest>, model: string) {
  const server = await serve(json({}))
  const error = await failureOf(
    claude(model, { ...options, baseURL: server.url }).chat({ messages: 'x', ...request }),
  )
  expect(server.requests).toEqual([])
  return error
}

describe('sampling options', () => {
  it.each([...newest, ...alwaysThinking, 'claude-sonnet-5-5'])('are unsupported by %s', async (model) => {
    for (const option of ['temperature', 'topP', 'topK'] as const) {
      expect(await refusalOf({ [option]: option === 'topK' ? 1 : 0.5 }, model)).toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining(option),
      })
      expect((await claude(model).capabilities()).options?.[option]).toBe(false)
    }
    const { body, warnings } = await sentFor(
      { temperature: 0, topP: 0.5, topK: 3, onUnsupported: 'warn' },
      model,
    )
    expect(['temperature', 'top_p', 'top_k'].filter((name) => name in body)).toEqual([])
    expect(warnings.map(({ feature }) => feature)).toEqual(['temperature', 'topP', 'topK'])
    // The defaults of every model need no field.
    const usual = await sentFor({ temperature: 1, topP: 1 }, model)
    expect(usual.warnings).toEqual([])
    expect(['temperature', 'top_p'].filter((name) => name in usual.body)).toEqual([])
  })

  it.each(older)('are sent to %s, by the version of the API that has them', async (model) => {
    const { body, headers } = await sentFor({ temperature: 0, topK: 3 }, model)
    expect(body).toMatchObject({ temperature: 0, top_k: 3 })
    expect(headers['anthropic-version']).toBe('2023-06-01')
    expect((await sentFor({}, model)).headers['anthropic-version']).toBe('2026-10-21')
  })

  it('in providerOptions are sent by that version too, unless the caller names another', async () => {
    const request = { providerOptions: { claude: { temperature: 0.5 } } }
    expect((await sentFor(request)).headers['anthropic-version']).toBe('2023-06-01')
    const named = { 'Anthropic-Version': '2026-10-21' }
    expect((await sentFor(request, 'claude-x', named)).headers['anthropic-version']).toBe('2026-10-21')
  })

  it.each<[Partial<ChatRequest>, string[], object]>([
    [{ temperature: 0.5, topP: 0.5 }, ['topP'], { temperature: 0.5 }],
    [{ temperature: 1.5 }, ['temperature'], {}],
    [{ temperature: 0.5, topK: 3, topP: 0.5, reasoning: 'low' }, ['temperature', 'topK', 'topP'], {}],
    [{ temperature: 1, topP: 0.97, reasoning: 'low' }, [], { top_p: 0.97 }],
  ])('that exclude each other are refused, or left out with a warning: %j', async (request, features, sent) => {
    const model = 'claude-sonnet-4-6'
    if (features.length > 0) expect((await refusalOf(request, model)).code).toBe('unsupported')
    const { body, warnings } = await sentFor({ ...request, onUnsupported: 'warn' }, model)
    expect(warnings.map(({ feature }) => feature)).toEqual(features)
    const { temperature, top_p, top_k } = body
    expect(JSON.parse(JSON.stringify({ temperature, top_p, top_k }))).toEqual(sent)
  })
})

describe('thinking', () => {
  it.each([
    ...newest,
    ...alwaysThinking,
    'claude-sonnet-5-5',
    'claude-opus-4-6',
  ])('of a level is adaptive, with its text, for %s', async (model) => {
    expect(await bodyOf({ messages: 'x', reasoning: 'max' }, model)).toMatchObject({
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'max' },
    })
  })

  it('of a level is a budget for older models, and nothing for those that do not think', async () => {
    expect(await bodyOf({ messages: 'x', reasoning: 'low' }, 'claude-haiku-4-5')).toMatchObject({
      thinking: { type: 'enabled', budget_tokens: 4_096 },
    })
    expect((await refusalOf({ reasoning: 'low' }, 'claude-3-5-haiku-20241022')).code).toBe('unsupported')
  })

  it.each([...newest, ...alwaysThinking])('takes no budget for %s', async (model) => {
    const request = { reasoning: { budgetTokens: 2_000 } }
    expect((await refusalOf(request, model)).code).toBe('unsupported')
    const { body, warnings } = await sentFor({ ...request, onUnsupported: 'warn' }, model)
    expect(body).not.toHaveProperty('thinking')
    expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'reasoningBudget' }])
  })

  it.each([
    ...['claude-opus-4-7', 'claude-opus-4-8', ...older].map((model) => [model, undefined] as const),
    ['claude-opus-5', { type: 'disabled' }],
    ['claude-sonnet-5', { type: 'disabled' }],
    ['claude-haiku-5-5', { type: 'disabled' }],
    ['claude-sonnet-5-5', { type: 'between_tools' }],
  ] as const)('is turned off for %s by thinking: %j', async (model, thinking) => {
    expect((await bodyOf({ messages: 'x', reasoning: 'off' }, model)).thinking).toEqual(thinking)
  })

  it.each(alwaysThinking)('cannot be turned off for %s', async (model) => {
    expect(await refusalOf({ reasoning: 'off' }, model)).toMatchObject({ code: 'unsupported' })
    const { body, warnings } = await sentFor({ reasoning: 'off', onUnsupported: 'warn' }, model)
    expect(body).not.toHaveProperty('thinking')
    expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'reasoning' }])
  })

  it.each([
    [{ reasoning: { budgetTokens: 100 } }],
    [{ reasoning: { budgetTokens: 5_000 }, maxOutputTokens: 5_000 }],
    [{ reasoning: 'low', maxOutputTokens: 500 }],
  ] as [Partial<ChatRequest>][])('whose budget does not fit is refused, or left out: %j', async (request) => {
    expect((await refusalOf(request, 'claude-sonnet-4-5')).message).toContain('1,024')
    const { body, warnings } = await sentFor({ ...request, onUnsupported: 'warn' }, 'claude-sonnet-4-5')
    expect(body).not.toHaveProperty('thinking')
    expect(warnings).toContainEqual(expect.objectContaining({ feature: 'reasoning' }))
  })
})

describe('a forced tool', () => {
  it.each([...alwaysThinking, 'claude-sonnet-5-5'])('is unsupported by %s', async (model) => {
    for (const toolChoice of ['required' as const, { name: 'look' }]) {
      expect((await refusalOf({ tools, toolChoice }, model)).code).toBe('unsupported')
      const { body } = await sentFor({ tools, toolChoice, onUnsupported: 'warn' }, model)
      expect(body).not.toHaveProperty('tool_choice')
    }
    expect(await bodyOf({ messages: 'x', tools, toolChoice: 'none' }, model)).toMatchObject({
      tool_choice: { type: 'none' },
    })
  })

  it.each([...older, 'claude-opus-4-7'])('excludes thinking for %s', async (model) => {
    const request = { tools, toolChoice: 'required', reasoning: 'low' } as const
    expect((await refusalOf(request, model)).code).toBe('unsupported')
    const { body, warnings } = await sentFor({ ...request, onUnsupported: 'warn' }, model)
    expect(body).toMatchObject({ tool_choice: { type: 'any' } })
    expect(body).not.toHaveProperty('thinking')
    expect(body).not.toHaveProperty('output_config')
    expect(warnings).toContainEqual(expect.objectContaining({ code: 'unsupported', feature: 'reasoning' }))
    expect(await bodyOf({ messages: 'x', ...request, reasoning: 'off' }, model)).toMatchObject({
      tool_choice: { type: 'any' },
    })
  })

  it.each([
    'claude-opus-4-8',
    'claude-opus-5',
    'claude-sonnet-5',
    'claude-haiku-5-5',
  ])('goes with thinking for %s', async (model) => {
    const request = { messages: 'x', tools, toolChoice: 'required', reasoning: 'low' } as const
    expect(await bodyOf(request, model)).toMatchObject({
      tool_choice: { type: 'any' },
      thinking: { type: 'adaptive' },
    })
  })
})

describe('the beginning of an answer', () => {
  const messages = ['x', { role: 'assistant' as const, content: 'Once upon ' }]

  it.each([
    ...newest,
    ...alwaysThinking,
    'claude-sonnet-5-5',
    'claude-opus-4-6',
    'claude-sonnet-4-6',
  ])('is not continued by %s', async (model) => {
    expect((await refusalOf({ messages }, model)).code).toBe('unsupported')
    const { body, warnings } = await sentFor({ messages, onUnsupported: 'warn' }, model)
    expect(body.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'x' }] }])
    expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'prefill' }])
  })

  it.each([
    'claude-haiku-4-5',
    'claude-opus-4-5',
    'claude-3-haiku-20240307',
  ])('is continued by %s, while it does not think or fill a schema', async (model) => {
    expect((await bodyOf({ messages }, model)).messages).toHaveLength(2)
    const more: Partial<ChatRequest>[] =
      model === 'claude-3-haiku-20240307'
        ? []
        : [{ reasoning: 'low' }, { output: { schema: { type: 'object', properties: {} } } }]
    for (const request of more)
      expect((await refusalOf({ messages, ...request }, model)).code).toBe('unsupported')
  })

  it('is not what a paused turn of server-side tools is', async () => {
    const data = { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} }
    const paused = {
      role: 'assistant' as const,
      content: [
        { type: 'text' as const, text: 'I search.' },
        { type: 'provider-block' as const, kind: data.type, opaque: { provider: 'claude', data } },
      ],
    }
    expect((await bodyOf({ messages: ['x', paused] }, 'claude-opus-5-5')).messages).toHaveLength(2)
  })
})

describe('the length of an answer', () => {
  it.each([
    ['claude-3-haiku-20240307', 4_096],
    ['claude-haiku-4-5', 64_000],
    ['claude-opus-4-1', 32_000],
    ['claude-opus-4-6', 128_000],
    ['claude-fable-5-2', 128_000],
  ])('of %s is at most %i tokens', async (model, most) => {
    expect(await bodyOf({ messages: 'x' }, model)).toMatchObject({ max_tokens: most })
    expect(await bodyOf({ messages: 'x', maxOutputTokens: most }, model)).toMatchObject({ max_tokens: most })
    expect(await refusalOf({ maxOutputTokens: most + 1 }, model)).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(String(most)),
    })
    const { body } = await sentFor({ maxOutputTokens: most + 1, onUnsupported: 'warn' }, model)
    expect(body.max_tokens).toBe(most)
  })
})

it.each([
  ['claude-opus-4-20250514', 32_000],
  ['claude-opus-4@20250514', 32_000],
  ['us.anthropic.claude-opus-4-6-v1:0', 128_000],
  ['anthropic/claude-opus-4.5', 64_000],
  ['claude-3-5-sonnet-latest', 8_192],
])('the name %s is read as on every platform', (model, maxOutput) => {
  expect(rulesFor(model)).toMatchObject({ isKnown: true, maxOutput })
})

it.each([
  'claude-opus-5-6',
  'claude-opus-4-9',
  'claude-sonnet-6',
  'claude-fable-5-10',
  'kimi-k2',
  'opus-5',
])('an unknown model is tried: %s', async (model) => {
  expect(rulesFor(model).isKnown).toBe(false)
  const request = {
    messages: 'x',
    temperature: 0.5,
    maxOutputTokens: 200_000,
    tools,
    toolChoice: 'required' as const,
  }
  expect(await bodyOf(request, model)).toMatchObject({ temperature: 0.5, max_tokens: 200_000 })
})

it('the service tells of its models what it lists', async () => {
  const server = await serve(
    json({
      data: [
        {
          id: 'claude-x',
          display_name: 'X',
          max_input_tokens: 1_000_000,
          max_tokens: 128_000,
          retires_at: '2027-01-22T00:00:00Z',
          capabilities: { image_input: { supported: true }, thinking: { supported: false } },
        },
      ],
    }),
  )
  expect(await claude('claude-x', { ...options, baseURL: server.url }).models()).toEqual([
    {
      id: 'claude-x',
      name: 'X',
      contextWindow: 1_000_000,
      maxOutput: 128_000,
      endOfLife: '2027-01-22',
      capabilities: { vision: true, files: 'unknown', json: 'unknown', reasoning: false },
    },
  ])
})

it('the end of a model is known without the list, and the list knows better', async () => {
  const data = [{ id: 'claude-opus-4-5' }, { id: 'claude-sonnet-4-5', retires_at: '2027-05-01T00:00:00Z' }]
  const server = await serve(json({ data: [...data, { id: 'claude-opus-5' }] }))
  const provider = claude('claude-opus-4-5', { ...options, baseURL: server.url })
  expect((await provider.capabilities()).endOfLife).toBe('2027-01-22')
  expect((await provider.models()).map(({ endOfLife }) => endOfLife)).toEqual([
    ...['2027-01-22', '2027-05-01', undefined],
  ])
})

it('counting tokens leaves out what only an answer needs', async () => {
  const server = await serve(json({ input_tokens: 1 }))
  await claude('claude-haiku-4-5', { ...options, baseURL: server.url }).countTokens({
    messages: 'x',
    temperature: 0.5,
    stop: ['END'],
    maxOutputTokens: 9,
    reasoning: 'off',
    providerOptions: { claude: { metadata: { user_id: 'u' }, service_tier: 'auto' } },
  })
  expect(Object.keys(server.requests[0]?.json as object)).toEqual(['model', 'messages'])
})

it('all requests of a batch go by the version that has the options of one of them', async () => {
  const server = await serve(json({ id: 'b', processing_status: 'in_progress' }))
  const { batches } = claude('claude-haiku-4-5', { ...options, baseURL: server.url })
  await batches.submit(['x', { messages: 'x', temperature: 0 }])
  expect(server.requests[0]?.headers['anthropic-version']).toBe('2023-06-01')
})
