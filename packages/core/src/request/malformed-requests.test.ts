// Malformed requests: each is repaired with a warning, or refused with the path of the mistake.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { prepare } from './prepare.js'

const half = 'x\uD800'
const whole = 'x\uFFFD'
const schema = { type: 'object', properties: { [half]: { description: half } }, required: [half] }

it.each(['tool-call', 'tool-result'])('a very long id in a %s is refused with its path', async (type) => {
  const part = { type, id: 'i'.repeat(65_537), name: 't', input: {}, output: 'x' }
  const role = type === 'tool-call' ? 'assistant' : 'tool'
  await expect(prepare([{ role, content: [part] }, 'x'] as never, {}, 'p')).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('messages[0].content[0].id must have at most 65536 characters'),
  })
})

describe('halves of characters', () => {
  it('are repaired wherever a request holds text, in copies', async () => {
    const request = {
      system: half,
      messages: [
        { role: 'user', content: [{ type: 'image', url: `https://example.com/${half}` }] },
        { role: 'user', content: [{ type: 'file', data: 'AQID', mediaType: 'application/pdf', name: half }] },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: half, citations: [{ title: half }] },
            { type: 'reasoning', text: half },
            { type: 'refusal', text: half },
            { type: 'tool-call', id: half, name: half, input: { [half]: [half, { a: half }], b: '\\ud800' } },
          ],
        },
        {
          role: 'tool',
          content: [{ type: 'tool-result', id: half, output: [{ type: 'text', text: half }] }],
        },
      ],
      tools: [{ name: 'f', description: half, input: schema }],
      output: { schema, name: half },
      stop: [half],
    }
    const before = structuredClone(request)
    const { chat, warnings } = await prepare(request as never, {}, 'p')
    expect(request).toEqual(before)
    JSON.stringify(chat, (key, value) => {
      for (const text of [key, value]) if (typeof text === 'string') expect(text.isWellFormed()).toBe(true)
      return value
    })
    expect(chat).toMatchObject({
      tools: [{ description: whole, schema: { required: [whole] } }],
      output: { name: whole },
      stop: [whole],
    })
    expect(chat.messages[3]?.content[3]).toMatchObject({
      name: whole,
      input: { [whole]: [whole, { a: whole }], b: '\\ud800' },
    })
    expect(warnings.filter(({ feature }) => feature === 'unicode')).toHaveLength(1)
  })

  it('in the state of a provider are its own business', async () => {
    const opaque = { provider: 'p', data: { half } }
    const { chat } = await prepare(
      ['a', { role: 'assistant', content: [{ type: 'provider-block', kind: 'k', opaque }] }, 'b'],
      {},
      'p',
    )
    expect(chat.messages[1]?.content[0]).toMatchObject({ opaque })
  })
})

const circle: Record<string, unknown> = {}
circle.self = circle
const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)
const called = (input: unknown) => ({
  messages: [
    'x',
    { role: 'assistant', content: [{ type: 'tool-call', id: 'a', name: 'f', input }] },
    { role: 'tool', content: [{ type: 'tool-result', id: 'a', output: 'y' }] },
  ],
})

it.each<[string, unknown, string]>([
  ['an input with a big number', called({ a: 10n }), 'messages[1].content[0].input'],
  ['an input in a circle', called(circle), 'messages[1].content[0].input'],
  ['an input without end', called(deep), 'messages[1].content[0].input'],
  [
    'an input that throws',
    called({
      toJSON() {
        throw new Error('no')
      },
    }),
    'messages[1].content[0].input',
  ],
  ['a schema in a circle', { messages: 'x', tools: [{ name: 'f', input: circle }] }, 'tools[0].input'],
  ['an output in a circle', { messages: 'x', output: { schema: circle } }, 'output.schema'],
  ['an output with an odd name', { messages: 'x', output: { schema: {}, name: 5 } }, 'output.name'],
  ['tools that are no list', { messages: 'x', tools: { length: 1 } }, 'tools'],
  ['a tool that is none', { messages: 'x', tools: [null] }, 'tools'],
  ['a tool without a name', { messages: 'x', tools: [{ input: {} }] }, 'tools[0].name'],
  [
    'a description that is none',
    { messages: 'x', tools: [{ name: 'f', description: 5, input: {} }] },
    'tools[0].description',
  ],
  [
    'a choice that is none',
    { messages: 'x', tools: [{ name: 'f', input: {} }], toolChoice: 'any' },
    'toolChoice',
  ],
  ['a level nobody knows', { messages: 'x', reasoning: 'huge' }, 'reasoning'],
  [
    'citations that are no list',
    { messages: [{ role: 'user', content: [{ type: 'text', text: 'x', citations: 5 }] }] },
    'messages[0].content[0].citations',
  ],
])('%s is refused by its place', async (_, request, place) => {
  const preparing = (async () => prepare(request as never, {}, 'p'))()
  const error: unknown = await preparing.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'invalid-request' })
  expect((error as Error).message.startsWith(place)).toBe(true)
})

it('takes as many results as there are calls, however many', { timeout: 60_000 }, async () => {
  const ids = Array.from({ length: 130_000 }, (_, index) => `c${index}`)
  const { chat } = await prepare(
    [
      'x',
      { role: 'assistant', content: ids.map((id) => ({ type: 'tool-call', id, name: 'f', input: 1 })) },
      { role: 'tool', content: ids.map((id) => ({ type: 'tool-result', id, output: 'y' })) },
    ],
    {},
    'p',
  )
  expect(chat.messages[2]?.content).toHaveLength(ids.length)
})

it('a part of the package that cannot be loaded is not reported as a mistake of the request', async () => {
  vi.resetModules()
  vi.doMock('./tools.js', () => Promise.reject(new Error('gone')))
  onTestFinished(() => void vi.doUnmock('./tools.js'))
  const { prepare: fresh } = await import('./prepare.js')
  const request = { messages: 'x', tools: [{ name: 'f', input: {} }] }
  await expect(fresh(request, {}, 'p')).rejects.toMatchObject({
    code: 'bad-response',
    message: expect.stringContaining('cannot be loaded'),
  })
})
